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
func (b *Bot) settle(ctx context.Context, platform string, r deepskin.Result) error {
	c := deepskin.Case{ID: r.Case, Platform: platform}
	var next step
	var err error
	switch {
	case r.Assessment != nil:
		err = b.answer(ctx, c, *r.Assessment)
	case r.Failure == failurePhotoGone:
		next = b.bring // the platform may still have it
	default:
		err = b.fail(ctx, c, r.Failure)
	}
	if err != nil {
		b.unsteady() // it comes again
		return err
	}
	// In the background, so that one slow chat holds up nobody.
	b.advance(ctx, platform, r.Case, next)
	return nil
}

// answer gives a pending case its one answer.
func (b *Bot) answer(ctx context.Context, c deepskin.Case, a deepskin.Assessment) error {
	answered, err := b.Store.Answer(ctx, c.ID, a)
	if err != nil {
		return fmt.Errorf("answer case %s: %w", c.ID, err)
	}
	if answered {
		b.metrics.answered(c.Platform, a)
		b.Logger.Info("case answered", "case", c.ID, "label", a.Label, "problems", a.Problems,
			"model", a.Model, "millis", a.Millis)
	}
	return nil
}

// refuse answers a photo that no worker needs to see. A waiting case hears of it once it has
// consent, when its photo is asked for again.
func (b *Bot) refuse(ctx context.Context, c deepskin.Case, problem deepskin.Problem) error {
	return b.answer(ctx, c, deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{problem},
	})
}

// fail gives a pending case up, which brings its sender an apology.
func (b *Bot) fail(ctx context.Context, c deepskin.Case, cause string) error {
	failed, err := b.Store.Fail(ctx, c.ID, cause)
	if err != nil {
		return fmt.Errorf("fail case %s: %w", c.ID, err)
	}
	if failed {
		b.metrics.outcome(c.Platform, outcomeFailed)
		b.Logger.Warn("case failed", "case", c.ID, "cause", cause)
		b.erasePhoto(c.Platform, c.ID)
	}
	return nil
}

// expire ends the wait for consent.
func (b *Bot) expire(ctx context.Context, c deepskin.Case) error {
	expired, err := b.Store.Expire(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("expire case %s: %w", c.ID, err)
	}
	if expired {
		b.metrics.outcome(c.Platform, outcomeExpired)
		b.Logger.Info("case expired", "case", c.ID)
		b.erasePhoto(c.Platform, c.ID)
	}
	return nil
}
