package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"deepskin"
	"deepskin/bot/words"
	"deepskin/internal/tracing"
)

const (
	// allowTime bounds how long a handler waits to hear whether a sender sent too much.
	allowTime = time.Second
	// busyWait is when a photo may come again for which Redis had no room.
	busyWait = 5 * time.Minute
	// busyStep is to what waits are rounded up that people are told.
	busyStep = 5 * time.Second
)

// Message implements Handler.
func (b *Bot) Message(ctx context.Context, m Message) (Reply, error) {
	w := b.speak(ctx, m.Sender, m.Language)
	reply, err := b.reply(ctx, w, m)
	if !reply.Empty() {
		reply.Language = w.Language()
	}
	return reply, err
}

func (b *Bot) reply(ctx context.Context, w words.Words, m Message) (Reply, error) {
	switch {
	case m.OthersPhoto:
		return othersPhoto(w), nil
	case m.Photo != nil:
		return b.takePhoto(ctx, w, m)
	}
	if m.Command == "stats" && b.fromTeam(m) {
		return b.stats(ctx, w)
	}
	if m.Command == "team" && b.team.Chat != "" && m.At.Platform == b.team.Platform {
		return b.teamPages(ctx, w, m)
	}
	switch m.Command {
	case "start":
		return welcome(w), nil
	case "privacy":
		return privacy(w, b.Retention, b.PhotoRetention), nil
	case "delete":
		return b.forgetSender(ctx, w, m.Sender)
	case "language":
		return chooseLanguage(w), nil
	case "about":
		return about(w, b.About()), nil
	default:
		return help(w), nil
	}
}

// takePhoto writes the case before anything is acknowledged, and brings it on its way.
func (b *Bot) takePhoto(ctx context.Context, w words.Words, m Message) (_ Reply, err error) {
	ctx, span := b.Tracer.Start(ctx, "receive photo", "", m.Sender.Platform)
	defer func() { span.End(err) }()
	agreed, err := b.hasAgreed(ctx, m)
	if err != nil {
		return Reply{}, err
	}
	now := b.Now()
	fresh := deepskin.NewCase{
		ID: deepskin.NewCaseID(), Sender: m.Sender, Event: m.Event,
		Status: deepskin.Pending, Created: now, Deadline: now.Add(b.Deadline),
		Address: m.At, Source: m.Photo.Source, Album: m.Album, Language: w.Language(),
	}
	if !agreed && m.Photo.Problem == "" { // what nobody will look at needs no consent
		fresh.Status, fresh.Deadline = deepskin.Waiting, now.Add(b.ConsentWait)
	}
	c, added, err := b.addCase(ctx, fresh)
	if err != nil {
		return Reply{}, fmt.Errorf("write the case: %w", err)
	}
	span.Case(c.ID)
	span.Outcome(string(c.Status))
	if added {
		// Only now, so that an event that comes twice counts once.
		if wait := b.overLimit(ctx, m, c.ID); wait > 0 {
			span.Outcome(outcomeLimited)
			b.metrics.outcome(c.Platform, outcomeLimited)
			return b.turnAway(ctx, m.Sender, c, tooMany(w, wait, c.Album != ""))
		}
		if wait := b.overload(ctx, m, c.ID); wait > 0 {
			span.Outcome(outcomeBusy)
			b.metrics.outcome(c.Platform, outcomeBusy)
			return b.turnAway(ctx, m.Sender, c, busy(w, wait, c.Album != ""))
		}
	}
	next := b.bring
	switch {
	case m.Photo.Problem != "":
		next = func(ctx context.Context, c deepskin.Case) error {
			return b.refuse(ctx, c, m.Photo.Problem)
		}
	case m.Photo.Bytes != nil && isOpen(c):
		// Nobody else has these bytes: they are in Redis before the sender is told.
		err := b.hold(ctx, c, m.Photo.Bytes)
		if err != nil && added {
			span.Outcome(outcomeBusy)
			return b.giveBack(ctx, w, m.Sender, c, err)
		}
		if err != nil {
			return Reply{}, err
		}
		next = nil
	}
	if added {
		b.advance(ctx, c.Platform, c.ID, b.begin(next))
	}
	// Of an event that came twice, the sweep sees to whatever is missing, except for the question.
	if c.Status == deepskin.Waiting {
		return b.ask(ctx, w, m.Sender, c.ID)
	}
	return Reply{Case: c.ID}, nil
}

// addCase writes a new case, or finds the one that the same event made before.
func (b *Bot) addCase(ctx context.Context, fresh deepskin.NewCase) (c deepskin.Case, added bool, err error) {
	ctx, span := tracing.Child(ctx, "store case")
	defer func() { span.End(err) }()
	return b.Store.AddCase(ctx, fresh)
}

// hasAgreed reports whether the sender allows photos to be looked at.
func (b *Bot) hasAgreed(ctx context.Context, m Message) (bool, error) {
	agreed, err := b.Store.HasConsent(ctx, m.Sender)
	if err != nil {
		return false, fmt.Errorf("look up consent: %w", err)
	}
	if !agreed && m.Consent {
		if err := b.release(ctx, m.Sender); err != nil {
			return false, err
		}
	}
	return agreed || m.Consent, nil
}

// overLimit returns how long the sender has to wait, zero for not at all. Where Redis cannot
// count, nobody is turned away for it.
func (b *Bot) overLimit(ctx context.Context, m Message, id deepskin.CaseID) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, allowTime)
	defer cancel()
	wait, err := b.Queue.Allow(ctx, deepskin.Origin{Sender: m.Sender, Chat: m.At.Chat, Network: m.Network})
	if err != nil {
		b.Logger.Warn("limits were not checked", "case", id, "error", err)
		return 0
	}
	return wait
}

// overload returns how long a photo has to stay away because it could not be answered by its
// deadline, zero where it could: until it would be answered in half that time. Where nobody can
// tell, photos are taken.
func (b *Bot) overload(ctx context.Context, m Message, id deepskin.CaseID) time.Duration {
	if m.Photo.Problem != "" {
		return 0 // no worker needs to see it
	}
	expected := b.expectedWait(ctx, id)
	if expected <= b.Deadline-b.apologyLead() {
		return 0
	}
	return (expected - b.Deadline/2 + busyStep - 1).Truncate(busyStep)
}

// expectedWait returns how long a photo that comes now will wait, zero where nobody can tell.
func (b *Bot) expectedWait(ctx context.Context, id deepskin.CaseID) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, allowTime)
	defer cancel()
	expected, err := b.Queue.ExpectedWait(ctx)
	if err != nil {
		b.Logger.Warn("the wait of a photo is not known", "case", id, "error", err)
		return 0
	}
	return expected
}

// turnAway takes back a case of which nobody has heard yet. Of an album, the sender is told once.
func (b *Bot) turnAway(
	ctx context.Context, sender deepskin.Sender, c deepskin.Case, reply Reply,
) (Reply, error) {
	// Also where the sender has hung up.
	ctx = context.WithoutCancel(ctx)
	if err := b.ForgetCase(ctx, sender, c.ID); err != nil {
		return Reply{}, fmt.Errorf("take back a case: %w", err)
	}
	if c.Album == "" {
		return reply, nil
	}
	b.withoutOne(ctx, c)
	if !b.crowded.once(c.Album, b.Now()) {
		return Reply{}, nil
	}
	return reply, nil
}

// giveBack takes back a case whose bytes Redis did not take.
func (b *Bot) giveBack(
	ctx context.Context, w words.Words, sender deepskin.Sender, c deepskin.Case, cause error,
) (Reply, error) {
	reply, err := b.turnAway(ctx, sender, c, busy(w, busyWait, c.Album != ""))
	if errors.Is(cause, deepskin.ErrBusy) {
		b.metrics.outcome(sender.Platform, outcomeBusy)
		return reply, err
	}
	return Reply{}, errors.Join(cause, err)
}

// begin acknowledges a photo that is to be looked at, at intake or with the consent, and takes
// the next step with it meanwhile; nil for none.
func (b *Bot) begin(next step) step {
	return func(ctx context.Context, c deepskin.Case) error {
		var acknowledging sync.WaitGroup
		defer acknowledging.Wait() // the answer edits what is being sent
		if c.Status == deepskin.Pending && !c.Acknowledged {
			acknowledging.Go(func() {
				ctx, span := tracing.Child(ctx, "acknowledge")
				defer span.End(nil)
				b.acknowledge(ctx, c)
			})
		}
		if next == nil {
			return nil
		}
		return next(ctx, c)
	}
}

// acknowledge tells the sender that the photo has come. Where that fails, the answer will be the
// first that they hear.
func (b *Bot) acknowledge(ctx context.Context, c deepskin.Case) {
	if c.Album != "" {
		b.acknowledgeAlbum(ctx, c)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, quietEdit)
	defer cancel()
	b.announce(ctx, c, looking(words.For(c.Language), c.ID, b.expectedWait(ctx, c.ID)))
}

// announce sends an acknowledgement and makes it the case's address.
func (b *Bot) announce(ctx context.Context, c deepskin.Case, r Reply) {
	at, err := b.adapters[c.Platform].Send(ctx, c.Address, r)
	if err != nil {
		b.Logger.Warn("acknowledgement was not sent", "case", c.ID, "error", err)
		return
	}
	at.ReplyTo = c.Address.Message
	if err := b.Store.SetAddress(ctx, c.ID, at); err != nil {
		b.Logger.Warn("acknowledgement is taken back", "case", c.ID, "error", err)
		b.unsend(c.ID, at)
	}
}
