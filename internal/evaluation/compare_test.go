package evaluation_test

import (
	"math"
	"reflect"
	"testing"

	"deepskin/internal/evaluation"
)

func against(t *testing.T, set, other *evaluation.Set, rounds int) evaluation.Report {
	t.Helper()
	report, err := set.EvaluateAgainst(other, rounds)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestDifferencesAgreeWithScikitLearn(t *testing.T) {
	g := readGolden(t)
	comparison := against(t, g.set(), g.rival(), 1000).Against
	if len(comparison.Differences) != len(g.Differences)+2 { // kind_auc and closer
		t.Errorf("%d differences, scikit-learn has %d", len(comparison.Differences), len(g.Differences))
	}
	for name, want := range g.Differences {
		got, ok := comparison.Difference(name)
		if !ok || math.Abs(got.Value-want[0]) > 1e-9 {
			t.Errorf("%s is %v %+v, want %.12f", name, ok, got, want[0])
		}
		// Two bootstraps with other draws: chance is left.
		if slack := 0.1*(want[2]-want[1]) + 0.001; math.Abs(got.Low-want[1]) > slack || math.Abs(got.High-want[2]) > slack {
			t.Errorf("%s has the interval %.4f to %.4f, training's says %.4f to %.4f", name, got.Low, got.High, want[1], want[2])
		}
	}
}

func TestComparisonChangesNoFigure(t *testing.T) {
	g := readGolden(t)
	alone, other, compared := g.set().Evaluate(100), g.rival().Evaluate(100), against(t, g.set(), g.rival(), 100)
	for _, d := range compared.Against.Differences {
		ours, _ := alone.Figure(d.Name)
		theirs, _ := other.Figure(d.Name)
		if d.Other != theirs.Value || d.Value != ours.Value-theirs.Value || d.Low > d.Value+1e-9 && d.Low > d.High {
			t.Errorf("the difference %+v is of %v and %v", d, ours, theirs)
		}
	}
	for i, g := range compared.Against.Groups {
		for _, d := range g.Differences {
			ours, _ := alone.Groups[i].Figure(d.Name)
			theirs, _ := other.Groups[i].Figure(d.Name)
			if g.Value != alone.Groups[i].Value || d.Value != ours.Value-theirs.Value {
				t.Errorf("in group %s the difference %+v is of %v and %v", g.Value, d, ours, theirs)
			}
		}
	}
	if len(compared.Against.Groups) < 5 {
		t.Errorf("only %d groups are compared", len(compared.Against.Groups))
	}
	compared.Against = nil
	if !reflect.DeepEqual(compared, alone) {
		t.Error("beside another model a model has other figures")
	}
}

// A model compared with itself differs nowhere, in any round: the rounds are paired.
func TestAModelIsEqualToItself(t *testing.T) {
	g := readGolden(t)
	for _, d := range against(t, g.set(), g.set(), 100).Against.Differences {
		if d.Value != 0 || d.Low != 0 || d.High != 0 || d.Clear() {
			t.Errorf("a model differs from itself: %+v", d)
		}
	}
}

func TestOnlyTheSamePhotosAreCompared(t *testing.T) {
	g := readGolden(t)
	for name, change := range map[string]func(*evaluation.Set){
		"fewer photos":  func(s *evaluation.Set) { s.Photos = s.Photos[1:] },
		"fewer others":  func(s *evaluation.Set) { s.Others = nil },
		"another photo": func(s *evaluation.Set) { s.Photos[3].Name = "another" },
		"another truth": func(s *evaluation.Set) { s.Photos[3].Truth.Malignant = !s.Photos[3].Truth.Malignant },
		"no truth":      func(s *evaluation.Set) { s.Photos[3].Truth = nil },
		"other lesions": func(s *evaluation.Set) { s.Photos[3].Truth.Cluster = "another" },
		"another kind":  func(s *evaluation.Set) { s.Kind = "phone" },
	} {
		other := g.set()
		change(other)
		if _, err := g.set().EvaluateAgainst(other, 10); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
