package watch_test

import (
	"math"
	"slices"
	"testing"

	"deepskin/internal/watch"
)

// feature returns a feature by its name.
func feature(t *testing.T, name string) watch.Feature {
	t.Helper()
	i := slices.IndexFunc(watch.Features, func(f watch.Feature) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no feature %q", name)
	}
	return watch.Features[i]
}

// The indices come from NumPy, by the formula alone: sum((q - p) * log(q / p)).
func TestDriftAgreesWithIndependentNumbers(t *testing.T) {
	reference := watch.Histogram{0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 8, 22, 43, 51, 92, 97, 133, 168, 102, 102, 74, 42, 30, 19, 7, 4, 0, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		name, feature     string
		reference, photos watch.Histogram
		psi, chance       float64
	}{
		{"none", "brightness", reference, reference, 0, 6 * (1.0/1000 + 1.0/1000)},
		{
			"darker photos", "brightness", reference,
			watch.Histogram{0, 0, 0, 0, 0, 0, 1, 4, 9, 12, 21, 25, 45, 38, 50, 48, 40, 36, 27, 19, 12, 4, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0},
			0.5272672164709103, 0.021,
		},
		{
			"groups without any photo", "brightness", reference,
			watch.Histogram{28: 15, 29: 152, 30: 115, 31: 18},
			5.04495008080021, 0.026,
		},
		{
			"other labels", "label",
			watch.Histogram{600, 300, 80, 20},
			watch.Histogram{100, 130, 30, 40},
			0.4252428839706248, 3 * (1.0/300 + 1.0/1000),
		},
		{
			"nearly all of the reference in a bin", "burnt_out",
			watch.Histogram{990, 10},
			watch.Histogram{280, 20},
			0.11084354282942875, 1.0/300 + 1.0/1000,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, known := feature(t, c.feature).Drift(c.reference, c.photos)
			if !known || math.Abs(got.PSI-c.psi) > 1e-12 || math.Abs(got.Chance-c.chance) > 1e-12 {
				t.Errorf("Drift = %+v, %v; want %v, by chance %v", got, known, c.psi, c.chance)
			}
		})
	}
}

func TestTooFewPhotosTellNothing(t *testing.T) {
	many := watch.Histogram{1000, 1000}
	for name, c := range map[string]struct {
		reference, photos watch.Histogram
		known             bool
	}{
		"enough":              {watch.Histogram{50, 50}, watch.Histogram{100, 100}, true},
		"too few photos":      {many, watch.Histogram{100, 99}, false},
		"too small reference": {watch.Histogram{50, 49}, many, false},
		"nothing":             {nil, nil, false},
		"more bins than ours": {append(many, make(watch.Histogram, watch.Bins)...), many, true},
	} {
		if d, known := feature(t, "ood").Drift(c.reference, c.photos); known != c.known || math.IsNaN(d.PSI) {
			t.Errorf("%s: %+v, %v; want %v", name, d, known, c.known)
		}
	}
}
