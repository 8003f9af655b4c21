package evaluation

import (
	"math"
	"slices"

	"deepskin"
)

// An estimator computes one figure from how often each photo counts.
type estimator struct {
	name    string
	photos  int
	compute func(weights []int) float64
}

// titles are the figures in the order of tables, with their names in words.
var titles = []struct{ name, title string }{
	{"malignant_auc", "malignant against benign, AUC"},
	{"melanoma_auc", "melanoma against the rest, AUC"},
	{"cancer_auc", "cancer against nevus and keratosis, AUC"},
	{"average_precision", "malignant: average precision"},
	{"sensitivity_at_90_specificity", "sensitivity at 90 % specificity"},
	{"sensitivity_at_95_specificity", "sensitivity at 95 % specificity"},
	{"specificity_at_90_sensitivity", "specificity at 90 % sensitivity"},
	{"specificity_at_95_sensitivity", "specificity at 95 % sensitivity"},
	{"sensitivity", "sensitivity (recall) of the label"},
	{"specificity", "specificity of the label"},
	{"precision", "precision of the label"},
	{"accuracy", "accuracy of the label"},
	{"f1", "F1 of the label"},
	{"cancers_called_benign", "cancers labelled benign"},
	{"inconclusive", "inconclusive, though not refused"},
	{"diagnosis_accuracy", "accuracy over seven diagnoses"},
	{"balanced_accuracy", "balanced accuracy over seven diagnoses"},
	{"calibration_error", "calibration error of the malignancy"},
	{"refused", "refused"},
	{"malignant_refused", "malignant, but refused"},
	{"kind_auc", "dermoscopy told from phone photos, AUC"},
	{"kind_right", "kind of photo named rightly"},
	{"closer", "looked at again, closer"},
	{"pointing_game", "grid's peak on the lesion (pointing game)"},
	{"middle_on_lesion", "for comparison: photo's middle on the lesion"},
	{"evidence_on_lesion", "share of the grid's weight on the lesion"},
	{"lesion_area", "for comparison: lesion's share of the photo"},
	{"lesion_overlap", "box found against the lesion's (IoU)"},
}

// groupFigures are those that are computed by group.
var groupFigures = []string{"malignant_auc", "sensitivity", "specificity", "refused"}

// names returns the names of all figures.
func names() []string {
	var names []string
	for _, t := range titles {
		names = append(names, t.name)
	}
	return names
}

// titleOf returns a figure's name in words; empty if there is no such figure.
func titleOf(name string) string {
	i := slices.Index(names(), name)
	if i < 0 {
		return ""
	}
	return titles[i].title
}

// everyFigure prepares all figures of the photos, in the order of tables; others are the rows of
// the photos of the other kind.
func everyFigure(photos []Photo, rows, others []int, kind deepskin.Kind) []estimator {
	return choose(names(), slices.Concat(scoreFigures(photos, rows), labelFigures(photos, rows),
		kindFigures(photos, rows, others, kind), explanationFigures(photos, rows)))
}

// figuresOfGroup prepares the figures that are computed by group, in their order.
func figuresOfGroup(photos []Photo, rows []int) []estimator {
	return choose(groupFigures, slices.Concat(scoreFigures(photos, rows), labelFigures(photos, rows)))
}

// choose returns the wanted ones, in the order wanted.
func choose(wanted []string, all []estimator) []estimator {
	var chosen []estimator
	for _, name := range wanted {
		i := slices.IndexFunc(all, func(e estimator) bool { return e.name == name })
		chosen = append(chosen, all[i])
	}
	return chosen
}

// scoreFigures judge the model's numbers, also those of photos that were refused.
func scoreFigures(photos []Photo, rows []int) []estimator {
	malignant, melanoma, cancers := rankByMalignancy(photos, rows), rankByMelanoma(photos, rows), rankCancers(photos, rows)
	sensitivityAt := func(specificity float64) func([]int) float64 {
		return func(weights []int) float64 { return malignant.sensitivityAt(specificity, weights) }
	}
	specificityAt := func(sensitivity float64) func([]int) float64 {
		return func(weights []int) float64 { return malignant.specificityAt(sensitivity, weights) }
	}
	answers, n := diagnosed(photos, rows), len(malignant.rows)
	return []estimator{
		{"malignant_auc", n, malignant.auc},
		{"melanoma_auc", len(melanoma.rows), melanoma.auc},
		{"cancer_auc", len(cancers.rows), cancers.auc},
		{"average_precision", n, malignant.averagePrecision},
		{"sensitivity_at_90_specificity", n, sensitivityAt(0.90)},
		{"sensitivity_at_95_specificity", n, sensitivityAt(0.95)},
		{"specificity_at_90_sensitivity", n, specificityAt(0.90)},
		{"specificity_at_95_sensitivity", n, specificityAt(0.95)},
		{"diagnosis_accuracy", len(answers.rows), answers.accuracy},
		{"balanced_accuracy", len(answers.rows), answers.balancedAccuracy},
		{"calibration_error", n, malignant.calibrationError},
	}
}

// labelFigures judge what users are told, so they leave refused photos out.
func labelFigures(photos []Photo, rows []int) []estimator {
	malignant := func(p Photo) bool { return p.Truth.Malignant }
	refused := func(p Photo) bool { return p.Assessment.Refused() }
	sensitivity := shareOf(photos, rows, func(p Photo) bool { return judged(p) && malignant(p) }, called)
	precision := shareOf(photos, rows, func(p Photo) bool { return judged(p) && called(p) }, malignant)
	named := func(name string, s share) estimator { return estimator{name, len(s.rows), s.value} }
	accuracy := named("accuracy", shareOf(photos, rows, judged,
		func(p Photo) bool { return called(p) == malignant(p) }))
	return []estimator{
		named("sensitivity", sensitivity),
		named("specificity", shareOf(photos, rows,
			func(p Photo) bool { return judged(p) && !malignant(p) },
			func(p Photo) bool { return !called(p) })),
		named("precision", precision),
		accuracy,
		{"f1", accuracy.photos, func(weights []int) float64 { return f1(precision, sensitivity, weights) }},
		named("cancers_called_benign", shareOf(photos, rows,
			func(p Photo) bool { return judged(p) && p.Truth.isCancer() },
			func(p Photo) bool { return p.Assessment.Label == deepskin.Benign })),
		named("inconclusive", shareOf(photos, rows, judged,
			func(p Photo) bool { return p.Assessment.Label == deepskin.Inconclusive })),
		named("refused", shareOf(photos, rows, func(Photo) bool { return true }, refused)),
		named("malignant_refused", shareOf(photos, rows,
			func(p Photo) bool { return p.Truth != nil && malignant(p) }, refused)),
	}
}

// defined leaves out the figures without a value or an interval.
func defined(figures []Figure) []Figure {
	return slices.DeleteFunc(slices.Clone(figures), func(f Figure) bool {
		return math.IsNaN(f.Value) || math.IsNaN(f.Low)
	})
}
