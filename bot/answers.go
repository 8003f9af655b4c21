package bot

import (
	"fmt"
	"strings"

	"deepskin"
)

// limits says what an answer cannot know. A photo that was taken without a dermatoscope is told to
// be one: the sender knows whether that is true.
func limits(kind deepskin.Kind) string {
	weakness := "On phone photos and on darker skin it is wrong more often."
	if kind == deepskin.Phone {
		weakness = "This photo looks as if it was taken without such a lens. On such photos, and on " +
			"darker skin, it is wrong more often."
	}
	return "This is a computer's estimate from one photo, not a diagnosis. It can be wrong both ways. " +
		"The model has learned mostly from close-ups of light skin, taken with a special lens. " +
		weakness + " Only a doctor can tell what a spot is."
}

// present says where a case stands.
func present(c deepskin.Case) Reply {
	reply := Reply{Case: c.ID}
	switch c.Status {
	case deepskin.Waiting:
		reply.Text = "Your photo waits until you say whether I may look at it."
	case deepskin.Pending:
		return looking(c.ID)
	case deepskin.Expired:
		reply.Text = "I did not hear whether I may look at your photo. So I deleted it, and nobody " +
			"looked at it. You can send it again at any time."
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
	const seeDoctor = "If a spot worries you, do not wait for me: see a doctor."
	switch cause {
	case failureBusy:
		sorry := busy(busyWait)
		return sorry.Title, sorry.Text + "\n\n" + seeDoctor
	case failurePhotoGone:
		return "Your photo got lost", "Something broke here, and I no longer have your photo. " +
			"I am sorry. Please send it again.\n\n" + seeDoctor
	default:
		return "No answer this time", "Something broke here, and your photo could not be looked " +
			"at. I am sorry. Please send it again in a few minutes.\n\n" + seeDoctor
	}
}

func judgement(a deepskin.Assessment) (title, text string) {
	var finding, next string
	switch a.Label {
	case deepskin.Malignant:
		title = "Higher risk: have a doctor look at it"
		finding = fmt.Sprintf("The model sees signs in this photo that it knows from malignant spots "+
			"(skin cancer or an early form of it). It puts the chance that this spot is malignant "+
			"at %s. The model warns early on purpose: a false alarm is better than a missed "+
			"cancer.", percent(a.Confidence))
		next = "Please show the spot to a doctor within two weeks. Go sooner if it bleeds, hurts or " +
			"grows. Many spots that get this answer turn out to be harmless, but a doctor needs " +
			"to check."
	case deepskin.Benign:
		title = "Lower risk"
		finding = fmt.Sprintf("To the model, this photo looks like photos of harmless spots. It "+
			"puts the chance that this spot is benign (harmless) at %s. That is not certain: the "+
			"model misses some cancers.", percent(a.Confidence))
		next = "Keep an eye on the spot. See a doctor if it changes in size, shape or colour, if it " +
			"bleeds or itches, if it looks different from your other spots, or if it worries you."
	default:
		title = "The model cannot tell"
		finding = fmt.Sprintf("The model sees signs of harmless spots and signs of malignant ones "+
			"(skin cancer or an early form of it). It puts the chance that this spot is malignant "+
			"at %s.", percent(a.Malignancy))
		next = "Please have a doctor look at it within a few weeks, sooner if it bleeds, hurts or " +
			"grows. You can also send a sharper photo, taken in daylight."
	}
	if a.Closer {
		finding += " The spot is small in this photo, so the model also looked at it from closer up."
	}
	return title, strings.Join([]string{finding, next, limits(a.Kind)}, "\n\n")
}

var problemWords = map[deepskin.Problem]string{
	deepskin.Empty: "The file is empty. Please send the photo again.",
	deepskin.TooManyBytes: "The file is larger than 20 MB. Please send a smaller one, or send it as " +
		"a picture instead of a file.",
	deepskin.HEIC: "The file is in Apple's HEIC format, which I cannot read. Please send it as a " +
		"picture instead of a file, or save it as JPEG first.",
	deepskin.UnknownFormat: "This is not a photo that I can read. Please send a JPEG, PNG or WebP " +
		"picture.",
	deepskin.TooManyPixels: "The picture is too large: it has over 50 megapixels, or takes too much " +
		"memory to open. Please send a smaller one, or cut out the part with the spot.",
	deepskin.Corrupt: "The file is damaged, or a part of it is missing. Please send the photo again.",
	deepskin.TooSmall: "The picture is too small. Please send a larger one, or take one from closer " +
		"up.",
	deepskin.TooDark:   "The photo is too dark. Please take it in daylight, near a window.",
	deepskin.TooBright: "The photo is too bright. Please take it without flash and out of direct sun.",
	deepskin.Blurred: "The photo is blurred. Hold the phone still, about a hand's width away, and " +
		"tap on the spot to focus.",
	deepskin.NotALesion: "This does not look like the close-up photos of skin spots that the model " +
		"knows. Please send a photo of one spot, in the middle, filling about a third of the photo.",
}

func refusal(problems []deepskin.Problem) (title, text string) {
	var words []string
	for _, p := range problems {
		// A worker of a newer version may know problems that have no words here.
		if w, ok := problemWords[p]; ok {
			words = append(words, w)
		}
	}
	words = append(words, "So I give no estimate for this photo. That says nothing about the spot, "+
		"good or bad. If it worries you, see a doctor.")
	return "I cannot judge this photo", strings.Join(words, "\n\n")
}

// followUp returns what is still to be asked about an answer.
func followUp(c deepskin.Case) (question string, buttons [][]Button) {
	v := c.Verdict
	switch {
	case v == nil:
		buttons = [][]Button{{
			{"👍 Right", data(verbAgree, c.ID)}, {"👎 Wrong", data(verbDispute, c.ID)},
		}}
	case v.Agrees:
		question = "You said that this answer is right. Thank you."
	case v.Truth == "":
		question = "You said that this answer is wrong. What was it?"
		buttons = [][]Button{
			{{"A doctor said benign", data(verbTruth, c.ID, string(deepskin.TruthBenign))}},
			{{"A doctor said malignant", data(verbTruth, c.ID, string(deepskin.TruthMalignant))}},
			{{"It is not a skin spot", data(verbTruth, c.ID, string(deepskin.TruthNoLesion))}},
			{{"I do not know", data(verbTruth, c.ID, string(deepskin.TruthUnknown))}},
		}
	case v.Keep == nil:
		question = "Thank you. May we keep the smaller copy of this photo, to improve the model? It " +
			"is stored without your name, and you can have it erased at any time."
		buttons = [][]Button{{
			{"Yes, keep it", data(verbKeep, c.ID, choiceYes)},
			{"No", data(verbKeep, c.ID, choiceNo)},
		}}
	case *v.Keep:
		question = "Thank you. What you told me and your photo will help to improve the model."
	default:
		question = "Thank you for telling me. I do not keep the photo."
	}
	if c.Assessment.Grid != nil {
		buttons = append(buttons, []Button{{"Where did the model look?", data(verbHeatmap, c.ID)}})
	}
	return question, buttons
}
