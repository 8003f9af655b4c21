package bot

import (
	"context"
	"fmt"

	"deepskin"
)

// Causes of failure, as they are kept with the case. Workers give causes of their own.
const (
	failureBusy      = "busy"
	failurePhotoGone = "photo gone"
	failureDeadline  = "deadline"
)

// settle takes what a worker made of a case. Results may come twice or late: only the first one
// that finds the case pending counts.
func (b *Bot) settle(ctx context.Context, r deepskin.Result) error {
	var next step
	var err error
	switch {
	case r.Assessment != nil:
		err = b.answer(ctx, r.Case, *r.Assessment)
	case r.Failure == failurePhotoGone:
		next = b.bring // the platform may still have it
	default:
		err = b.fail(ctx, r.Case, r.Failure)
	}
	if err != nil {
		b.unsteady() // it comes again
		return err
	}
	// In the background, so that one slow chat holds up nobody.
	b.advance(r.Case, next)
	return nil
}

// answer gives a pending case its one answer.
func (b *Bot) answer(ctx context.Context, id deepskin.CaseID, a deepskin.Assessment) error {
	answered, err := b.Store.Answer(ctx, id, a)
	if err != nil {
		return fmt.Errorf("answer case %s: %w", id, err)
	}
	if answered {
		b.Logger.Info("case answered", "case", id, "label", a.Label, "problems", a.Problems,
			"model", a.Model, "millis", a.Millis)
	}
	return nil
}

// refuse answers a photo that no worker needs to see. A waiting case hears of it once it has
// consent, when its photo is asked for again.
func (b *Bot) refuse(ctx context.Context, id deepskin.CaseID, problem deepskin.Problem) error {
	return b.answer(ctx, id, deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{problem},
	})
}

// fail gives a pending case up, which brings its sender an apology.
func (b *Bot) fail(ctx context.Context, id deepskin.CaseID, cause string) error {
	failed, err := b.Store.Fail(ctx, id, cause)
	if err != nil {
		return fmt.Errorf("fail case %s: %w", id, err)
	}
	if failed {
		b.Logger.Warn("case failed", "case", id, "cause", cause)
		b.erasePhoto(id)
	}
	return nil
}

// expire ends the wait for consent.
func (b *Bot) expire(ctx context.Context, id deepskin.CaseID) error {
	expired, err := b.Store.Expire(ctx, id)
	if err != nil {
		return fmt.Errorf("expire case %s: %w", id, err)
	}
	if expired {
		b.Logger.Info("case expired", "case", id)
		b.erasePhoto(id)
	}
	return nil
}
