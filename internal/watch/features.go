package watch

import (
	"math"

	"deepskin"
)

// Bins is how many bins the histogram of any feature has. It is part of what models and databases
// keep, as are the features' scales: neither may change once it was released.
const Bins = 32

// A Histogram counts photos by the value of a feature: Bins numbers, or none where nothing was counted.
type Histogram []int

// Total returns how many photos were counted.
func (h Histogram) Total() int {
	total := 0
	for _, n := range h {
		total += n
	}
	return total
}

// Add counts all that another histogram counted, and returns the sum.
func (h Histogram) Add(other Histogram) Histogram {
	if h == nil {
		h = make(Histogram, Bins)
	}
	for i, n := range other[:min(len(other), Bins)] {
		h[i] += n
	}
	return h
}

// A Feature is a number that can be had of every photo that the model looked at.
type Feature struct {
	// Name is what databases, model files and metrics call it.
	Name string
	// Title is what people call it.
	Title string
	// value returns the number of an assessment; false where it has none.
	value func(deepskin.Assessment) (float64, bool)
	// The bins are equally wide between low and high once a value is scaled; what is beyond is in
	// the first or the last one.
	scale     func(float64) float64
	low, high float64
	// categories says that the bins have nothing to do with their neighbours.
	categories bool
}

// Features are those that are watched: first what goes in, then what comes out. Nobody changes them.
var Features = []Feature{
	{"brightness", "Brightness", quality(func(q deepskin.Quality) float64 { return q.Brightness }), linear, 0, 256, false},
	{"burnt_out", "Burnt-out part", quality(func(q deepskin.Quality) float64 { return q.BurntOut }), logit, -8, 8, false},
	{"sharpness", "Sharpness", quality(func(q deepskin.Quality) float64 { return q.Sharpness }), doublings, 0, 16, false},
	{"lesion_size", "Size of the lesion in the photo", lesionSize, linear, 0, 1, false},
	{"phone_probability", "Probability of a phone photo", number(func(a deepskin.Assessment) float64 { return a.PhoneProbability }), logit, -12, 12, false},
	{"ood", "Unlike the training lesions (score)", number(func(a deepskin.Assessment) float64 { return a.OOD }), math.Asinh, -5, 5, false},
	{"malignancy", "Malignancy", number(func(a deepskin.Assessment) float64 { return a.Malignancy }), logit, -8, 8, false},
	{"confidence", "Confidence", number(func(a deepskin.Assessment) float64 { return a.Confidence }), logit, -8, 8, false},
	{"label", "Label", labelNumber, linear, 0, Bins, true},
}

// Labels are what becomes of a photo that was looked at, in the order of the bins of the feature "label".
var Labels = []string{string(deepskin.Benign), string(deepskin.Malignant), string(deepskin.Inconclusive), Refused}

// Refused stands beside the labels for photos that could not be judged.
const Refused = "refused"

// LabelOf returns which of the Labels an assessment comes to.
func LabelOf(a deepskin.Assessment) string {
	if a.Refused() {
		return Refused
	}
	return string(a.Label)
}

// Bin returns which bin, from 0, an assessment falls into; false where it lacks the feature.
func (f Feature) Bin(a deepskin.Assessment) (int, bool) {
	value, ok := f.value(a)
	if !ok || math.IsNaN(value) {
		return 0, false
	}
	place := (f.scale(value) - f.low) / (f.high - f.low) * Bins
	return int(min(max(place, 0), Bins-1)), true
}

// Measure adds what an assessment has of each feature to histograms by the features' names. Photos that
// the model did not look at have none.
func Measure(histograms map[string]Histogram, a deepskin.Assessment) {
	if a.Kind == "" {
		return
	}
	for _, f := range Features {
		if bin, ok := f.Bin(a); ok {
			if histograms[f.Name] == nil {
				histograms[f.Name] = make(Histogram, Bins)
			}
			histograms[f.Name][bin]++
		}
	}
}

func number(of func(deepskin.Assessment) float64) func(deepskin.Assessment) (float64, bool) {
	return func(a deepskin.Assessment) (float64, bool) { return of(a), true }
}

// quality is a number of the photo itself, which assessments from before it was kept lack.
func quality(of func(deepskin.Quality) float64) func(deepskin.Assessment) (float64, bool) {
	return func(a deepskin.Assessment) (float64, bool) {
		if a.Quality == nil {
			return 0, false
		}
		return of(*a.Quality), true
	}
}

// lesionSize is the side of a square as large as the box around the lesion, where the photo is one of
// side 1.
func lesionSize(a deepskin.Assessment) (float64, bool) {
	if a.Lesion == nil {
		return 0, false
	}
	width, height := a.Lesion.Right-a.Lesion.Left, a.Lesion.Bottom-a.Lesion.Top
	return math.Sqrt(max(width, 0) * max(height, 0)), true
}

func labelNumber(a deepskin.Assessment) (float64, bool) {
	for i, label := range Labels {
		if label == LabelOf(a) {
			return float64(i), true
		}
	}
	return 0, false
}

func linear(v float64) float64 { return v }

// logit spreads probabilities near 0 and 1 out; it is infinite there.
func logit(v float64) float64 {
	v = min(max(v, 0), 1) // rounded sums may be a little beyond
	return math.Log(v / (1 - v))
}

// doublings is 1 higher for each doubling.
func doublings(v float64) float64 { return math.Log2(1 + v) }
