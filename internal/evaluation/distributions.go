package evaluation

import (
	"deepskin/internal/watch"
)

// rocPoints is about how many points of the ROC curve the JSON keeps: a picture shows no more.
const rocPoints = 100

// keepForWatching fills in what the service is compared with later.
func (r *Report) keepForWatching(s *Set) {
	r.Distributions = map[string]watch.Histogram{}
	for _, p := range s.Photos {
		if p.Assessment.Kind == s.Kind {
			watch.Measure(r.Distributions, p.Assessment)
		}
	}
	r.Curve = thin(r.ROC, rocPoints)
}

// thin leaves out points of a curve, but neither end.
func thin(curve []Point, most int) [][2]float64 {
	var kept [][2]float64
	step := max(1, (len(curve)+most-1)/most)
	for i, p := range curve {
		if i%step == 0 || i == len(curve)-1 {
			kept = append(kept, [2]float64{p.X, p.Y})
		}
	}
	return kept
}

// Wilson returns the 95% interval of a share; all of 0 to 1 where there is nothing that it is a share of.
func Wilson(part, whole int) (low, high float64) {
	if whole == 0 {
		return 0, 1
	}
	return wilson(part, whole)
}
