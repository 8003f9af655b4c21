package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

const (
	// handlerTime bounds one try of the bot's with an event.
	handlerTime = 30 * time.Second
	// insistTime is for how long an event is handed over again that the bot could not keep.
	insistTime = 2 * time.Minute
	// maxDoublings bounds how much longer than the first the pauses in between get: people wait for the
	// next try once our store is back.
	maxDoublings = 2
	// maxHandled is how many events the bot handles at the same time.
	maxHandled = 32
	// maxHeld is how many events may wait for that. More are dropped.
	maxHeld = 2000
)

// A desk passes events to the bot, and sends what the bot returns.
type desk struct {
	adapter *Adapter
	handler bot.Handler
	// sending is the context of what goes out.
	sending context.Context
	held    chan struct{} // holds one element for each event
	handled chan struct{} // and for each that the bot handles
	events  sync.WaitGroup
	// seen are the events that came; after a connection was lost some come twice.
	seen   *recent
	missed *missed
}

func newDesk(sending context.Context, a *Adapter, h bot.Handler) *desk {
	return &desk{
		adapter: a, handler: h, sending: sending, seen: newRecent(), missed: newMissed(a.config.Channels, time.Now().Add(-a.config.LookBack)),
		held: make(chan struct{}, maxHeld), handled: make(chan struct{}, maxHandled),
	}
}

// wait returns when all events have been handled. None must be taken any more.
func (d *desk) wait() { d.events.Wait() }

// take takes an event of the gateway, and handles it in the background.
func (d *desk) take(kind string, data json.RawMessage) {
	switch kind {
	case "MESSAGE_CREATE":
		d.start(func() { d.messageCreated(data) })
		d.noteMessage(data)
	case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK":
		d.noteDeleted(data)
	case "INTERACTION_CREATE":
		d.start(func() { d.interactionCreated(data) })
	default:
		return
	}
	d.adapter.metrics.Updates.Inc()
}

// start does something about an event in the background. A bug that one event wakes must not stop the
// bot for everybody. A panic's value may quote the event, so only its type is logged.
func (d *desk) start(do func()) {
	select {
	case d.held <- struct{}{}:
	default:
		d.adapter.config.Logger.ErrorContext(d.sending, "an event is dropped: too many wait")
		return
	}
	d.events.Go(func() {
		defer func() { <-d.held }()
		defer func() {
			if p := recover(); p != nil {
				d.adapter.config.Logger.ErrorContext(d.sending, "an event caused a panic and is passed over",
					"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			}
		}()
		do()
	})
}

// decode reads an event. What cannot be read is passed over.
func (d *desk) decode(data json.RawMessage, into any) bool {
	if err := json.Unmarshal(data, into); err != nil {
		d.adapter.config.Logger.ErrorContext(d.sending, "an event is passed over: it has an unexpected form", "error", fmt.Sprintf("%T", err))
		return false
	}
	return true
}

// messageCreated handles a message that somebody wrote.
func (d *desk) messageCreated(data json.RawMessage) {
	var m discordgo.Message
	if d.decode(data, &m) {
		d.message(&m)
	}
}

func (d *desk) message(m *discordgo.Message) {
	if !d.seen.add(m.ID) {
		return
	}
	for _, message := range d.adapter.read(m) {
		var reply bot.Reply
		err := d.insist(func(ctx context.Context) (err error) {
			reply, err = d.handler.Message(ctx, message)
			return err
		})
		if err != nil || d.sending.Err() != nil {
			return
		}
		to := message.At
		if message.Photo == nil {
			// Only among photos does it matter which one is meant.
			to.Message = ""
		}
		d.send(to, &reply)
	}
}

// insist hands something to the bot until it is kept, for a while.
func (d *desk) insist(hand func(ctx context.Context) error) error {
	select {
	case d.handled <- struct{}{}:
		defer func() { <-d.handled }()
	case <-d.sending.Done():
		return d.sending.Err()
	}
	patience, cancel := context.WithTimeout(d.sending, insistTime)
	defer cancel()
	for failures := 0; ; failures++ {
		err := d.handOnce(hand)
		if err == nil || d.sending.Err() != nil {
			return err
		}
		wait := d.adapter.pauses.After(min(failures, maxDoublings))
		if remote.SleepWithin(patience, wait) != nil {
			d.adapter.config.Logger.ErrorContext(d.sending, "an event could not be kept and is given up", "error", err)
			return err
		}
		d.adapter.config.Logger.WarnContext(d.sending, "an event could not be kept and is tried again", "error", err, "wait", wait)
	}
}

func (d *desk) handOnce(hand func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(d.sending, handlerTime)
	defer cancel()
	return hand(ctx)
}

func (d *desk) send(to deepskin.Address, r *bot.Reply) {
	if r == nil || r.Empty() {
		return
	}
	_, err := d.adapter.Send(d.sending, to, *r)
	d.report("a reply could not be sent", err, r.Case)
}

func (d *desk) report(what string, err error, about deepskin.CaseID) {
	if err != nil && d.sending.Err() == nil {
		d.adapter.config.Logger.WarnContext(d.sending, "call of discord failed", "what", what, "case", about, "error", err)
	}
}
