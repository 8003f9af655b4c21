package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// Causes of failure, as they are kept with the case.
const (
	failureBusy      = "busy"
	failurePhotoGone = "photo gone"
	failureDeadline  = "deadline"
)

// settle turns a result into the case's one answer and sends it on its way. Results may come
// twice or late: only the first one that finds the case pending counts.
func (b *Bot) settle(ctx context.Context, r deepskin.Result) error {
	if r.Assessment == nil {
		return b.fail(ctx, deepskin.Case{ID: r.Case}, r.Failure)
	}
	settled, err := b.Store.Answer(ctx, r.Case, *r.Assessment)
	if err != nil {
		return fmt.Errorf("answer case %s: %w", r.Case, err)
	}
	if settled {
		b.Logger.Info("case answered", "case", r.Case, "label", r.Assessment.Label,
			"problems", r.Assessment.Problems, "model", r.Assessment.Model,
			"millis", r.Assessment.Millis)
		b.announce(r.Case)
	}
	return nil
}

// fail gives a pending case up, which brings its sender an apology.
func (b *Bot) fail(ctx context.Context, c deepskin.Case, cause string) error {
	failed, err := b.Store.Fail(ctx, c.ID, cause)
	if err != nil {
		return fmt.Errorf("fail case %s: %w", c.ID, err)
	}
	if failed {
		b.Logger.Warn("case failed", "case", c.ID, "cause", cause)
		b.announce(c.ID)
	}
	return nil
}

// announce delivers a settled case in the background, so that one slow chat holds up nobody. It
// waits for whoever brings the case forward now: the answer edits the acknowledgement.
func (b *Bot) announce(id deepskin.CaseID) {
	b.work.Go(func() {
		if !b.cases.lock(b.background, id) {
			return
		}
		defer b.cases.unlock(id)
		if err := b.deliver(b.background, id); err != nil {
			b.Logger.Warn("answer was not delivered", "case", id, "error", err)
		}
	})
}

// deliver brings a settled case's words to its sender and notes it.
func (b *Bot) deliver(ctx context.Context, id deepskin.CaseID) error {
	c, err := b.Store.Case(ctx, id)
	if errors.Is(err, deepskin.ErrNotFound) || (err == nil && !c.Delivered.IsZero()) {
		return nil // forgotten, or delivered by somebody else
	}
	if err != nil {
		return fmt.Errorf("look up case %s: %w", id, err)
	}
	adapter := b.adapters[c.Platform]
	err = b.post(ctx, adapter, c)
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		b.Logger.Info("nobody is there to take the answer", "case", id)
	case err != nil && b.Now().Sub(c.Created) < deliveryLimit:
		return fmt.Errorf("deliver case %s: %w", id, err)
	case err != nil:
		b.Logger.Error("answer was given up", "case", id, "error", err)
	}
	if err := b.Store.Delivered(ctx, id, b.Now()); err != nil {
		return fmt.Errorf("note delivery of case %s: %w", id, err)
	}
	return nil
}

// post edits the acknowledgement into the answer, or sends the answer as a message of its own
// where the acknowledgement is missing or so old that an edit would go unnoticed.
func (b *Bot) post(ctx context.Context, adapter Adapter, c deepskin.Case) error {
	reply := answer(c)
	late := b.Now().Sub(b.promised(c)) > quietEdit
	if c.Acknowledged && !late {
		err := adapter.Edit(ctx, c.Address, reply)
		if !errors.Is(err, deepskin.ErrNotFound) {
			return err
		}
	}
	to := c.Address
	if c.Acknowledged {
		to.Message = "" // what it would reply to is about to go, or gone
	}
	at, err := adapter.Send(ctx, to, reply)
	if err != nil {
		return err
	}
	if err := b.Store.SetAddress(ctx, c.ID, at); err != nil {
		return err
	}
	if c.Acknowledged {
		if err := adapter.Delete(ctx, c.Address); err != nil {
			b.Logger.Info("acknowledgement stays", "case", c.ID, "error", err)
		}
	}
	return nil
}

// promised returns when the sender was promised an answer: when the photo came, or consent.
func (b *Bot) promised(c deepskin.Case) time.Time { return c.Deadline.Add(-b.Deadline) }
