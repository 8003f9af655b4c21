package evaluation

import (
	"math"

	"deepskin"
)

// An Explanation says how well what an assessment points at agrees with where the lesion lies. A
// number is NaN where the assessment has nothing to compare.
type Explanation struct {
	// Hit is 1 where the activation grid is greatest on the lesion, and else 0, as also for a
	// grid that is empty.
	Hit float64
	// Share is how much of the grid's weight lies on the lesion, 0 to 1; 0 for an empty grid.
	Share float64
	// Middle is 1 where the photo's middle shows the lesion, and else 0, and Area is the lesion's
	// share of the photo: what Hit and Share would be if nobody looked at the photo.
	Middle, Area float64
	// Overlap is the intersection over union of the stated box and that around the lesion, 0 to 1.
	Overlap float64
}

// explain holds an assessment to the mask of its photo.
func (m *mask) explain(a deepskin.Assessment) Explanation {
	e := Explanation{Hit: math.NaN(), Share: math.NaN(), Overlap: math.NaN()}
	e.Middle, e.Area = m.blindly()
	if a.Grid != nil {
		e.Hit, e.Share = m.holds(enlarge(*a.Grid, m.width, m.height))
	}
	if a.Lesion != nil {
		e.Overlap = overlap(*a.Lesion, m.box())
	}
	return e
}

// holds returns 1 if the field's greatest value lies on the lesion, else 0, and the lesion's share
// of all values, which are not negative.
func (m *mask) holds(field []float64) (hit, share float64) {
	peak, whole, inside := 0, 0.0, 0.0
	for i, v := range field {
		if v > field[peak] {
			peak = i
		}
		whole += v
		if m.lesion[i] {
			inside += v
		}
	}
	if whole == 0 {
		return 0, 0
	}
	if m.lesion[peak] {
		hit = 1
	}
	return hit, inside / whole
}

// blindly returns 1 if the middle of the picture shows the lesion, else 0, and the share of the
// picture that does.
func (m *mask) blindly() (middle, area float64) {
	pixels := 0
	for _, isLesion := range m.lesion {
		if isLesion {
			pixels++
		}
	}
	if m.lesion[m.height/2*m.width+m.width/2] {
		middle = 1
	}
	return middle, ratio(pixels, len(m.lesion))
}

// overlap is the intersection of two boxes over their union; 0 where both are empty.
func overlap(a, b deepskin.Box) float64 {
	area := func(b deepskin.Box) float64 { return max(b.Right-b.Left, 0) * max(b.Bottom-b.Top, 0) }
	common := area(deepskin.Box{
		Left: max(a.Left, b.Left), Top: max(a.Top, b.Top), Right: min(a.Right, b.Right), Bottom: min(a.Bottom, b.Bottom),
	})
	if common == 0 {
		return 0
	}
	return common / (area(a) + area(b) - common)
}

// explanationFigures judge where the model looked, on photos with a mask.
func explanationFigures(photos []Photo, rows []int) []estimator {
	named := func(name string, ask func(Explanation) float64) estimator {
		m := meanOf(photos, rows, ask)
		return estimator{name, len(m.rows), m.value}
	}
	return []estimator{
		named("pointing_game", func(e Explanation) float64 { return e.Hit }),
		named("middle_on_lesion", func(e Explanation) float64 { return e.Middle }),
		named("evidence_on_lesion", func(e Explanation) float64 { return e.Share }),
		named("lesion_area", func(e Explanation) float64 { return e.Area }),
		named("lesion_overlap", func(e Explanation) float64 { return e.Overlap }),
	}
}

// A mean is a number of some photos.
type mean struct {
	rows   []int
	values []float64
}

// meanOf takes the photos with an explanation of which the number is defined.
func meanOf(photos []Photo, rows []int, ask func(Explanation) float64) mean {
	var m mean
	for _, row := range rows {
		if e := photos[row].Explanation; e != nil && !math.IsNaN(ask(*e)) {
			m.rows, m.values = append(m.rows, row), append(m.values, ask(*e))
		}
	}
	return m
}

func (m mean) value(weights []int) float64 {
	sum, photos := 0.0, 0
	for i, row := range m.rows {
		sum += float64(weights[row]) * m.values[i]
		photos += weights[row]
	}
	if photos == 0 {
		return math.NaN()
	}
	return sum / float64(photos)
}
