package deepskin_test

import (
	"slices"
	"testing"

	"deepskin"
)

func TestSettleVotes(t *testing.T) {
	for name, test := range map[string]struct {
		label    deepskin.Label
		votes    []deepskin.Decision
		status   deepskin.ReviewStatus
		decision deepskin.Decision
	}{
		"nobody voted":               {deepskin.Benign, nil, deepskin.ReviewNew, ""},
		"the answer's risk, benign":  {deepskin.Benign, votes("nv"), deepskin.ReviewLabelled, "nv"},
		"the answer's risk":          {deepskin.Malignant, votes("akiec"), deepskin.ReviewLabelled, "akiec"},
		"a rejection":                {deepskin.Malignant, votes("reject"), deepskin.ReviewRejected, "reject"},
		"another risk":               {deepskin.Benign, votes("mel"), deepskin.ReviewNew, ""},
		"no lesion":                  {deepskin.Benign, votes("no_lesion"), deepskin.ReviewNew, ""},
		"of an inconclusive answer":  {deepskin.Inconclusive, votes("nv"), deepskin.ReviewNew, ""},
		"two for another risk":       {deepskin.Benign, votes("mel", "mel"), deepskin.ReviewLabelled, "mel"},
		"two for no lesion":          {deepskin.Benign, votes("no_lesion", "no_lesion"), deepskin.ReviewLabelled, "no_lesion"},
		"of the same risk, not same": {deepskin.Benign, votes("mel", "bcc"), deepskin.ReviewNew, ""},
		"the second is the answer's": {deepskin.Benign, votes("mel", "nv"), deepskin.ReviewNew, ""},
		"a third decides":            {deepskin.Benign, votes("mel", "nv", "nv"), deepskin.ReviewLabelled, "nv"},
		"two reject":                 {deepskin.Benign, votes("mel", "reject", "reject"), deepskin.ReviewRejected, "reject"},
		"nobody knows":               {deepskin.Benign, votes("mel", "nv", "bkl"), deepskin.ReviewRejected, "reject"},
	} {
		if status, decision := deepskin.SettleVotes(test.label, test.votes); status != test.status || decision != test.decision {
			t.Errorf("%s: SettleVotes = %s, %q; want %s, %q", name, status, decision, test.status, test.decision)
		}
	}
}

func votes(d ...deepskin.Decision) []deepskin.Decision { return d }

// What must hold for three votes of any kind, in any order, on any answer.
func TestSettleVotesInAnyOrder(t *testing.T) {
	kinds := votes("mel", "bcc", "nv", "bkl", deepskin.DecisionNoLesion, deepskin.DecisionReject)
	for _, label := range []deepskin.Label{deepskin.Benign, deepskin.Malignant, deepskin.Inconclusive} {
		for _, a := range kinds {
			for _, b := range kinds {
				for _, c := range kinds {
					checkVotes(t, label, votes(a, b, c))
				}
			}
		}
	}
}

func checkVotes(t *testing.T, label deepskin.Label, cast []deepskin.Decision) {
	t.Helper()
	settledBy := 0
	var status deepskin.ReviewStatus
	var decision deepskin.Decision
	for n := 1; n <= len(cast); n++ {
		s, d := deepskin.SettleVotes(label, cast[:n])
		switch {
		case (s == deepskin.ReviewNew) != (d == ""), (s == deepskin.ReviewRejected) != (d == deepskin.DecisionReject):
			t.Errorf("%s %v: %s goes with %q", label, cast[:n], s, d)
		case settledBy > 0 && (s != status || d != decision):
			t.Errorf("%s %v: a late vote turned %q into %q", label, cast[:n], decision, d)
		}
		if status, decision = s, d; s != deepskin.ReviewNew && settledBy == 0 {
			settledBy = n
		}
	}
	supporters := 0
	for _, d := range cast[:settledBy] {
		if d == decision {
			supporters++
		}
	}
	malignant := deepskin.Diagnosis(decision).Malignant()
	diagnosis := slices.Contains(deepskin.Diagnoses, deepskin.Diagnosis(decision))
	confirmed := diagnosis && (malignant && label == deepskin.Malignant || !malignant && label == deepskin.Benign)
	switch {
	case settledBy == 0:
		t.Errorf("%s %v: three votes settle nothing", label, cast)
	case settledBy == 1 && !confirmed && decision != deepskin.DecisionReject:
		t.Errorf("%s %v: one vote changes the risk to that of %q", label, cast, decision)
	case settledBy == 1 && decision != cast[0], settledBy == 2 && cast[0] != cast[1]:
		t.Errorf("%s %v: settled as %q after %d votes", label, cast, decision, settledBy)
	case settledBy > 1 && status == deepskin.ReviewLabelled && supporters != 2:
		t.Errorf("%s %v: %q has %d votes", label, cast, decision, supporters)
	}
	if settledBy == 1 {
		return
	}
	// Once several are asked, it does not matter who comes first, unless that one is enough alone.
	for _, order := range [][]int{{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		other := votes(cast[order[0]], cast[order[1]], cast[order[2]])
		if alone, _ := deepskin.SettleVotes(label, other[:1]); alone != deepskin.ReviewNew {
			continue
		}
		if s, d := deepskin.SettleVotes(label, other); s != status || d != decision {
			t.Errorf("%s %v: %q, but %v: %q", label, cast, decision, other, d)
		}
	}
}
