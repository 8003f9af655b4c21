package bot

import (
	"strconv"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// numbered is a case of an album with its place there, from 1.
type numbered struct {
	deepskin.Case
	place int
}

// numbersInARow is how many numbered buttons stand next to each other.
const numbersInARow = 5

func lookingAtAll(w words.Words, id deepskin.CaseID, photos int, wait time.Duration) Reply {
	r := looking(w, id, wait)
	if photos > 1 {
		r.Text = w.Fill("album.looking", words.Data{"N": photos})
	}
	return r
}

// summary says of several photos what was found in each, then what to do by the most serious of
// the answers, and what they cannot know.
func summary(w words.Words, id deepskin.CaseID, album []numbered) Reply {
	r := Reply{Case: id, Language: w.Language()}
	labels := map[deepskin.Label]bool{}
	expired := 0
	for i, n := range album {
		if i > 0 {
			r.Text += "\n"
		}
		r.Text += line(w, n)
		switch n.Status {
		case deepskin.Expired:
			expired++
		case deepskin.Answered:
			if !n.Assessment.Refused() {
				labels[n.Assessment.Label] = true
			}
			addNumber(&r, n)
		}
	}
	if expired == len(album) {
		r.Text = w.Say("album.all_expired")
		return r
	}
	r.Title = w.Fill("album.title", words.Data{"N": len(album)})
	switch {
	case labels[deepskin.Malignant]:
		r.Text = paragraphs(r.Text, w.Say("album.next_malignant"), w.Say("album.limits"))
	case labels[deepskin.Inconclusive]:
		r.Text = paragraphs(r.Text, w.Say("album.next_unsure"), w.Say("album.limits"))
	case labels[deepskin.Benign]:
		r.Text = paragraphs(r.Text, w.Say("album.next_benign"), w.Say("album.limits"))
	default:
		r.Text = paragraphs(r.Text, w.Say("album.next_none"))
	}
	if r.Buttons != nil {
		r.Text = paragraphs(r.Text, w.Say("album.more"))
	}
	return r
}

// line is what a summary says of one photo.
func line(w words.Words, n numbered) string {
	photo := words.Data{"N": n.place}
	if n.Status != deepskin.Answered {
		switch {
		case n.Status == deepskin.Expired:
			return w.Fill("album.expired", photo)
		case n.Failure == failureBusy:
			photo["Wait"] = w.Roughly(busyWait)
			return w.Fill("album.busy", photo)
		default:
			return w.Fill("album.failed", photo)
		}
	}
	a := n.Assessment
	photo["Level"] = level(w, a.Confidence)
	switch {
	case a.Refused():
		photo["Reason"] = reason(w, a.Problems)
		return w.Fill("album.refused", photo)
	case a.Label == deepskin.Malignant:
		return w.Fill("album.malignant", photo)
	case a.Label == deepskin.Benign:
		return w.Fill("album.benign", photo)
	default:
		return w.Fill("album.unsure", photo)
	}
}

// reason is the first of the problems that has words here; the full refusal has them all.
func reason(w words.Words, problems []deepskin.Problem) string {
	for _, p := range problems {
		if message, ok := problemWords[p]; ok {
			return w.Say(message)
		}
	}
	return ""
}

// addNumber adds the button that opens a photo's full answer.
func addNumber(r *Reply, n numbered) {
	last := len(r.Buttons) - 1
	if last < 0 || len(r.Buttons[last]) == numbersInARow {
		r.Buttons = append(r.Buttons, nil)
		last++
	}
	r.Buttons[last] = append(r.Buttons[last], Button{Label: strconv.Itoa(n.place), Data: data(verbShow, n.ID)})
}
