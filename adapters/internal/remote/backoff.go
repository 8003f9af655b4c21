package remote

import (
	"context"
	"math/rand/v2"
	"time"
)

// A Backoff is the first pause after a failure. It is positive.
type Backoff time.Duration

// After returns the pause after so many earlier failures: doubled for each, up to 64 times or 30 s,
// with jitter, so that several processes do not come back all at once.
func (b Backoff) After(failures int) time.Duration {
	pause := min(time.Duration(b)<<min(failures, 6), 30*time.Second)
	return pause/2 + rand.N(pause/2+1)
}

// Sleep waits for d, or returns an error when ctx ends before that.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// SleepWithin waits for d. It returns at once, with an error, where ctx would end before that.
func SleepWithin(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return Sleep(ctx, d)
}
