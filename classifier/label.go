package classifier

import (
	"slices"

	"deepskin"
)

// state writes the model's numbers into an assessment and, unless the photo has problems, the
// label that they amount to by the thresholds of the photo's kind.
func (i Info) state(a *deepskin.Assessment, out output) {
	kind := out.kind()
	limits := i.Thresholds[kind]
	a.OOD, a.Kind, a.PhoneProbability = out.ood, kind, out.phone
	a.Threshold, a.OODLimit = limits.Malignant, limits.OOD
	a.Lesion, a.Closer = &out.box, out.part != nil
	a.Diagnosis = i.name(out.probabilities, kind)
	a.Diagnoses = make(map[deepskin.Diagnosis]float64, len(i.Labels))
	for n, code := range i.Labels {
		p := out.probabilities[n]
		a.Diagnoses[code] = p
		if i.isMalignant(code) {
			a.Malignancy += p
		}
	}
	a.Malignancy = min(a.Malignancy, 1) // seven rounded numbers may add up to a little more
	benign := 1 - a.Malignancy

	malignantSide := a.Malignancy >= benign
	if !a.Refused() {
		switch {
		case a.Malignancy >= limits.Malignant:
			a.Label, malignantSide = deepskin.Malignant, true
		case a.Malignancy < limits.Benign:
			a.Label, malignantSide = deepskin.Benign, false
		}
	}
	a.Confidence = benign
	if malignantSide {
		a.Confidence = a.Malignancy
	}
	a.Grid = i.evidence(out, malignantSide)
}

// name returns the diagnosis that the picture itself speaks for most; of equals, the first.
func (i Info) name(probabilities []float64, kind deepskin.Kind) deepskin.Diagnosis {
	weighted := make([]float64, len(probabilities))
	for n, p := range probabilities {
		weighted[n] = p * i.Naming[kind][n]
	}
	return i.Labels[slices.Index(weighted, slices.Max(weighted))]
}

func (i Info) isMalignant(code deepskin.Diagnosis) bool { return slices.Contains(i.Malignant, code) }

// evidence returns where in the photo the model saw what speaks for one side: the grids of that
// side's diagnoses, weighted by their probabilities. What speaks against it counts as nothing.
func (i Info) evidence(out output, malignantSide bool) *deepskin.Grid {
	cells := out.rows * out.columns
	values := make([]float32, cells)
	for n, p := range out.probabilities {
		if i.isMalignant(i.Labels[n]) != malignantSide {
			continue
		}
		for c := range values {
			values[c] += float32(p) * out.grids[n*cells+c]
		}
	}
	highest := slices.Max(values)
	for c, v := range values {
		values[c] = 0
		if v > 0 {
			values[c] = v / highest
		}
	}
	return &deepskin.Grid{Rows: out.rows, Columns: out.columns, Values: values, Part: out.part}
}
