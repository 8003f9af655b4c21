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

// labelled returns a button with a message as its label.
func labelled(w words.Words, message, data string) Button {
	return Button{Label: w.Say(message), Data: data}
}

func welcome(w words.Words) Reply {
	return guided(Reply{
		Title: w.Say("start.title"),
		Text: paragraphs(w.Say("start.text"), w.Say("help.photo"), w.Say("start.doctor"),
			w.Say("help.commands")),
	})
}

func help(w words.Words) Reply {
	return Reply{Text: paragraphs(w.Say("help.text"), w.Say("help.photo"), w.Say("help.answers"),
		w.Say("help.commands"))}
}

// privacy says what is kept, and for how long: answers, and photos with their senders' consent, where
// zero is until that is taken back.
func privacy(w words.Words, answers, photos time.Duration) Reply {
	limit := w.Say("retention.photos_until")
	if photos > 0 {
		limit = w.Count("retention.photos", days(photos))
	}
	return Reply{
		Title: w.Say("privacy.title"),
		Text:  paragraphs(w.Say("privacy.text"), w.Count("retention.answers", days(answers))+" "+limit),
	}
}

func askConsent(w words.Words, id deepskin.CaseID, wait time.Duration) Reply {
	return Reply{
		Case:  id,
		Title: w.Say("consent.title"),
		Text:  w.Fill("consent.text", words.Data{"Wait": w.Roughly(wait)}),
		Buttons: [][]Button{{
			labelled(w, "consent.yes", data(verbConsent, id, choiceYes)),
			labelled(w, "consent.no", data(verbConsent, id, choiceNo)),
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

// longWait is how long a wait must be to be told.
const longWait = 10 * time.Second

// looking acknowledges a photo that waits for so long for its answer.
func looking(w words.Words, id deepskin.CaseID, wait time.Duration) Reply {
	text := w.Say("progress.looking")
	if wait > longWait {
		wait = (wait + busyStep - 1).Truncate(busyStep)
		text = w.Fill("wait.long", words.Data{"Wait": w.Roughly(wait)})
	}
	return Reply{Case: id, Language: w.Language(), Text: text, Working: true}
}

func tooMany(w words.Words, wait time.Duration, album bool) Reply {
	text := "limited.text"
	if album {
		text = "album.limited"
	}
	return Reply{
		Title:      w.Say("limited.title"),
		Text:       w.Fill(text, words.Data{"Wait": w.Roughly(wait)}),
		RetryAfter: wait,
	}
}

func busy(w words.Words, wait time.Duration, album bool) Reply {
	text := "busy.text"
	if album {
		text = "album.too_busy"
	}
	return Reply{
		Title:      w.Say("busy.title"),
		Text:       w.Fill(text, words.Data{"Wait": w.Roughly(wait)}),
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

func notYours(w words.Words) PressReply { return PressReply{Notice: w.Say("group.others_buttons")} }

func othersPhoto(w words.Words) Reply { return Reply{Text: w.Say("group.others_photo")} }

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
