package evaluation

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"deepskin"
)

// A ranking holds photos from the lowest score to the highest, so that whatever depends on a
// threshold takes one pass. Its methods take how often each photo of the set counts, by index:
// once, or as often as a bootstrap round drew it. They return NaN for what is not defined.
//
// gonum's stat has a ROC too, but no precision-recall curve, and wants the weighted photos in
// order for every round.
type ranking struct {
	rows     []int // indices of photos
	scores   []float64
	positive []bool
}

// rank sorts those rows for which ask returns a score; equal scores stay in their order.
func rank(rows []int, ask func(row int) (score float64, positive, ok bool)) ranking {
	type entry struct {
		row      int
		score    float64
		positive bool
	}
	var entries []entry
	for _, row := range rows {
		if score, positive, ok := ask(row); ok {
			entries = append(entries, entry{row, score, positive})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.score, b.score) })
	var r ranking
	for _, e := range entries {
		r.rows, r.scores, r.positive = append(r.rows, e.row), append(r.scores, e.score), append(r.positive, e.positive)
	}
	return r
}

// rankKnown ranks those photos whose truth is known and which the model judged.
func rankKnown(photos []Photo, rows []int, ask func(Photo) (score float64, positive, ok bool)) ranking {
	return rank(rows, func(row int) (float64, bool, bool) {
		if photos[row].Truth == nil || photos[row].Assessment.Diagnoses == nil {
			return 0, false, false
		}
		return ask(photos[row])
	})
}

func rankByMalignancy(photos []Photo, rows []int) ranking {
	return rankKnown(photos, rows, func(p Photo) (float64, bool, bool) {
		return p.Assessment.Malignancy, p.Truth.Malignant, true
	})
}

// rankByMelanoma ranks melanomas against all other diagnoses.
func rankByMelanoma(photos []Photo, rows []int) ranking {
	return rankKnown(photos, rows, func(p Photo) (float64, bool, bool) {
		return p.Assessment.Diagnoses[deepskin.Melanoma], p.Truth.Diagnosis == deepskin.Melanoma, p.Truth.Diagnosis != ""
	})
}

// rankCancers ranks stated cancers against nevi and benign keratoses, and leaves all others out.
func rankCancers(photos []Photo, rows []int) ranking {
	return rankKnown(photos, rows, func(p Photo) (float64, bool, bool) {
		cancer := p.Truth.Cancer != nil && *p.Truth.Cancer
		harmless := p.Truth.Cancer != nil && !cancer &&
			(p.Truth.Diagnosis == deepskin.MelanocyticNevus || p.Truth.Diagnosis == deepskin.BenignKeratosis)
		return p.Assessment.Malignancy, cancer, cancer || harmless
	})
}

// points yields how many positives and negatives lie at or above each threshold, from none down
// to all. Equal scores fall together.
func (r ranking) points(weights []int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		positives, negatives := 0, 0
		if !yield(0, 0) {
			return
		}
		for i, row := range slices.Backward(r.rows) {
			if r.positive[i] {
				positives += weights[row]
			} else {
				negatives += weights[row]
			}
			last := i == 0 || r.scores[i-1] != r.scores[i]
			if last && !yield(positives, negatives) {
				return
			}
		}
	}
}

func (r ranking) totals(weights []int) (positives, negatives int) {
	for i, row := range r.rows {
		if r.positive[i] {
			positives += weights[row]
		} else {
			negatives += weights[row]
		}
	}
	return positives, negatives
}

// auc is the area under the ROC curve: the share of pairs of a positive and a negative photo in
// which the positive one has the higher score, ties counting half.
func (r ranking) auc(weights []int) float64 {
	twice, tp, fp := 0, 0, 0
	for positives, negatives := range r.points(weights) {
		twice += (negatives - fp) * (positives + tp)
		tp, fp = positives, negatives
	}
	return ratio(twice, 2*tp*fp)
}

// averagePrecision is the mean precision over the positives.
func (r ranking) averagePrecision(weights []int) float64 {
	sum, tp := 0.0, 0
	for positives, negatives := range r.points(weights) {
		if positives > tp {
			sum += float64(positives-tp) * ratio(positives, positives+negatives)
			tp = positives
		}
	}
	if tp == 0 {
		return math.NaN()
	}
	return sum / float64(tp)
}

// margin keeps a rate that is exactly the wanted one from being missed by rounding.
const margin = 1e-9

// sensitivityAt is the highest sensitivity of a threshold with at least that specificity.
func (r ranking) sensitivityAt(specificity float64, weights []int) float64 {
	positives, negatives := r.totals(weights)
	if positives == 0 || negatives == 0 {
		return math.NaN()
	}
	best := 0
	for tp, fp := range r.points(weights) {
		if ratio(fp, negatives) > 1-specificity+margin {
			break
		}
		best = tp
	}
	return ratio(best, positives)
}

// specificityAt is the highest specificity of a threshold with at least that sensitivity.
func (r ranking) specificityAt(sensitivity float64, weights []int) float64 {
	positives, negatives := r.totals(weights)
	if positives == 0 || negatives == 0 {
		return math.NaN()
	}
	for tp, fp := range r.points(weights) {
		if ratio(tp, positives) >= sensitivity-margin {
			return ratio(negatives-fp, negatives)
		}
	}
	return 0
}

func (r ranking) roc(weights []int) []Point {
	positives, negatives := r.totals(weights)
	if positives == 0 || negatives == 0 {
		return nil
	}
	var curve []Point
	for tp, fp := range r.points(weights) {
		curve = append(curve, Point{ratio(fp, negatives), ratio(tp, positives)})
	}
	return curve
}

// precisionRecall begins, as is usual, with precision 1 where nothing is called positive.
func (r ranking) precisionRecall(weights []int) []Point {
	positives, _ := r.totals(weights)
	if positives == 0 {
		return nil
	}
	curve := []Point{{0, 1}}
	for tp, fp := range r.points(weights) {
		if tp+fp > 0 {
			curve = append(curve, Point{ratio(tp, positives), ratio(tp, tp+fp)})
		}
	}
	return curve
}

// ratio is NaN where both are zero.
func ratio(part, whole int) float64 { return float64(part) / float64(whole) }
