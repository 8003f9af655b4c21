package evaluation_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/internal/evaluation"
)

func shippedRules(t *testing.T, kind string) evaluation.Rules {
	t.Helper()
	content, err := os.ReadFile("../../models/gate.json")
	if err != nil {
		t.Fatal(err)
	}
	return readRules(t, string(content), kind)
}

func readRules(t *testing.T, content, kind string) evaluation.Rules {
	t.Helper()
	rules, err := evaluation.ReadRules(strings.NewReader(content), kind)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// noisy is the golden set with answers as a model gives them that sees less: the more noise, the
// worse. Nothing is refused.
func noisy(t *testing.T, noise float64, seed uint64) *evaluation.Set {
	t.Helper()
	set := readGolden(t).set()
	set.Columns, set.Others = nil, nil
	random := rand.New(rand.NewPCG(1, seed))
	for i := range set.Photos {
		a := &set.Photos[i].Assessment
		sum := 0.0
		for _, d := range deepskin.Diagnoses {
			a.Diagnoses[d] = (a.Diagnoses[d] + 0.01) * math.Exp(noise*random.NormFloat64())
			sum += a.Diagnoses[d]
		}
		a.Malignancy, a.Problems, a.Diagnosis = 0, nil, ""
		for d := range a.Diagnoses {
			a.Diagnoses[d] /= sum
		}
		for _, d := range []deepskin.Diagnosis{deepskin.ActinicKeratosis, deepskin.BasalCellCarcinoma, deepskin.Melanoma} {
			a.Malignancy += a.Diagnoses[d]
		}
		a.Label = deepskin.Benign
		if a.Malignancy >= 0.3 {
			a.Label = deepskin.Malignant
		}
	}
	return set
}

func judge(t *testing.T, set, other *evaluation.Set, rules evaluation.Rules) evaluation.Outcome {
	t.Helper()
	comparison := against(t, set, other, evaluation.LeastRounds).Against
	if passed := comparison.Judge(rules); passed != comparison.Gate.Passed {
		t.Errorf("it passed: %v, and %v", passed, comparison.Gate.Passed)
	}
	return *comparison.Gate
}

// stoppedBy returns the rules that were not fulfilled.
func stoppedBy(o evaluation.Outcome) (rules []string) {
	for _, check := range o.Checks {
		if !check.Met {
			rules = append(rules, check.Rule+": "+check.Found)
		}
	}
	return rules
}

func TestGateLetsABetterModelThroughAndNoWorseOne(t *testing.T) {
	rules := shippedRules(t, "dermoscopy")
	good, bad := noisy(t, 0.2, 1), noisy(t, 2.5, 2)
	if outcome := judge(t, good, bad, rules); !outcome.Passed || !outcome.Better || len(stoppedBy(outcome)) > 0 {
		t.Errorf("a better model is stopped: %+v", outcome)
	}
	outcome := judge(t, bad, good, rules)
	if outcome.Passed || outcome.Better || len(stoppedBy(outcome)) < 3 {
		t.Errorf("a worse model passes: %+v", outcome)
	}
	if !strings.Contains(strings.Join(stoppedBy(outcome), "\n"), "AUC: falls by less than 0.015: it changed by -0.") {
		t.Errorf("it does not say why: %q", stoppedBy(outcome))
	}
}

func TestGateStopsAModelThatIsBetterNowhere(t *testing.T) {
	same := noisy(t, 0.2, 1)
	outcome := judge(t, same, noisy(t, 0.2, 1), shippedRules(t, "dermoscopy"))
	if got := stoppedBy(outcome); outcome.Passed || len(got) != 1 || !strings.HasPrefix(got[0], "better somewhere") {
		t.Errorf("the same model is stopped by %q", got)
	}
	if outcome := judge(t, same, noisy(t, 0.2, 1), shippedRules(t, "phone")); !outcome.Passed || outcome.Better {
		t.Errorf("where nothing need be better, the same model gets %+v", outcome)
	}
}

// Of two models as good as each other either may be a little better, but a worse one is seen to be.
func TestWorseModelsDoNotPass(t *testing.T) {
	rules := shippedRules(t, "dermoscopy")
	const pairs = 15
	equal, worse := 0, 0
	for seed := range uint64(pairs) {
		one, other := noisy(t, 0.1, 2*seed), noisy(t, 0.1, 2*seed+1)
		there, back := judge(t, one, other, rules), judge(t, other, one, rules)
		if there.Better && back.Better {
			t.Errorf("pair %d: each is better than the other", seed)
		}
		if there.Passed || back.Passed {
			equal++
		}
		if judge(t, noisy(t, 0.8, seed), one, rules).Passed {
			worse++
		}
	}
	t.Logf("of %d pairs of equal models one passed in %d; of %d worse models %d passed", pairs, equal, pairs, worse)
	if worse > 0 || equal == 0 {
		t.Errorf("of %d pairs of equal models one passed in %d; of %d worse models %d passed", pairs, equal, pairs, worse)
	}
}

// Who refuses the malignant photos that it would miss has a perfect sensitivity.
func TestRefusingDoesNotWin(t *testing.T) {
	set, other := noisy(t, 0.2, 1), noisy(t, 0.2, 2)
	refused := 0
	for i := range set.Photos {
		p := &set.Photos[i]
		if p.Truth.Malignant && p.Assessment.Label != deepskin.Malignant {
			p.Assessment.Problems = []deepskin.Problem{deepskin.NotALesion}
			refused++
		}
	}
	rules := shippedRules(t, "dermoscopy")
	rules.NotWorse = slices.DeleteFunc(rules.NotWorse, func(m evaluation.Margin) bool { return m.Figure == "refused" })
	report := against(t, set, other, evaluation.LeastRounds)
	report.Against.Judge(rules)
	stopped := strings.Join(stoppedBy(*report.Against.Gate), "\n")
	if f, _ := report.Figure("sensitivity"); f.Value != 1 || refused == 0 || !strings.Contains(stopped, "malignant, but refused") {
		t.Errorf("with a sensitivity of %v after %d refusals it is stopped by %q", f.Value, refused, stopped)
	}
}

func TestWhatIsNotMeasuredStops(t *testing.T) {
	set, other := noisy(t, 0.2, 1), noisy(t, 0.2, 2)
	rules := readRules(t, `{"a": {"not_worse": [{"figure": "pointing_game", "falls_at_most": 0.5}], "better": {"falls": ["kind_auc"]}}}`, "a")
	outcome := judge(t, set, other, rules)
	if got := stoppedBy(outcome); len(got) != 2 || !strings.Contains(got[0], "not measured") || !strings.Contains(got[1], "not measured") {
		t.Errorf("it is stopped by %q", got)
	}
}

func TestRulesAreChecked(t *testing.T) {
	for content, want := range map[string]string{
		`{"b": {"not_worse": []}}`: `no kind "a"`,
		`{"a": {}}`:                "not_worse is empty",
		`{"a": {"not_worse": [{"figure": "refused"}]}}`:                                                    "falls_at_most or rises_at_most",
		`{"a": {"not_worse": [{"figure": "refused", "falls_at_most": 0.1, "rises_at_most": 0.1}]}}`:        "falls_at_most or rises_at_most",
		`{"a": {"not_worse": [{"figure": "refused", "rises_at_most": 0}]}}`:                                "above 0",
		`{"a": {"not_worse": [{"figure": "beauty", "rises_at_most": 0.1}]}}`:                               `"beauty"`,
		`{"a": {"not_worse": [{"figure": "refused", "rises": 0.1}]}}`:                                      "rises",
		`{"a": {"not_worse": [{"figure": "refused", "rises_at_most": 0.1}], "better": {}}}`:                "names no figure",
		`{"a": {"not_worse": [{"figure": "refused", "rises_at_most": 0.1}], "better": {"rises": ["f2"]}}}`: `"f2"`,
	} {
		if _, err := evaluation.ReadRules(strings.NewReader(content), "a"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s in it", content, err, want)
		}
	}
}
