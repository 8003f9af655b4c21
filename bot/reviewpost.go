package bot

import (
	"strings"

	"deepskin"
	"deepskin/bot/words"
)

// reviewPost is what the team sees of a case, without its picture. Nothing in it names the sender, but
// for what they write themselves; and until it is decided, nothing says what anybody voted for.
func reviewPost(w words.Words, c deepskin.Case, r deepskin.Review) Reply {
	post := Reply{Case: c.ID, Language: w.Language(), Title: w.Say("review.title")}
	a := c.Assessment
	texts := []string{w.Fill("review.answer", words.Data{
		"Label": labelOf(w, *a), "Percent": w.Percent(a.Malignancy), "Version": a.Model,
	})}
	if a.Diagnoses != nil {
		texts = append(texts, list(w, a.Diagnoses))
	}
	texts = append(texts, w.Fill("review.said", words.Data{"Said": said(w, c.Verdict)}))
	if c.Comment != "" {
		texts = append(texts, w.Fill("review.wrote", words.Data{"Text": c.Comment}))
	}
	if r.Status == deepskin.ReviewNew {
		texts = append(texts, w.Say("review.question"))
		if r.Votes > 0 {
			texts = append(texts, w.Count("review.votes", r.Votes))
		}
		post.Buttons = decisions(w, c.ID)
	} else {
		texts = append(texts, w.Fill("review.decided", words.Data{"Decision": decisionName(w, r.Decision)}))
	}
	post.Text = paragraphs(texts...)
	return post
}

func labelOf(w words.Words, a deepskin.Assessment) string {
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

// list says the probabilities line by line.
func list(w words.Words, probabilities map[deepskin.Diagnosis]float64) string {
	var lines []string
	for _, d := range likeliest(probabilities) {
		lines = append(lines, w.Fill("review.line", words.Data{
			"Name": w.Say(diagnosisWords[d]), "Value": short(w, probabilities[d]),
		}))
	}
	return strings.Join(lines, "\n")
}

// said is what a sender says that a lesion was.
func said(w words.Words, v *deepskin.Verdict) string {
	switch {
	case v == nil:
		return w.Say("verdict.unknown")
	case v.Agrees:
		return w.Say("verdict.right")
	case v.Truth == deepskin.TruthBenign:
		return w.Say("verdict.benign")
	case v.Truth == deepskin.TruthMalignant:
		return w.Say("verdict.malignant")
	case v.Truth == deepskin.TruthNoLesion:
		return w.Say("verdict.no_lesion")
	default:
		return w.Say("verdict.unknown")
	}
}

func decisionName(w words.Words, d deepskin.Decision) string {
	switch d {
	case deepskin.DecisionNoLesion:
		return w.Say("review.no_lesion")
	case deepskin.DecisionReject:
		return w.Say("review.reject")
	default:
		return w.Say(diagnosisWords[deepskin.Diagnosis(d)])
	}
}

// decisions are the buttons below a review, three in a row.
func decisions(w words.Words, id deepskin.CaseID) [][]Button {
	all := append(diagnosed(), deepskin.DecisionNoLesion, deepskin.DecisionReject)
	const columns = 3
	rows := make([][]Button, (len(all)+columns-1)/columns)
	for i, d := range all {
		b := Button{Label: decisionName(w, d), Data: data(verbReview, id, string(d))}
		rows[i/columns] = append(rows[i/columns], b)
	}
	return rows
}

// diagnosed are the decisions that are diagnoses.
func diagnosed() []deepskin.Decision {
	var all []deepskin.Decision
	for _, d := range deepskin.Diagnoses {
		all = append(all, deepskin.Decision(d))
	}
	return all
}
