package bot

import (
	"math"

	"deepskin"
	"deepskin/bot/words"
)

// present says where a case stands.
func present(w words.Words, c deepskin.Case) Reply {
	reply := Reply{Case: c.ID}
	switch c.Status {
	case deepskin.Waiting:
		reply.Text = w.Say("progress.waiting")
	case deepskin.Pending:
		reply = looking(w, c.ID, 0)
	case deepskin.Expired:
		reply.Text = w.Say("progress.expired")
	case deepskin.Failed:
		reply.Title, reply.Text = apology(w, c.Failure)
	case deepskin.Answered:
		if c.Assessment.Refused() {
			reply.Title, reply.Text = refusal(w, c.Assessment.Problems)
			if helped(c.Assessment.Problems) {
				reply = guided(reply)
			}
			break
		}
		reply.Title, reply.Text = judgement(w, *c.Assessment)
		question, buttons := followUp(w, c)
		if question != "" {
			reply.Text = paragraphs(reply.Text, question)
		}
		reply.Buttons = buttons
	}
	reply.Language = w.Language()
	return reply
}

func apology(w words.Words, cause string) (title, text string) {
	switch cause {
	case failureBusy:
		sorry := busy(w, busyWait, false)
		title, text = sorry.Title, sorry.Text
	case failurePhotoGone:
		title, text = w.Say("lost.title"), w.Say("lost.text")
	default:
		title, text = w.Say("apology.title"), w.Say("apology.text")
	}
	return title, paragraphs(text, w.Say("apology.doctor"))
}

// judgement is an answer: what the model found and how sure it is, what to do next, and what the
// answer is based on and cannot know.
func judgement(w words.Words, a deepskin.Assessment) (title, text string) {
	var finding, confidence, next string
	chance := words.Data{"Level": level(w, a.Confidence)}
	switch a.Label {
	case deepskin.Malignant:
		chance["Percent"], chance["Malignant"] = w.Percent(a.Confidence), w.Share(a.Confidence)
		title, finding = w.Say("malignant.title"), w.Say("malignant.finding")
		confidence, next = w.Fill("malignant.confidence", chance), w.Say("malignant.next")
	case deepskin.Benign:
		// Rounded first, so that the two shares make 100.
		harmless := math.Round(100*a.Confidence) / 100
		chance["Percent"] = w.Percent(a.Confidence)
		chance["Harmless"], chance["Malignant"] = w.Share(harmless), w.Share(1-harmless)
		title, finding = w.Say("benign.title"), w.Say("benign.finding")
		confidence, next = w.Fill("benign.confidence", chance), w.Say("benign.next")
	default:
		chance["Percent"], chance["Malignant"] = w.Percent(a.Malignancy), w.Share(a.Malignancy)
		title, finding = w.Say("unsure.title"), w.Say("unsure.finding")
		confidence, next = w.Fill("unsure.confidence", chance), w.Say("unsure.next")
	}
	if a.Closer {
		finding += " " + w.Say("answer.closer")
	}
	return title, paragraphs(finding, confidence, next, limits(w, a.Kind))
}

// level puts a label's probability into a word. High is out of reach where one answer in twenty is
// wrong, so that nobody takes it for certain.
func level(w words.Words, confidence float64) string {
	switch {
	case confidence >= 0.95:
		return w.Say("level.high")
	case confidence >= 0.75:
		return w.Say("level.moderate")
	default:
		return w.Say("level.low")
	}
}

// limits says what an answer cannot know. A photo that was taken without a dermatoscope is told to
// be one: the sender knows whether that is true.
func limits(w words.Words, kind deepskin.Kind) string {
	if kind == deepskin.Phone {
		return w.Say("answer.limits_phone")
	}
	return w.Say("answer.limits")
}

// problemWords are the messages that say what to change about a photo.
var problemWords = map[deepskin.Problem]string{
	deepskin.Empty:         "refusal.empty",
	deepskin.TooManyBytes:  "refusal.too_many_bytes",
	deepskin.HEIC:          "refusal.heic",
	deepskin.UnknownFormat: "refusal.unknown_format",
	deepskin.TooManyPixels: "refusal.too_many_pixels",
	deepskin.Corrupt:       "refusal.corrupt",
	deepskin.TooSmall:      "refusal.too_small",
	deepskin.TooDark:       "refusal.too_dark",
	deepskin.TooBright:     "refusal.too_bright",
	deepskin.Blurred:       "refusal.blurred",
	deepskin.NotALesion:    "refusal.not_a_lesion",
}

func refusal(w words.Words, problems []deepskin.Problem) (title, text string) {
	var reasons []string
	for _, p := range problems {
		// A worker of a newer version may know problems that have no words here.
		if message, ok := problemWords[p]; ok {
			reasons = append(reasons, w.Say(message))
		}
	}
	return w.Say("refusal.title"), paragraphs(append(reasons, w.Say("refusal.closing"))...)
}

// followUp returns what is still to be asked about an answer.
func followUp(w words.Words, c deepskin.Case) (question string, buttons [][]Button) {
	v := c.Verdict
	switch {
	case v == nil:
		buttons = [][]Button{{
			labelled(w, "verdict.right", data(verbAgree, c.ID)), labelled(w, "verdict.wrong", data(verbDispute, c.ID)),
		}}
	case v.Agrees:
		question = w.Say("verdict.agreed")
	case v.Truth == "":
		question = w.Say("verdict.disputed")
		buttons = [][]Button{
			{labelled(w, "verdict.benign", data(verbTruth, c.ID, string(deepskin.TruthBenign)))},
			{labelled(w, "verdict.malignant", data(verbTruth, c.ID, string(deepskin.TruthMalignant)))},
			{labelled(w, "verdict.no_lesion", data(verbTruth, c.ID, string(deepskin.TruthNoLesion)))},
			{labelled(w, "verdict.unknown", data(verbTruth, c.ID, string(deepskin.TruthUnknown)))},
		}
	case v.Keep == nil:
		question = w.Say("keep.question") + " " + w.Say("review.consent")
		buttons = [][]Button{{
			labelled(w, "keep.yes", data(verbKeep, c.ID, choiceYes)),
			labelled(w, "keep.no", data(verbKeep, c.ID, choiceNo)),
		}}
	case *v.Keep:
		question = w.Say("keep.kept")
		buttons = [][]Button{{labelled(w, "keep.back", data(verbKeep, c.ID, choiceNo))}}
	default:
		question = w.Say("keep.not_kept")
	}
	if v != nil && !v.Agrees && v.Truth != "" && c.Comment == "" {
		buttons = append(buttons, []Button{askComment(w, c.ID)})
	}
	var looks []Button
	if c.Assessment.Grid != nil {
		looks = append(looks, labelled(w, "heatmap.button", data(verbHeatmap, c.ID)))
	}
	if c.Assessment.Diagnoses != nil {
		looks = append(looks, labelled(w, "details.button", data(verbDetails, c.ID)))
	}
	if looks != nil {
		buttons = append(buttons, looks)
	}
	return question, buttons
}
