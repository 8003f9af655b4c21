package deepskin_test

import (
	"math"
	"testing"

	"deepskin"
)

func TestReviewPriority(t *testing.T) {
	judged := func(label deepskin.Label, malignancy, ood float64) deepskin.Assessment {
		return deepskin.Assessment{
			Label: label, Malignancy: malignancy, Diagnoses: map[deepskin.Diagnosis]float64{deepskin.Melanoma: malignancy},
			Threshold: 0.2, OOD: ood, OODLimit: 1,
		}
	}
	const usual = -1000
	for name, test := range map[string]struct {
		a     deepskin.Assessment
		truth deepskin.Truth
		want  float64
	}{
		"sure of benign, and it was malignant":   {judged(deepskin.Benign, 0, usual), deepskin.TruthMalignant, 1},
		"sure of malignant, and it was benign":   {judged(deepskin.Malignant, 0.95, usual), deepskin.TruthBenign, 1 - (1-0.9)*(1-0.0625*0.0625)},
		"sure of malignant, and it was not that": {judged(deepskin.Malignant, 1, usual), deepskin.TruthUnknown, 1},
		"sure of benign, and it was not that":    {judged(deepskin.Benign, 0, usual), "", 1},
		"sure, and right":                        {judged(deepskin.Benign, 0, usual), deepskin.TruthBenign, 0},
		"unsure, and said so":                    {judged(deepskin.Inconclusive, 1, usual), deepskin.TruthUnknown, 0},
		"at the threshold":                       {judged(deepskin.Malignant, 0.2, usual), deepskin.TruthBenign, 1},
		"half-way below the threshold":           {judged(deepskin.Benign, 0.1, usual), deepskin.TruthBenign, 0.25},
		"half-way above the threshold":           {judged(deepskin.Malignant, 0.6, usual), deepskin.TruthMalignant, 0.25},
		"at the limit":                           {judged(deepskin.Benign, 0, 1), deepskin.TruthBenign, 1},
		"beyond the limit":                       {judged(deepskin.Benign, 0, 5), deepskin.TruthBenign, 1},
		"below the limit":                        {judged(deepskin.Benign, 0, -1), deepskin.TruthBenign, math.Exp(-2)},
		"two reasons":                            {judged(deepskin.Benign, 0.1, 0), deepskin.TruthBenign, 1 - 0.75*(1-math.Exp(-1))},
		"the model was not run":                  {deepskin.Assessment{Label: deepskin.Inconclusive}, deepskin.TruthMalignant, 0},
		"from before there were thresholds": {
			deepskin.Assessment{Label: deepskin.Benign, Malignancy: 0.1, Diagnoses: map[deepskin.Diagnosis]float64{}, OOD: 9},
			deepskin.TruthMalignant, 0.8,
		},
	} {
		if got := deepskin.ReviewPriority(test.a, deepskin.Verdict{Truth: test.truth}); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
