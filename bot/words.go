package bot

import (
	"fmt"
	"time"

	"deepskin"
)

// What users read is here and in answers.go. Plain words and short sentences, no alarm, no false
// comfort, never a diagnosis.

const goodPhoto = "For a good photo: use daylight and no flash. Hold the phone about a hand's " +
	"width away. Put one spot in the middle, and check that it is sharp."

const commands = "Send /privacy to read what happens to your photos, or /delete to erase what I " +
	"hold about you."

func welcome() Reply {
	return Reply{
		Title: "Hello, I look at photos of skin spots",
		Text: "Send me a sharp photo of one mole or spot on your skin. A computer model, which " +
			"has learned from thousands of photos, estimates its risk. Then I tell you what " +
			"you can do next.\n\n" +
			goodPhoto + "\n\n" +
			"I am not a doctor, and I can be wrong. If a spot bleeds, grows or changes, or " +
			"if it worries you, see a doctor, whatever I say.\n\n" + commands,
	}
}

func help() Reply {
	return Reply{
		Text: "I can only look at photos. Send me one of a mole or spot on your skin, as a " +
			"picture or as a file.\n\n" +
			goodPhoto + "\n\n" +
			"There are three answers: lower risk, higher risk, or that the model cannot " +
			"tell. Each is a computer's estimate, not a diagnosis. If a spot worries you, " +
			"see a doctor.\n\n" + commands,
	}
}

func privacy() Reply {
	return Reply{
		Title: "What happens to your photos",
		Text: "A computer model looks at your photo. Then I delete the photo. A smaller copy, " +
			"without place or camera data, stays for up to 24 hours, so that you can see " +
			"where the model looked. I keep that copy longer only if I ask you and you say " +
			"yes.\n\n" +
			"I keep the answer, so that you can tell me whether it was right. I do not store " +
			"your name. Your account is stored as a code, and where to send the answer is " +
			"stored encrypted.\n\n" +
			"Send /delete to erase all of this.",
	}
}

func askConsent(id deepskin.CaseID, wait time.Duration) Reply {
	return Reply{
		Case:  id,
		Title: "May I look at your photos?",
		Text: fmt.Sprintf("If you say yes, a computer model, not a doctor, looks at this photo "+
			"and at those that you send later. Then I delete the photo. A smaller copy, "+
			"without place or camera data, stays for up to 24 hours. I do not store your "+
			"name.\n\n"+
			"Your photo waits %s for your answer. Without a yes I delete it, and nobody "+
			"looks at it. Send /privacy to read more.", roughly(wait)),
		Buttons: [][]Button{{
			{"Yes, look at them", data(verbConsent, id, choiceYes)},
			{"No, delete it", data(verbConsent, id, choiceNo)},
		}},
	}
}

func agreed(late bool) *Reply {
	if late {
		return &Reply{Text: "Thank you. This photo waited too long, so I deleted it without " +
			"looking. Please send it again."}
	}
	return &Reply{Text: "Thank you. I may look at your photos now. You can take this back at any " +
		"time: send /delete."}
}

func declined() *Reply {
	return &Reply{Text: "All right. I deleted your photo, and nobody looked at it."}
}

func alreadyAgreed() PressReply {
	return PressReply{Notice: "You already said yes. To take it back and erase everything, send " +
		"/delete."}
}

func looking(id deepskin.CaseID) Reply {
	return Reply{Case: id, Text: "Looking at your photo. This takes a few seconds."}
}

func tooMany(wait time.Duration) Reply {
	return Reply{
		Title: "That is a lot of photos",
		Text: fmt.Sprintf("I have to leave room for other people too. I did not keep this photo. "+
			"Please send it again in %s.", roughly(wait)),
		RetryAfter: wait,
	}
}

func busy(wait time.Duration) Reply {
	return Reply{
		Title: "Too much to do right now",
		Text: fmt.Sprintf("Many people are sending photos at the moment. I did not look at yours, "+
			"and I did not keep it. Please send it again in about %s.", roughly(wait)),
		RetryAfter: wait,
	}
}

func forgotten(cases int) Reply {
	text := "I hold nothing about you now, and no photos of yours."
	if cases > 0 {
		text = fmt.Sprintf("I erased everything about you: %s, with the answers, what you told me "+
			"about them, and your consent. What you sent stays in this chat until you delete "+
			"it here. Some of my older messages may stay too.", count(cases, "photo", "photos"))
	}
	return Reply{Title: "Deleted", Text: text}
}

func staleButton() PressReply {
	return PressReply{Notice: "This button no longer works. To start over, send a photo."}
}

func photoGone() PressReply {
	return PressReply{Notice: "This photo has already been deleted. You can send it again."}
}

func tryAgain() PressReply {
	return PressReply{Notice: "Something broke here. Please try this button again in a minute."}
}

func heatmap(id deepskin.CaseID, picture []byte) *Reply {
	return &Reply{
		Case:    id,
		Picture: picture,
		Text: "The brighter a part of the photo, the more it counted for the model's answer. " +
			"A frame, if there is one, is what it looked at from closer up. This shows where the " +
			"model looked. It does not show where something is wrong.",
	}
}

func thanks(v deepskin.Verdict) string {
	switch {
	case v.Keep != nil && *v.Keep:
		return "Thank you. Your photo helps to improve the model."
	case v.Keep != nil:
		return "All right. I do not keep the photo."
	default:
		return "Thank you for telling me."
	}
}
