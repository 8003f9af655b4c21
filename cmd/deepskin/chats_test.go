package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/telegram/telegramtest"
)

// A chat is somebody's conversation with the bot on a platform.
type chat interface {
	// platform is the platform's name.
	platform() string
	// send sends a photo and returns its name.
	send(photo []byte) string
	// says returns what the bot has said of each photo.
	says() map[string]thread
	// press presses a button of a message. That may get lost where nobody is there.
	press(m said, data string)
	// unknown is how many messages the bot sent without hearing of it.
	unknown() int
	// secrets are what must be in no log.
	secrets() []string
}

// said is a message of the bot.
type said struct {
	id string
	// shown is all that it has shown, its present content last.
	shown   []showing
	deleted bool
}

// A showing is what a message showed from some moment on.
type showing struct {
	at      time.Time
	text    string
	buttons []string // their data
}

// now is what the message shows; nothing where it was deleted.
func (s said) now() showing {
	if s.deleted || len(s.shown) == 0 {
		return showing{}
	}
	return s.shown[len(s.shown)-1]
}

// action returns the data of the button for an action that it shows, "agree" say; empty where there is
// none.
func (s said) action(verb, choice string) string {
	for _, b := range s.now().buttons {
		if strings.HasPrefix(b, verb+":") && strings.HasSuffix(b, choice) {
			return b
		}
	}
	return ""
}

// ever returns when the message first showed a text of a kind; zero where it never did.
func (s said) ever(kind func(string) bool) time.Time {
	for _, shown := range s.shown {
		if kind(shown.text) {
			return shown.at
		}
	}
	return time.Time{}
}

// A thread is what the bot has said of a photo.
type thread []said

// An outcome is what became of a photo, as its sender sees it.
type outcome struct {
	// told is when there was an answer or an apology; zero while there is none.
	told time.Time
	// sorry says that it was an apology.
	sorry bool
	// tooMany is how many answers and apologies are one too many.
	tooMany int
	// turnedAway says that the photo was not taken.
	turnedAway bool
	// heard says that the bot has said anything.
	heard bool
}

// outcome reads what became of a photo. What was said and deleted since counts only if nothing else of
// the kind stands: an answer whose delivery could not be noted is sent again, and the first is removed.
func (t thread) outcome() (o outcome) {
	standing := 0
	answered, sorry := false, false
	for _, m := range t {
		o.heard = true
		if isTurnedAway(m.now().text) {
			o.turnedAway = true
		}
		if text := m.now().text; isAnswer(text) || isApology(text) {
			standing++
		}
		for _, kind := range []struct {
			is   func(string) bool
			seen *bool
		}{{isAnswer, &answered}, {isApology, &sorry}} {
			at := m.ever(kind.is)
			if at.IsZero() {
				continue
			}
			*kind.seen = true
			if o.told.IsZero() || at.Before(o.told) {
				o.told = at
			}
		}
	}
	o.sorry = sorry && !answered
	o.tooMany = max(0, standing-1)
	if answered && sorry {
		o.tooMany++
	}
	return o
}

func isAnswer(text string) bool {
	return strings.Contains(text, "from one photo, not a diagnosis") || strings.Contains(text, "I give no estimate for this photo")
}

func isApology(text string) bool { return strings.Contains(text, "do not wait for me") }

func isTurnedAway(text string) bool {
	return strings.Contains(text, "Too much to do right now") && !isApology(text)
}

func isQuestion(text string) bool { return strings.Contains(text, "May I look at your photos?") }

func isThanks(text string) bool {
	return strings.Contains(text, "Thank you. I may look at your photos now.")
}

func isJudged(text string) bool { return strings.Contains(text, "You said that this answer is right") }

// An inTelegram is a private chat in Telegram.
type inTelegram struct {
	fake *telegramtest.Server
	id   int64
}

func (c inTelegram) platform() string { return "telegram" }

func (c inTelegram) send(photo []byte) string {
	return strconv.Itoa(c.fake.SendPhoto(c.id, c.id, photo).ID)
}

func (c inTelegram) says() map[string]thread {
	threads := map[string]thread{}
	for photo, messages := range c.fake.Threads(c.id) {
		for _, m := range messages {
			s := said{id: strconv.Itoa(m.ID), deleted: m.Deleted}
			for _, shown := range m.Shown {
				s.shown = append(s.shown, showing{shown.At, shown.Text, dataOf(shown.Buttons, func(b telegramtest.Button) string { return b.Data })})
			}
			threads[strconv.Itoa(photo)] = append(threads[strconv.Itoa(photo)], s)
		}
	}
	return threads
}

func (c inTelegram) press(m said, data string) {
	id, _ := strconv.Atoi(m.id) // it was made from a number
	c.fake.Press(c.id, telegramtest.Message{Chat: c.id, ID: id}, data)
}

func (c inTelegram) unknown() int { return c.fake.Unknown(c.id) }

func (c inTelegram) secrets() []string { return []string{strconv.FormatInt(c.id, 10)} }

// An inDiscord is somebody's direct messages in Discord.
type inDiscord struct {
	fake   *discordtest.Server
	person *discordtest.Person
}

func (c inDiscord) platform() string { return "discord" }

func (c inDiscord) send(photo []byte) string {
	return c.person.Send(c.person.DM(), "", discordtest.File{Name: "lesion.jpg", Data: photo}).ID
}

func (c inDiscord) says() map[string]thread {
	threads := map[string]thread{}
	for photo, messages := range c.fake.Threads(c.person.DM()) {
		for _, m := range messages {
			s := said{id: m.ID, deleted: m.Deleted}
			for _, shown := range m.Shown {
				s.shown = append(s.shown, showing{shown.At, shown.Text, dataOf(shown.Buttons, func(b discordtest.Button) string { return b.CustomID })})
			}
			threads[photo] = append(threads[photo], s)
		}
	}
	return threads
}

// press does not look whether the button is still there: the bot may just have taken it away.
func (c inDiscord) press(m said, data string) {
	c.person.Forge(discordtest.Message{ID: m.id}, data)
}

func (c inDiscord) unknown() int { return c.fake.Unknown(c.person.DM()) }

func (c inDiscord) secrets() []string { return []string{c.person.ID, c.person.DM().ID} }

func dataOf[Button any](rows [][]Button, data func(Button) string) []string {
	var list []string
	for _, b := range slices.Concat(rows...) {
		list = append(list, data(b))
	}
	return list
}

// caseOf returns the case that a message's buttons name, or named; empty where it never had any.
func caseOf(m said) deepskin.CaseID {
	for _, shown := range m.shown {
		for _, b := range shown.buttons {
			if parts := strings.Split(b, ":"); len(parts) > 1 {
				return deepskin.CaseID(parts[1])
			}
		}
	}
	return ""
}
