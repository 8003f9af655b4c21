package telegram

import (
	"sync"
	"time"

	"deepskin/bot"
)

// questionTime is for how long what somebody writes is taken for the answer to a question.
const questionTime = 10 * time.Minute

// A question is a press on a button that needs a text.
type question struct {
	press bot.Press
	until time.Time
}

// questions are those that wait for their answers, by private chat: Telegram has no forms, so what
// somebody writes next is the answer. A restart forgets them. Then the button can be pressed again.
type questions struct {
	mu   sync.Mutex
	open map[string]question
}

// ask notes that a press needs a text.
func (q *questions) ask(p bot.Press) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for chat, other := range q.open {
		if time.Now().After(other.until) {
			delete(q.open, chat)
		}
	}
	if q.open == nil {
		q.open = map[string]question{}
	}
	p.Text = ""
	q.open[p.At.Chat] = question{press: p, until: time.Now().Add(questionTime)}
}

// end forgets what was asked in a chat and returns it; false where nothing was.
func (q *questions) end(chat string) (bot.Press, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	asked, ok := q.open[chat]
	delete(q.open, chat)
	return asked.press, ok && time.Now().Before(asked.until)
}

// prompt is how a question is asked.
func prompt(q *bot.Question) *bot.Reply {
	return &bot.Reply{Title: q.Title, Text: q.Label + "\n" + q.Placeholder}
}
