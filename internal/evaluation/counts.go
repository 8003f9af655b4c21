package evaluation

import (
	"cmp"
	"math"
	"slices"

	"deepskin"
)

// A share is how many of some photos have a property.
type share struct {
	rows []int
	hit  []bool
}

// shareOf takes the photos that belong and asks each whether it has the property.
func shareOf(photos []Photo, rows []int, belongs, has func(Photo) bool) share {
	var s share
	for _, row := range rows {
		if belongs(photos[row]) {
			s.rows, s.hit = append(s.rows, row), append(s.hit, has(photos[row]))
		}
	}
	return s
}

func (s share) value(weights []int) float64 {
	hits, photos := 0, 0
	for i, row := range s.rows {
		photos += weights[row]
		if s.hit[i] {
			hits += weights[row]
		}
	}
	return ratio(hits, photos)
}

// judged reports whether the truth is known and the photo was not refused: those are the photos
// that count where labels are judged.
func judged(p Photo) bool { return p.Truth != nil && !p.Assessment.Refused() }

// called reports whether the label is malignant. An inconclusive one is not.
func called(p Photo) bool { return p.Assessment.Label == deepskin.Malignant }

// f1 is the harmonic mean of precision and sensitivity, from shares of both: hits are true
// positives, and what they do not share are the false ones.
func f1(precision, sensitivity share, weights []int) float64 {
	hits, calls, positives := 0, 0, 0
	for i, row := range precision.rows {
		calls += weights[row]
		if precision.hit[i] {
			hits += weights[row]
		}
	}
	for _, row := range sensitivity.rows {
		positives += weights[row]
	}
	return ratio(2*hits, calls+positives)
}

// diagnoses are in the order of tables.
var diagnoses = []deepskin.Diagnosis{
	deepskin.ActinicKeratosis, deepskin.BasalCellCarcinoma, deepskin.BenignKeratosis,
	deepskin.Dermatofibroma, deepskin.Melanoma, deepskin.MelanocyticNevus, deepskin.VascularLesion,
}

// answers are true and stated diagnoses of photos, as indices of diagnoses.
type answers struct {
	rows         []int
	truth, tells []int
}

// diagnosed takes the photos whose diagnosis is known and for which the classifier has one.
func diagnosed(photos []Photo, rows []int) answers {
	var a answers
	for _, row := range rows {
		p := photos[row]
		if p.Truth == nil {
			continue
		}
		truth, told := slices.Index(diagnoses, p.Truth.Diagnosis), slices.Index(diagnoses, stated(p.Assessment))
		if truth >= 0 && told >= 0 {
			a.rows, a.truth, a.tells = append(a.rows, row), append(a.truth, truth), append(a.tells, told)
		}
	}
	return a
}

// stated returns the diagnosis that the classifier names, or else the likeliest; empty where the
// model was not run.
func stated(a deepskin.Assessment) deepskin.Diagnosis {
	if a.Diagnosis != "" || a.Diagnoses == nil {
		return a.Diagnosis
	}
	return slices.MaxFunc(diagnoses, func(x, y deepskin.Diagnosis) int {
		return cmp.Compare(a.Diagnoses[x], a.Diagnoses[y])
	})
}

func (a answers) confusion(weights []int) [][]int {
	counts := make([][]int, len(diagnoses))
	for i := range counts {
		counts[i] = make([]int, len(diagnoses))
	}
	for i, row := range a.rows {
		counts[a.truth[i]][a.tells[i]] += weights[row]
	}
	return counts
}

func (a answers) accuracy(weights []int) float64 {
	right, photos := 0, 0
	for i, row := range a.rows {
		photos += weights[row]
		if a.truth[i] == a.tells[i] {
			right += weights[row]
		}
	}
	return ratio(right, photos)
}

// balancedAccuracy is the mean sensitivity of the diagnoses that occur.
func (a answers) balancedAccuracy(weights []int) float64 {
	sum, met := 0.0, 0
	for truth, counts := range a.confusion(weights) {
		photos := 0
		for _, n := range counts {
			photos += n
		}
		if photos > 0 {
			sum += ratio(counts[truth], photos)
			met++
		}
	}
	if met == 0 {
		return math.NaN()
	}
	return sum / float64(met)
}
