package bot

import (
	"context"
	"errors"
	"time"

	"deepskin"
	"deepskin/internal/tracing"
)

const (
	// stepLimit bounds one step of a case, so that a platform that hangs holds up neither the
	// answer nor the apology.
	stepLimit = 30 * time.Second
	// insistTime bounds one try of what is insisted on, and insistPause parts the tries. It is
	// short: what was said but not noted would be said again by the next holder of a lease.
	insistTime  = 5 * time.Second
	insistPause = 250 * time.Millisecond
	// maxApologyLead is how long before its deadline a case is failed, so that the apology
	// arrives by then.
	maxApologyLead = 5 * time.Second
)

// A step brings an open case, as it is now, closer to its answer.
type step func(ctx context.Context, c deepskin.Case) error

// advance takes a step with a case in the background, once whoever is at the case has finished,
// and delivers the answer if there is one by then. A nil step only delivers. What fails is left
// to the next sweep. Of ctx only the span counts.
func (b *Bot) advance(ctx context.Context, platform string, id deepskin.CaseID, take step) {
	s := b.session(platform)
	ctx = tracing.Under(s.ctx, ctx)
	s.work.start(func() {
		if !b.cases.lock(ctx, id) {
			return
		}
		defer b.cases.unlock(id)
		ctx, span := b.Tracer.Start(ctx, "advance case", id, platform)
		err := b.advanceLocked(ctx, id, take)
		span.End(err)
		if err != nil {
			b.Logger.Warn("case is held up", "case", id, "error", err)
			s.troubled.add(id)
		}
	})
}

func (b *Bot) advanceLocked(ctx context.Context, id deepskin.CaseID, take step) error {
	c, err := b.Store.Case(ctx, id)
	if err == nil && take != nil && isOpen(c) {
		if err := b.bounded(ctx, c, take); err != nil {
			return err
		}
		c, err = b.Store.Case(ctx, id)
	}
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		return nil // forgotten
	case err != nil || isOpen(c) || !c.Delivered.IsZero():
		return err
	default:
		return b.deliver(ctx, c)
	}
}

// bounded takes a step that ends before the sweep has to give the case up.
func (b *Bot) bounded(ctx context.Context, c deepskin.Case, take step) error {
	limit := stepLimit
	if left := b.lastMoment(c).Sub(b.Now()); left > 0 {
		limit = min(limit, left)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return take(ctx, c)
}

// lastMoment is when an open case is given up.
func (b *Bot) lastMoment(c deepskin.Case) time.Time {
	if c.Status == deepskin.Waiting {
		return c.Deadline
	}
	return c.Deadline.Add(-b.apologyLead())
}

// apologyLead is how long before its deadline a pending case is given up.
func (b *Bot) apologyLead() time.Duration { return min(maxApologyLead, b.Deadline/4) }

// promised is when the sender was promised an answer: when the photo came, or consent.
func (b *Bot) promised(c deepskin.Case) time.Time { return c.Deadline.Add(-b.Deadline) }

// isOpen reports whether the case has yet to be answered, failed or expired.
func isOpen(c deepskin.Case) bool {
	return c.Status == deepskin.Waiting || c.Status == deepskin.Pending
}

// insist repeats what must not be left undone until it succeeds, finds that its case is
// forgotten, or the session ends. It tries at least once, even then.
func (s *session) insist(do func(ctx context.Context) error) error {
	for {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.notes), insistTime)
		err := do(ctx)
		cancel()
		if err == nil || errors.Is(err, deepskin.ErrNotFound) {
			return err
		}
		select {
		case <-s.notes.Done():
			return err
		case <-time.After(insistPause):
		}
	}
}
