package bot

import (
	"context"
	"time"
)

// What is erased, as it is counted.
const (
	erasedCase  = "case"
	erasedPhoto = "photo"
)

const (
	// MinRetention is the least Config.Retention: what is younger may still need an answer.
	MinRetention = deliveryLimit
	// countAfter is the age at which cases are counted for the dashboard: what becomes of them is known
	// by then, and none is erased earlier but at its sender's wish.
	countAfter = deliveryLimit
	// retentionPause parts the looks for what is too old.
	retentionPause = time.Hour
	// eraseLimit is how much is erased at a time, so that others get their turn at the database.
	eraseLimit = 500
)

// eraseOld erases again and again what is older than it may be, until ctx ends. Cases are counted first:
// of those that are erased the totals stay.
func (b *Bot) eraseOld(ctx context.Context) {
	for {
		if b.PhotoRetention > 0 {
			b.erase(ctx, erasedPhoto, b.PhotoRetention, b.Store.ErasePhotos)
		}
		if err := b.Store.CountCases(ctx, b.Now().Add(-countAfter)); err == nil {
			b.erase(ctx, erasedCase, b.Retention, b.Store.EraseCases)
		} else if ctx.Err() == nil {
			b.Logger.Error("old cases could not be counted, so none is erased", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retentionPause):
		}
	}
}

// erase erases all of a kind that is older than an age.
func (b *Bot) erase(
	ctx context.Context, kind string, age time.Duration,
	erase func(ctx context.Context, before time.Time, limit int) (int, error),
) {
	for ctx.Err() == nil {
		n, err := erase(ctx, b.Now().Add(-age), eraseLimit)
		if err != nil && ctx.Err() == nil {
			b.Logger.Error("what is too old was not erased", "kind", kind, "error", err)
		}
		if n > 0 {
			b.metrics.erased.WithLabelValues(kind).Add(float64(n))
			b.Logger.Info("erased what was too old", "kind", kind, "count", n)
			b.lookAtReviews()
		}
		if err != nil || n < eraseLimit {
			return
		}
	}
}

// days is a duration in days, rounded up.
func days(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }
