package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/bot"
)

const (
	// messageTime and pressTime bound how long the bot may take over one update, while all
	// later ones wait. A pressed button shows that it is busy for all of that time.
	messageTime = 30 * time.Second
	pressTime   = 5 * time.Second
	// maxAnswers is how many presses are being answered at once; more hold up the updates.
	maxAnswers = 32
)

// A desk passes updates to the bot and sends what the bot returns.
type desk struct {
	adapter *Adapter
	handler bot.Handler
	reader  *reader
	// sending is the context of what goes out.
	sending context.Context
	replies *outbox
	answers errgroup.Group
	// questions wait for what people write next.
	questions questions
}

func newDesk(sending context.Context, a *Adapter, h bot.Handler, self identity) *desk {
	d := &desk{adapter: a, handler: h, reader: &reader{self: self}, sending: sending, replies: newOutbox()}
	d.answers.SetLimit(maxAnswers)
	return d
}

// wait returns when all that goes out has gone.
func (d *desk) wait() {
	_ = d.answers.Wait() // its functions log their errors and return none
	d.replies.wait()
}

// take hands an update to the bot. Nil means that it need not come again: the bot has kept it, or
// there is nothing that the bot could make of it.
func (d *desk) take(ctx context.Context, update json.RawMessage) (err error) {
	// A bug that one update wakes must not stop the bot for everybody, again at every restart. A
	// panic's value may quote the message, so only its type is logged.
	defer func() {
		if p := recover(); p != nil {
			d.adapter.log.ErrorContext(ctx, "an update caused a panic and is passed over",
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = nil
		}
	}()
	in, err := d.reader.read(update)
	if err != nil {
		d.adapter.log.ErrorContext(ctx, "an update is passed over", "error", err)
		return nil
	}
	switch {
	case in.message != nil:
		return d.said(ctx, *in.message, in.text)
	case in.press != nil:
		return d.press(ctx, *in.press, in.query)
	case in.query != "":
		d.answer(in.query, "")
	case in.presence != nil:
		d.adapter.absent.note(in.presence.chat, in.presence.gone)
	}
	return nil
}

// said handles a message: the answer to a question, or anything else, which ends the question.
func (d *desk) said(ctx context.Context, m bot.Message, text string) error {
	p, asked := d.questions.end(m.At.Chat)
	if !asked || text == "" {
		return d.message(ctx, m)
	}
	p.Text = text
	err := d.press(ctx, p, "")
	if err != nil {
		d.questions.ask(p) // the text comes again
	}
	return err
}

func (d *desk) message(ctx context.Context, m bot.Message) error {
	ctx, cancel := context.WithTimeout(ctx, messageTime)
	defer cancel()
	d.adapter.absent.note(m.At.Chat, false) // where people write, the bot is
	reply, err := d.handler.Message(ctx, m)
	if err != nil {
		return fmt.Errorf("hand over a message: %w", err)
	}
	if leaseLost(ctx) {
		return nil // the update comes again, to the process that may reply
	}
	to := m.At
	if m.Photo == nil && !isGroup(to.Chat) {
		// Only among photos, and people, does it matter which one is meant.
		to.Message = ""
	}
	if !reply.Empty() {
		d.reply(to.Chat, reply.Case, func() { d.send(to, &reply) })
	}
	return nil
}

// press hands a press to the bot. It has no query where it was completed by a text: then what is for
// the presser's eyes is a message in their chat.
func (d *desk) press(ctx context.Context, p bot.Press, query string) error {
	ctx, cancel := context.WithTimeout(ctx, pressTime)
	defer cancel()
	reply, err := d.handler.Press(ctx, p)
	if err != nil {
		return fmt.Errorf("hand over a press: %w", err)
	}
	if leaseLost(ctx) {
		return nil
	}
	if reply.Ask != nil && !isGroup(p.At.Chat) {
		d.questions.ask(p)
		reply.Notice, reply.Send = "", prompt(reply.Ask)
	}
	if query != "" {
		// The answer does not wait for the chat's turn: until it comes, the button looks busy.
		d.answer(query, reply.Notice)
	} else if reply.Send == nil && reply.Notice != "" {
		reply.Send = &bot.Reply{Text: reply.Notice}
	}
	if reply.Edit != nil || reply.Send != nil {
		var about deepskin.CaseID
		for _, r := range []*bot.Reply{reply.Edit, reply.Send} {
			if r != nil && r.Case != "" {
				about = r.Case
			}
		}
		d.reply(p.At.Chat, about, func() {
			d.edit(p.At, reply.Edit)
			d.send(p.At, reply.Send)
		})
	}
	return nil
}

// reply lets send, which may be about a case, run in the chat's order.
func (d *desk) reply(chat string, about deepskin.CaseID, send func()) {
	if !d.replies.add(chat, send) {
		d.adapter.log.WarnContext(d.sending, "a reply is dropped: too many wait for the same chat", "case", about)
	}
}

func (d *desk) send(to deepskin.Address, r *bot.Reply) {
	if r == nil {
		return
	}
	_, err := d.adapter.Send(d.sending, to, *r)
	d.report("a reply could not be sent", err, r.Case)
}

// edit replaces a message, or sends a new one where that one cannot be edited any more.
func (d *desk) edit(at deepskin.Address, r *bot.Reply) {
	if r == nil {
		return
	}
	err := d.adapter.Edit(d.sending, at, *r)
	if errors.Is(err, deepskin.ErrNotFound) {
		d.send(at, r)
		return
	}
	d.report("a message could not be edited", err, r.Case)
}

// answer tells the presser's app that the press has arrived.
func (d *desk) answer(query, notice string) {
	p := tgbotapi.Params{"callback_query_id": query}
	p.AddNonEmpty("text", cut(notice, maxNotice))
	d.answers.Go(func() error {
		_, err := d.adapter.alone(d.sending, call{method: "answerCallbackQuery", params: p, repeatable: true})
		if !errors.Is(err, errQueryTooOld) {
			d.report("a press could not be answered", err, "")
		}
		return nil
	})
}

func (d *desk) report(what string, err error, about deepskin.CaseID) {
	if err != nil {
		d.adapter.log.WarnContext(d.sending, "call of telegram failed", "what", what, "case", about, "error", err)
	}
}
