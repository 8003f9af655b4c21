package bot

import (
	"strings"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// What the bot says is put together here and in answers.go; the texts themselves are in the
// catalogues of package words.

// paragraphs puts messages below each other.
func paragraphs(texts ...string) string { return strings.Join(texts, "\n\n") }

func welcome(w words.Words) Reply {
	return Reply{
		Title: w.Say("start.title"),
		Text: paragraphs(w.Say("start.text"), w.Say("help.photo"), w.Say("start.doctor"),
			w.Say("help.commands")),
	}
}

func help(w words.Words) Reply {
	return Reply{Text: paragraphs(w.Say("help.text"), w.Say("help.photo"), w.Say("help.answers"),
		w.Say("help.commands"))}
}

func privacy(w words.Words) Reply {
	return Reply{Title: w.Say("privacy.title"), Text: w.Say("privacy.text")}
}

func askConsent(w words.Words, id deepskin.CaseID, wait time.Duration) Reply {
	return Reply{
		Case:  id,
		Title: w.Say("consent.title"),
		Text:  w.Fill("consent.text", words.Data{"Wait": w.Roughly(wait)}),
		Buttons: [][]Button{{
			{w.Say("consent.yes"), data(verbConsent, id, choiceYes)},
			{w.Say("consent.no"), data(verbConsent, id, choiceNo)},
		}},
	}
}

func agreed(w words.Words, late bool) *Reply {
	if late {
		return &Reply{Text: w.Say("consent.late")}
	}
	return &Reply{Text: w.Say("consent.given")}
}

func declined(w words.Words) *Reply { return &Reply{Text: w.Say("consent.declined")} }

func alreadyAgreed(w words.Words) PressReply {
	return PressReply{Notice: w.Say("consent.already")}
}

func looking(w words.Words, id deepskin.CaseID) Reply {
	return Reply{Case: id, Text: w.Say("progress.looking")}
}

func tooMany(w words.Words, wait time.Duration) Reply {
	return Reply{
		Title:      w.Say("limited.title"),
		Text:       w.Fill("limited.text", words.Data{"Wait": w.Roughly(wait)}),
		RetryAfter: wait,
	}
}

func busy(w words.Words, wait time.Duration) Reply {
	return Reply{
		Title:      w.Say("busy.title"),
		Text:       w.Fill("busy.text", words.Data{"Wait": w.Roughly(wait)}),
		RetryAfter: wait,
	}
}

func forgotten(w words.Words, cases int) Reply {
	text := w.Say("deleted.nothing")
	if cases > 0 {
		text = w.Count("deleted.everything", cases) + " " + w.Say("deleted.rest")
	}
	return Reply{Title: w.Say("deleted.title"), Text: text}
}

func staleButton(w words.Words) PressReply { return PressReply{Notice: w.Say("notice.stale")} }

func photoGone(w words.Words) PressReply { return PressReply{Notice: w.Say("notice.gone")} }

func tryAgain(w words.Words) PressReply { return PressReply{Notice: w.Say("notice.again")} }

func heatmap(w words.Words, id deepskin.CaseID, picture []byte) *Reply {
	return &Reply{Case: id, Picture: picture, Text: w.Say("heatmap.text")}
}

func thanks(w words.Words, v deepskin.Verdict) string {
	switch {
	case v.Keep != nil && *v.Keep:
		return w.Say("keep.kept_notice")
	case v.Keep != nil:
		return w.Say("keep.not_kept_notice")
	default:
		return w.Say("verdict.thanks")
	}
}
