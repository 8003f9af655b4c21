package watch_test

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/watch"
)

func TestPercentiles(t *testing.T) {
	times := watch.Times{}
	if got := times.Percentile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for i := range 1000 {
		times.Add(time.Duration(i+1) * 10 * time.Millisecond)
	}
	for share, want := range map[float64]time.Duration{0.5: 5 * time.Second, 0.95: 9500 * time.Millisecond, 0.99: 9900 * time.Millisecond, 1: 10 * time.Second} {
		if got := times.Percentile(share); math.Abs(got.Seconds()/want.Seconds()-1) > 0.02 {
			t.Errorf("%v of them take up to %v, want %v to within 2%%", share, got, want)
		}
	}
	if got := (watch.Times{}); got.Total() != 0 || times.Total() != 1000 {
		t.Errorf("totals %d and %d, want 0 and 1000", got.Total(), times.Total())
	}
}

func TestBins(t *testing.T) {
	seen := deepskin.Assessment{
		Label: deepskin.Malignant, Kind: deepskin.Phone, Malignancy: 0.5, Confidence: 1, PhoneProbability: 1.0000001, OOD: -1e9,
		Lesion:  &deepskin.Box{Left: 0.25, Top: 0, Right: 0.5, Bottom: 1},
		Quality: &deepskin.Quality{Side: 1000, Brightness: 255, BurntOut: 0, Sharpness: 15},
	}
	want := map[string]int{
		"brightness": 31, "burnt_out": 0, "sharpness": 8, "lesion_size": 16, "phone_probability": 31,
		"ood": 0, "malignancy": 16, "confidence": 31, "label": 1,
	}
	got := map[string]int{}
	for _, f := range watch.Features {
		if bin, ok := f.Bin(seen); ok {
			got[f.Name] = bin
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("bins %v, want %v", got, want)
	}

	// Assessments from before the quality was kept lack it, and those of photos that no model looked at all.
	old := seen
	old.Quality, old.Malignancy = nil, math.NaN()
	histograms := map[string]watch.Histogram{}
	watch.Measure(histograms, old)
	for _, name := range []string{"brightness", "burnt_out", "sharpness", "malignancy"} {
		if histograms[name] != nil {
			t.Errorf("%s was counted", name)
		}
	}
	if len(histograms) != len(want)-4 {
		t.Errorf("%d features, want %d", len(histograms), len(want)-4)
	}
	histograms = map[string]watch.Histogram{}
	watch.Measure(histograms, deepskin.Assessment{Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.Empty}})
	if len(histograms) != 0 {
		t.Errorf("a photo that could not be read was counted: %v", histograms)
	}
}

// Counted at once or in parts, kept as JSON or not: a day is the same.
func TestDaysAddUp(t *testing.T) {
	seen := []watch.Seen{
		{Platform: "web", Status: deepskin.Answered, Took: time.Second, Assessment: &deepskin.Assessment{
			Label: deepskin.Benign, Kind: deepskin.Phone, Model: "m1", Quality: &deepskin.Quality{Brightness: 100},
		}},
		{Platform: "web", Status: deepskin.Answered, Took: 3 * time.Second, Assessment: &deepskin.Assessment{
			Label: deepskin.Inconclusive, Kind: deepskin.Phone, Model: "m1", Problems: []deepskin.Problem{deepskin.Blurred, deepskin.TooDark},
		}},
		{Platform: "telegram", Status: deepskin.Answered, Took: time.Second, Assessment: &deepskin.Assessment{
			Label: deepskin.Malignant, Kind: deepskin.Dermoscopy, Model: "m2",
		}},
		{Platform: "telegram", Status: deepskin.Failed},
		{Platform: "telegram", Status: deepskin.Expired},
		{Platform: "telegram", Status: deepskin.Pending},
	}
	var whole, parts watch.Day
	for i, s := range seen {
		whole.Count(s)
		var one watch.Day
		one.Count(s)
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		var read watch.Day
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		parts.Add(read)
		if whole.Photos() != i+1 {
			t.Errorf("%d photos, want %d", whole.Photos(), i+1)
		}
	}
	if !reflect.DeepEqual(whole, parts) {
		t.Errorf("the parts add up to %+v, want %+v", parts, whole)
	}
	if want := map[string]int{"benign": 1, "malignant": 1, "refused": 1, "failed": 1, "expired": 1}; !maps.Equal(whole.Outcomes, want) {
		t.Errorf("outcomes %v, want %v", whole.Outcomes, want)
	}
	if n := whole.Features["m1"][deepskin.Phone]["label"].Total(); n != 2 {
		t.Errorf("%d photos of m1, want 2", n)
	}
}
