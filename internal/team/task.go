package team

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"deepskin"
	"deepskin/bot/words"
)

// A taskView is what a reviewer sees of a photo, in words. It tells of nobody's vote, and not whether
// anybody has voted.
type taskView struct {
	ID      deepskin.CaseID
	Heatmap bool
	// Answer is what the sender was told; Refused, why the photo was refused, empty where it was not.
	Answer, Refused string
	// Malignancy and Threshold are in per cent; Threshold is empty where it is not known.
	Malignancy, Threshold string
	// Kind is empty where the model was not run; so are Bars.
	Kind  string
	Model string
	Bars  []barView
	// Said is what the sender says that the photo shows; Comment, what they wrote, may be empty.
	Said, Comment string
	Groups        []groupView
}

// A barView is a diagnosis with its probability, 0 to 1.
type barView struct {
	Name, Value string
	Share       float64
	Malignant   bool
}

// A groupView is decisions that belong together.
type groupView struct {
	Name    string
	Choices []choiceView
}

// A choiceView is a decision with the key that chooses it.
type choiceView struct {
	Decision deepskin.Decision
	Name     string
	Key      int
}

func viewOf(task deepskin.ReviewTask) *taskView {
	w, c := words.For("en"), task.Case
	v := &taskView{
		ID: c.ID, Heatmap: hasHeatmap(c), Said: saidOf(w, c.Verdict), Comment: c.Comment, Groups: groups(w),
	}
	a := c.Assessment
	if a == nil {
		return v // no answer is reviewed without
	}
	v.Answer, v.Model, v.Kind = answerOf(w, *a), a.Model, string(a.Kind)
	var problems []string
	for _, p := range a.Problems {
		problems = append(problems, strings.ReplaceAll(string(p), "_", " "))
	}
	v.Refused = strings.Join(problems, ", ")
	if a.Diagnoses == nil {
		return v
	}
	v.Malignancy = percent(a.Malignancy)
	if a.Threshold > 0 {
		v.Threshold = percent(a.Threshold)
	}
	for _, d := range deepskin.Diagnoses {
		share := a.Diagnoses[d]
		v.Bars = append(v.Bars, barView{nameOf(w, deepskin.Decision(d)), percent(share), share, d.Malignant()})
	}
	slices.SortStableFunc(v.Bars, func(a, b barView) int { return cmp.Compare(b.Share, a.Share) })
	return v
}

func hasHeatmap(c deepskin.Case) bool { return c.Assessment != nil && c.Assessment.Grid != nil }

// groups are the decisions in an order that never changes, so that fingers can learn it.
func groups(w words.Words) []groupView {
	list := []groupView{{Name: "Malignant"}, {Name: "Benign"}, {Name: "Neither"}}
	key := 0
	add := func(group int, d deepskin.Decision) {
		key++
		list[group].Choices = append(list[group].Choices, choiceView{d, nameOf(w, d), key})
	}
	for _, d := range deepskin.Diagnoses { // malignant ones first
		group := 1
		if d.Malignant() {
			group = 0
		}
		add(group, deepskin.Decision(d))
	}
	add(2, deepskin.DecisionNoLesion)
	add(2, deepskin.DecisionReject)
	return list
}

func nameOf(w words.Words, d deepskin.Decision) string {
	if d == deepskin.DecisionNoLesion || d == deepskin.DecisionReject {
		return w.Say("review." + string(d))
	}
	return w.Say("name." + string(d))
}

func answerOf(w words.Words, a deepskin.Assessment) string {
	switch {
	case a.Refused():
		return w.Say("refusal.title")
	case a.Label == deepskin.Malignant:
		return w.Say("malignant.title")
	case a.Label == deepskin.Benign:
		return w.Say("benign.title")
	default:
		return w.Say("unsure.title")
	}
}

// saidOf is what a sender who disagrees says that the photo shows.
func saidOf(w words.Words, v *deepskin.Verdict) string {
	if v == nil || v.Truth == "" {
		return w.Say("verdict.unknown")
	}
	return w.Say("verdict." + string(v.Truth))
}

// percent is a probability in whole per cent, never none or all.
func percent(p float64) string {
	switch n := math.Round(100 * p); {
	case n < 1:
		return "<1%"
	case n > 99:
		return ">99%"
	default:
		return strconv.Itoa(int(n)) + "%"
	}
}
