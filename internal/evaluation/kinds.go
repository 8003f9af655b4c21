package evaluation

import (
	"slices"

	"deepskin"
)

// drawKinds fills in the histogram of kinds, where it is known which of the two the photos are.
func (r *Report) drawKinds(s *Set) {
	if s.Kind != deepskin.Dermoscopy && s.Kind != deepskin.Phone {
		return
	}
	add := func(photos []Photo, isPhone bool) {
		for _, p := range photos {
			if p.Assessment.Kind != "" {
				r.Kinds.add(p.Assessment.PhoneProbability, isPhone)
			}
		}
	}
	add(s.Photos, s.Kind == deepskin.Phone)
	add(s.Others, s.Kind != deepskin.Phone)
}

// kindFigures judge how well dermoscopy and phone photos are told apart, where it is known which
// of the two the photos are; then the others are of the other kind. Photos that the model was not
// run on have no kind and do not count.
func kindFigures(photos []Photo, rows, others []int, kind deepskin.Kind) []estimator {
	known := kind == deepskin.Dermoscopy || kind == deepskin.Phone
	looked := func(p Photo) bool { return p.Assessment.Kind != "" }
	ranking := rank(slices.Concat(rows, others), func(row int) (float64, bool, bool) {
		isPhone := (kind == deepskin.Phone) != (row >= len(rows))
		return photos[row].Assessment.PhoneProbability, isPhone, known && looked(photos[row])
	})
	right := shareOf(photos, rows, func(p Photo) bool { return known && looked(p) },
		func(p Photo) bool { return p.Assessment.Kind == kind })
	closer := shareOf(photos, rows, looked, func(p Photo) bool { return p.Assessment.Closer })
	return []estimator{
		{"kind_auc", len(ranking.rows), ranking.auc},
		{"kind_right", len(right.rows), right.value},
		{"closer", len(closer.rows), closer.value},
	}
}
