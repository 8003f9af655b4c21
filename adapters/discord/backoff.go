package discord

import (
	"context"
	"math/rand/v2"
	"time"
)

// A backoff is the first pause after a failure.
type backoff time.Duration

// after returns the pause after so many earlier failures: doubled for each, with jitter, so that
// several processes do not come back all at once.
func (b backoff) after(failures int) time.Duration {
	pause := min(time.Duration(b)<<min(failures, 6), 30*time.Second)
	return pause/2 + rand.N(pause/2+1)
}

// sleep waits for d, or returns an error when ctx ends before that.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// sleepWithin waits for d. It returns at once, with an error, where ctx would end before that.
func sleepWithin(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	return sleep(ctx, d)
}
