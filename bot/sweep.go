package bot

import (
	"context"
	"time"

	"deepskin"
)

const (
	// Cases looked at in one sweep.
	sweepLimit = 1000
	// A photo that nobody holds or can fetch again is given up after this; before, its result
	// may be on the way.
	goneAfter = 30 * time.Second
)

// sweepUntil looks again and again for cases that need something: the promise that everyone is
// told something by the deadline is kept here, whatever broke elsewhere.
func (b *Bot) sweepUntil(ctx context.Context) {
	for ctx.Err() == nil {
		cases, err := b.Store.Open(ctx, sweepLimit)
		if err != nil && ctx.Err() == nil {
			b.Logger.Error("sweep found no store", "error", err)
		}
		for _, c := range cases {
			if _, ours := b.adapters[c.Platform]; ours {
				b.sweep(c)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(b.Sweep):
		}
	}
}

// sweep brings one open case forward if its time has come.
func (b *Bot) sweep(c deepskin.Case) {
	now := b.Now()
	quiet := now.Sub(b.promised(c)) > b.Grace
	switch {
	case c.Status == deepskin.Waiting && now.After(c.Deadline):
		b.forward(c.ID, func(ctx context.Context) error {
			if expired, err := b.Store.Expire(ctx, c.ID); err != nil || !expired {
				return err
			}
			return b.deliver(ctx, c.ID)
		})
	case c.Status == deepskin.Pending && now.After(c.Deadline.Add(-apologyLead)):
		b.forward(c.ID, func(ctx context.Context) error { return b.fail(ctx, c, failureDeadline) })
	case c.Status == deepskin.Pending && quiet:
		b.forward(c.ID, func(ctx context.Context) error { return b.resume(ctx, c) })
	case c.Status != deepskin.Pending && c.Status != deepskin.Waiting && quiet:
		b.forward(c.ID, func(ctx context.Context) error { return b.deliver(ctx, c.ID) })
	}
}

// resume puts a pending case back on the queue while its photo can still be had.
func (b *Bot) resume(ctx context.Context, c deepskin.Case) error {
	held, err := b.Queue.HasPhoto(ctx, c.ID)
	switch {
	case err != nil:
		return err
	case held:
		return b.enqueue(ctx, c)
	case c.Source != "":
		return b.hand(ctx, c, Photo{Source: c.Source})
	case b.Now().Sub(b.promised(c)) > goneAfter:
		return b.fail(ctx, c, failurePhotoGone)
	default:
		return nil
	}
}
