package bot

import (
	"context"
	"errors"
	"time"
)

// ErrLeaseLost is why the context of Adapter.Run ended where another process may hold the
// conversation by now: the adapter has to fall silent at once.
var ErrLeaseLost = errors.New("the lease of the platform is lost")

const (
	// leaseTime is how long a lease is valid. When its holder dies, another takes over after
	// that and a leaseRetry.
	leaseTime = 6 * time.Second
	// leaseTrust is for how long the holder relies on it: less, as clocks and calls take time.
	leaseTrust = 5 * time.Second
	// leaseRenewal is the pause between renewals.
	leaseRenewal = 2 * time.Second
	// leaseRetry is the pause before another try, to get a lease or to renew it.
	leaseRetry = 500 * time.Millisecond
)

// converseAlone holds the conversation on an exclusive platform whenever no other process does,
// until ctx ends.
func (b *Bot) converseAlone(ctx context.Context, a Adapter) error {
	for {
		taken, ok := b.awaitLease(ctx, a.Name())
		if !ok {
			return nil
		}
		b.Logger.Info("lease taken", "platform", a.Name())
		err := b.converseWhileLeased(ctx, a, taken)
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// converseWhileLeased holds the conversation until ctx ends or the lease is lost, and gives the
// lease back after all has been said.
func (b *Bot) converseWhileLeased(ctx context.Context, a Adapter, taken time.Time) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := b.newSession()
	b.setSession(a.Name(), s)
	held := b.metrics.lease.WithLabelValues(a.Name())
	held.Set(1)
	defer held.Set(0)

	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		b.renewLease(s, a.Name(), taken)
	}()
	context.AfterFunc(s.ctx, func() { stop(context.Cause(s.ctx)) })
	err := b.converse(ctx, a, s)
	<-renewing

	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
	defer cancel()
	if err := b.Store.EndLease(ending, a.Name(), b.holder); err != nil {
		b.Logger.Warn("lease was not given back; it runs out", "platform", a.Name(), "error", err)
	}
	return err
}

// awaitLease waits until the platform's lease is ours and returns when it was asked for; false
// where ctx ended first.
func (b *Bot) awaitLease(ctx context.Context, platform string) (taken time.Time, ok bool) {
	told := false
	for ctx.Err() == nil {
		begun := time.Now()
		held, err := b.lease(ctx, platform, leaseTrust)
		switch {
		case held:
			return begun, true
		case err != nil && ctx.Err() == nil:
			b.Logger.Error("lease cannot be had", "platform", platform, "error", err)
		case !told:
			told = true
			b.Logger.Info("another process holds the conversation; standing by", "platform", platform)
		}
		pause(ctx, leaseRetry)
	}
	return time.Time{}, false
}

// renewLease renews the lease until the session ends, and ends the session where it cannot.
func (b *Bot) renewLease(s *session, platform string, taken time.Time) {
	for wait := leaseRenewal; ; {
		pause(s.ctx, min(wait, time.Until(taken.Add(leaseTrust))))
		if s.ctx.Err() != nil {
			return
		}
		begun := time.Now()
		left := taken.Add(leaseTrust).Sub(begun)
		held, err := b.lease(s.ctx, platform, left)
		switch {
		case s.ctx.Err() != nil:
			return
		case held:
			taken, wait = begun, leaseRenewal
			continue
		case err != nil && time.Now().Before(taken.Add(leaseTrust)):
			b.Logger.Warn("lease was not renewed; trying again", "platform", platform, "error", err)
			wait = leaseRetry
			continue
		}
		b.Logger.Error("lease is lost", "platform", platform, "error", err)
		s.end(ErrLeaseLost)
		return
	}
}

// lease takes or renews the platform's lease; the call lasts no longer than limit.
func (b *Bot) lease(ctx context.Context, platform string, limit time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return b.Store.Lease(ctx, platform, b.holder, leaseTime)
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
