package bot

import (
	"fmt"
	"math"
	"strings"
	"time"

	"deepskin"
)

// All that users read is here. Plain words, no alarm, no false comfort, never a diagnosis.

const limits = "This is a computer's estimate from one photo, not a diagnosis. It can be wrong " +
	"both ways, more often on phone photos and on darker skin. Only a doctor can tell."

func welcome() Reply {
	return Reply{
		Title: "Hello, I look at photos of skin spots",
		Text: "Send me a sharp, well-lit photo of one mole or spot. A computer model estimates " +
			"whether it looks more like harmless spots or more like skin cancer, and I tell " +
			"you what to do next.\n\n" +
			"For a good photo: daylight, no flash, about a hand's width away, one spot in " +
			"the middle, in focus.\n\n" +
			"I am not a doctor. If a spot bleeds, grows or changes, see one whatever I say.\n\n" +
			"/privacy says what happens to your photos, /delete erases what I hold about you.",
	}
}

func help() Reply {
	return Reply{
		Text: "I can only look at photos. Send me one of a mole or spot on the skin, as a " +
			"picture or as a file.\n\n/start says how, /privacy what happens to your " +
			"photos, /delete erases what I hold about you.",
	}
}

func privacy() Reply {
	return Reply{
		Title: "What happens to your photos",
		Text: "A photo is looked at by a computer model and then deleted. A smaller copy, " +
			"without place or camera data, stays up to 24 hours, so that you can see where " +
			"the model looked. It is kept longer only if you say yes when I ask.\n\n" +
			"The answer stays so that you can tell me whether it was right. I do not store " +
			"your name; your account is known to me only as a code.\n\n" +
			"/delete erases all of it at once.",
	}
}

func askConsent(id deepskin.CaseID, wait time.Duration) Reply {
	return Reply{
		Title: "May I look at your photos?",
		Text: fmt.Sprintf("A computer model, not a doctor, will look at this photo and at those "+
			"that you send later. The photo is deleted afterwards; a smaller copy without "+
			"place or camera data stays up to 24 hours. Your name is not stored.\n\n"+
			"Your photo waits %d minutes for your answer. Without it I delete the photo "+
			"without looking.", int(wait.Minutes())),
		Buttons: [][]Button{{
			{"Yes, look at them", data(verbConsent, id, choiceYes)},
			{"No, delete it", data(verbConsent, id, choiceNo)},
		}},
	}
}

func agreed(photos int) *Reply {
	if photos == 0 {
		return &Reply{Text: "Thank you. Your photo has waited too long and is deleted: please " +
			"send it once more."}
	}
	return &Reply{Text: "Thank you. You can take this back with /delete at any time."}
}

func declined() *Reply {
	return &Reply{Text: "All right. Your photo is deleted, and nobody looked at it."}
}

func looking() Reply {
	return Reply{Text: "Looking at your photo. This takes a few seconds."}
}

func tooMany(wait time.Duration) Reply {
	return Reply{
		Title: "That is a lot of photos",
		Text: fmt.Sprintf("I have to make room for other people too. Please send this photo "+
			"again in %s.", roughly(wait)),
		RetryAfter: wait,
	}
}

func forgotten(cases int) Reply {
	text := "I held nothing about you."
	if cases > 0 {
		text = fmt.Sprintf("I erased everything about you: %s with their answers, what you said "+
			"of them, and your consent. Photos that you sent stay in this chat until you "+
			"delete them there.", count(cases, "photo", "photos"))
	}
	return Reply{Title: "Deleted", Text: text}
}

func staleButton() PressReply {
	return PressReply{Notice: "This button no longer works. Send the photo again to start over."}
}

func photoGone() PressReply {
	return PressReply{Notice: "The photo has already been deleted. Send it again if you like."}
}

func heatmap(id deepskin.CaseID, picture []byte) *Reply {
	return &Reply{
		Case:    id,
		Picture: picture,
		Text: "The brighter the colour, the more that part of the photo counted for the " +
			"model's answer. It shows where the model looked, not where something is wrong.",
	}
}

func thanks(v deepskin.Verdict) string {
	switch {
	case v.Keep != nil && *v.Keep:
		return "Thank you: your photo helps to improve the model."
	case v.Agrees:
		return "Thank you, noted."
	default:
		return "Thank you for telling."
	}
}

// answer says where a case stands.
func answer(c deepskin.Case) Reply {
	reply := Reply{Case: c.ID}
	switch c.Status {
	case deepskin.Waiting:
		reply.Text = "Your photo waits for your consent."
	case deepskin.Pending:
		reply.Text = looking().Text
	case deepskin.Expired:
		reply.Text = "You did not say whether I may look at your photo, so I deleted it without " +
			"looking. You can send it again at any time."
	case deepskin.Failed:
		reply.Title, reply.Text = apology(c.Failure)
	case deepskin.Answered:
		if c.Assessment.Refused() {
			reply.Title, reply.Text = refusal(c.Assessment.Problems)
			break
		}
		reply.Title, reply.Text = judgement(*c.Assessment)
		question, buttons := followUp(c)
		if question != "" {
			reply.Text += "\n\n" + question
		}
		reply.Buttons = buttons
	}
	return reply
}

func apology(cause string) (title, text string) {
	switch cause {
	case failureBusy:
		return "Too much to do right now", "Many people are sending photos at this moment, and " +
			"yours could not be looked at. Please send it again in about five minutes. It has " +
			"been deleted here."
	case failurePhotoGone:
		return "Your photo got lost", "Something broke here, and your photo is gone. Sorry! " +
			"Please send it again."
	default:
		return "No answer this time", "Something broke here, and your photo could not be looked " +
			"at. Sorry! Please send it again in a few minutes. If a spot worries you, do not " +
			"wait for me: see a doctor."
	}
}

func judgement(a deepskin.Assessment) (title, text string) {
	var finding, next string
	switch a.Label {
	case deepskin.Malignant:
		title = "Higher risk: have a doctor look at it"
		finding = fmt.Sprintf("The photo has features that the model knows from skin cancers. "+
			"It puts the chance that this spot is malignant at %s. It warns early on "+
			"purpose, since a missed cancer is worse than a false alarm.",
			percent(a.Confidence))
		next = "Please show the spot to a doctor within two weeks, sooner if it bleeds, hurts " +
			"or grows. There is no need to panic: many spots like this turn out harmless."
	case deepskin.Benign:
		title = "Lower risk"
		finding = fmt.Sprintf("The photo looks to the model like harmless spots. It puts the "+
			"chance that this spot is benign at %s.", percent(a.Confidence))
		next = "Keep an eye on it. See a doctor if it changes in size, shape or colour, if it " +
			"bleeds or itches, if it looks unlike your other spots, or if it worries you."
	default:
		title = "The model cannot tell"
		finding = fmt.Sprintf("The model sees signs of both harmless and malignant spots. It "+
			"puts the chance that this spot is malignant at %s.", percent(a.Malignancy))
		next = "Please have a doctor look at it within a few weeks, or send a sharper photo in " +
			"daylight."
	}
	return title, strings.Join([]string{finding, next, limits}, "\n\n")
}

var problemWords = map[deepskin.Problem]string{
	deepskin.Empty:         "The file is empty. Please send the photo again.",
	deepskin.TooManyBytes:  "The file is larger than 20 MB. Please send a smaller one, or send it as a picture instead of a file.",
	deepskin.HEIC:          "The file is in Apple's HEIC format, which I cannot read. Please send it as a picture instead of a file, or save it as JPEG first.",
	deepskin.UnknownFormat: "This is not a photo that I can read. Please send a JPEG, PNG or WebP picture.",
	deepskin.TooManyPixels: "The picture is too large, over 50 megapixels. Please send a smaller one, or cut out the part with the spot.",
	deepskin.Corrupt:       "The file is damaged or incomplete. Please send the photo again.",
	deepskin.TooSmall:      "The picture is too small to judge. Please send a larger one, from closer up.",
	deepskin.TooDark:       "The photo is too dark. Please take it in daylight, near a window.",
	deepskin.TooBright:     "The photo is too bright. Please take it without flash and out of direct sun.",
	deepskin.Blurred:       "The photo is blurred. Hold the phone still, about a hand's width away, and tap on the spot to focus.",
	deepskin.NotALesion:    "This does not look like the close-up photos of skin spots that I know. Please send one spot, in the middle, filling a third of the photo.",
}

func refusal(problems []deepskin.Problem) (title, text string) {
	var words []string
	for _, p := range problems {
		words = append(words, problemWords[p])
	}
	words = append(words, "I give no estimate for this photo. If the spot worries you, see a doctor.")
	return "I cannot judge this photo", strings.Join(words, "\n\n")
}

// followUp returns what is still to be asked about an answer.
func followUp(c deepskin.Case) (question string, buttons [][]Button) {
	where := []Button{{"Where did the model look?", data(verbHeatmap, c.ID)}}
	if c.Assessment.Grid == nil {
		where = nil
	}
	v := c.Verdict
	switch {
	case v == nil:
		buttons = [][]Button{{
			{"👍 Right", data(verbAgree, c.ID)}, {"👎 Wrong", data(verbDispute, c.ID)},
		}}
	case v.Agrees:
		question = "You said that this is right. Thank you!"
	case v.Truth == "":
		question = "You said that this is wrong. What was it?"
		buttons = [][]Button{
			{{"A doctor said benign", data(verbTruth, c.ID, string(deepskin.TruthBenign))}},
			{{"A doctor said malignant", data(verbTruth, c.ID, string(deepskin.TruthMalignant))}},
			{{"Not a skin spot", data(verbTruth, c.ID, string(deepskin.TruthNoLesion))}},
			{{"I do not know", data(verbTruth, c.ID, string(deepskin.TruthUnknown))}},
		}
	case v.Keep == nil:
		question = "May we keep the small copy of this photo to improve the model? It is stored " +
			"without your name, and /delete erases it."
		buttons = [][]Button{{
			{"Yes, keep it", data(verbKeep, c.ID, choiceYes)},
			{"No", data(verbKeep, c.ID, choiceNo)},
		}}
	case *v.Keep:
		question = "Thank you: what you told and the photo will help to improve the model."
	default:
		question = "Thank you for telling. The photo is not kept."
	}
	if where != nil {
		buttons = append(buttons, where)
	}
	return question, buttons
}

// percent never claims certainty.
func percent(p float64) string {
	switch n := math.Round(p * 100); {
	case n < 1:
		return "less than 1 %"
	case n > 99:
		return "more than 99 %"
	default:
		return fmt.Sprintf("%.0f %%", n)
	}
}

// roughly rounds a wait up to words.
func roughly(d time.Duration) string {
	if d <= time.Minute {
		return count(int(math.Ceil(d.Seconds())), "second", "seconds")
	}
	if d <= time.Hour {
		return count(int(math.Ceil(d.Minutes())), "minute", "minutes")
	}
	return count(int(math.Ceil(d.Hours())), "hour", "hours")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
