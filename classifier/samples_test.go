package classifier_test

import (
	"slices"
	"testing"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
)

// Drawn photos stand in for real ones in the demonstration, so the model must take them for what
// it knows. It refuses about one real lesion in a hundred, and may refuse a drawn one.
func TestSamplesPassTheModelsOwnChecks(t *testing.T) {
	c := open(t, classifier.Config{})
	var refused []uint64
	const photos = 24
	for seed := range uint64(photos) {
		a, err := c.Assess(t.Context(), jpegOf(t, sample.Photo(seed, sample.Options{Width: 240, Height: 180})))
		if err != nil {
			t.Fatal(err)
		}
		if a.Refused() {
			t.Logf("seed %d: %v, ood %.1f of %.1f", seed, a.Problems, a.OOD, c.Info().Thresholds[a.Kind].OOD)
			refused = append(refused, seed)
		}
	}
	if len(refused) > photos/12 {
		t.Errorf("%d of %d refused: seeds %v", len(refused), photos, refused)
	}
}

func TestFaultySamplesAreRefused(t *testing.T) {
	c := open(t, classifier.Config{})
	faults := map[sample.Fault]deepskin.Problem{sample.Blurred: deepskin.Blurred, sample.Dark: deepskin.TooDark}
	for fault, want := range faults {
		for seed := range uint64(4) {
			photo := sample.Photo(seed, sample.Options{Width: 240, Height: 180, Fault: fault})
			a, err := c.Assess(t.Context(), jpegOf(t, photo))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(a.Problems, want) {
				t.Errorf("seed %d, %s: problems = %v", seed, fault, a.Problems)
			}
		}
	}
}

func TestLandscapeIsNotALesion(t *testing.T) {
	a, err := open(t, classifier.Config{}).Assess(t.Context(), jpegOf(t, sample.Landscape(320, 240)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Problems, []deepskin.Problem{deepskin.NotALesion}) || a.Label != deepskin.Inconclusive {
		t.Errorf("got %s, %v, want it refused as no lesion", a.Label, a.Problems)
	}
}
