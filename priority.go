package deepskin

import "math"

// ReviewPriority says how much the review of an answer will teach, 0 to 1, by what the sender says of
// it. Each of three reasons, 0 to 1, is enough by itself, and several add up:
//
//	priority = 1 - (1 - wrong) x (1 - near) x (1 - unusual)
//
// Wrong is how sure the model was of what the sender denies: from 0 at a probability of one half up to
// 1 at certainty. Near is the square of how near the malignancy m lies to the threshold t that decides:
// m/t below it and (1-m)/(1-t) above. Unusual compares the odds that this is no lesion with those at
// which the photo would have been refused: exp(OOD - OODLimit), and 1 beyond.
//
// It is zero where the model was not run. An assessment without a threshold is neither near nor
// unusual.
func ReviewPriority(a Assessment, v Verdict) float64 {
	if a.Diagnoses == nil {
		return 0
	}
	wrong := math.Max(0, 2*denied(a, v.Truth)-1)
	near, unusual := 0.0, 0.0
	if t := a.Threshold; t > 0 && t < 1 {
		near = math.Pow(math.Min(a.Malignancy/t, (1-a.Malignancy)/(1-t)), 2)
		unusual = math.Exp(math.Min(0, a.OOD-a.OODLimit))
	}
	return 1 - (1-wrong)*(1-near)*(1-unusual)
}

// denied is the probability that the model gave to what the sender says is wrong: the opposite of what
// they know, or else the label.
func denied(a Assessment, truth Truth) float64 {
	switch {
	case truth == TruthMalignant:
		return 1 - a.Malignancy
	case truth == TruthBenign:
		return a.Malignancy
	case a.Label == Malignant:
		return a.Malignancy
	case a.Label == Benign:
		return 1 - a.Malignancy
	default:
		return 0 // the answer claimed nothing
	}
}
