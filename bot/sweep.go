package bot

import (
	"context"
	"time"

	"deepskin"
)

// sweepLimit is how many cases are looked at in one sweep. It is well above what a chat platform
// that is down for a while leaves undelivered, so that newer cases get their turn.
const sweepLimit = 10_000

// sweepUntil looks again and again for cases of a platform that need something: the promise that everyone is
// told something by the deadline is kept here, whatever broke elsewhere.
func (b *Bot) sweepUntil(ctx context.Context, platform string) {
	for {
		// A pause comes first: the results that waited for this process are the better answers.
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.Sweep):
		}
		cases, err := b.Store.Open(ctx, platform, sweepLimit)
		if err != nil && ctx.Err() == nil {
			b.Logger.Error("sweep found no store", "error", err)
		}
		for _, c := range cases {
			if b.due(c) && !b.cases.busy(c.ID) {
				b.advance(ctx, platform, c.ID, b.resume)
			}
		}
	}
}

// due reports whether it is time to look after a case.
func (b *Bot) due(c deepskin.Case) bool {
	if isOpen(c) && b.Now().After(b.lastMoment(c)) {
		return true
	}
	return c.Status != deepskin.Waiting && b.Now().Sub(b.promised(c)) > b.Grace
}

// resume ends an open case whose time is over, and puts any other pending one back on the queue
// while its photo can still be had.
func (b *Bot) resume(ctx context.Context, c deepskin.Case) error {
	over := b.Now().After(b.lastMoment(c))
	switch {
	case over && c.Status == deepskin.Waiting:
		return b.expire(ctx, c)
	case over:
		return b.fail(ctx, c, failureDeadline)
	default:
		return b.bring(ctx, c)
	}
}
