package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"deepskin"
	"deepskin/internal/tracing"
)

const (
	// fetchLimit is how many photos are fetched at the same time, each in memory until Redis
	// has it.
	fetchLimit = 8
	// goneAfter is when a photo that nobody holds or can fetch again is given up; before, its
	// result may be on the way.
	goneAfter = 30 * time.Second
	// missingFor is how long a photo must have been seen to be missing before that: the worker that
	// has just finished erases it a moment before its result is read.
	missingFor = 10 * time.Second
	// busyShare is which part of the time until its deadline an accepted photo waits for room: a
	// quarter.
	busyShare = 4
)

// bring puts an open case's photo within the workers' reach, from Redis or from the platform, and
// asks for an assessment unless consent is still to come.
func (b *Bot) bring(ctx context.Context, c deepskin.Case) error {
	held, err := b.Queue.HasPhoto(ctx, c.ID)
	switch {
	case err != nil:
		b.unsteady()
		return err
	case held:
		b.missing.found(c.ID)
		return b.orBusy(ctx, c, b.enqueue(ctx, c))
	case c.Source != "":
		return b.fetch(ctx, c)
	case b.missing.since(c.ID, b.Now()) >= missingFor && b.lost(c):
		b.missing.found(c.ID)
		return b.fail(ctx, c, failurePhotoGone)
	default:
		return nil
	}
}

// lost reports whether no result can be on its way any more.
func (b *Bot) lost(c deepskin.Case) bool {
	limit := b.Now().Add(-goneAfter)
	return b.promised(c).Before(limit) && time.Unix(0, b.steady.Load()).Before(limit)
}

// absences remember since when photos have been missing; the zero value is ready.
type absences struct {
	mu    sync.Mutex
	first map[deepskin.CaseID]time.Time
}

// since notes that a photo is missing and returns for how long it has been.
func (a *absences) since(id deepskin.CaseID, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other, first := range a.first {
		if now.Sub(first) > time.Hour { // answered long ago
			delete(a.first, other)
		}
	}
	if a.first == nil {
		a.first = map[deepskin.CaseID]time.Time{}
	}
	if _, ok := a.first[id]; !ok {
		a.first[id] = now
	}
	return now.Sub(a.first[id])
}

// found notes that a photo is not missing, or that nobody waits for it any more.
func (a *absences) found(id deepskin.CaseID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.first, id)
}

// fetch gets the photo from the platform.
func (b *Bot) fetch(ctx context.Context, c deepskin.Case) error {
	select {
	case b.fetching <- struct{}{}:
		defer func() { <-b.fetching }()
	case <-ctx.Done():
		return fmt.Errorf("wait to fetch a photo: %w", ctx.Err())
	}
	begun := b.Now()
	fetching, span := tracing.Child(ctx, "fetch photo")
	photo, err := b.adapters[c.Platform].Fetch(fetching, c.Source)
	span.End(err)
	switch {
	case errors.Is(err, deepskin.ErrTooLarge):
		return b.refuse(ctx, c, deepskin.TooManyBytes)
	case errors.Is(err, deepskin.ErrGone):
		return b.fail(ctx, c, failurePhotoGone)
	case err != nil:
		return fmt.Errorf("fetch photo: %w", err)
	}
	b.metrics.stage(stageFetch, b.Now().Sub(begun))
	return b.orBusy(ctx, c, b.hold(ctx, c, photo))
}

// hold puts a photo into Redis and asks for its assessment unless consent is still to come. It
// returns deepskin.ErrBusy where there is no room.
func (b *Bot) hold(ctx context.Context, c deepskin.Case, photo []byte) error {
	ttl := c.Deadline.Sub(b.Now())
	if c.Status == deepskin.Waiting {
		// Consent at the last moment is worth an answer too; the sweep ends the wait in time.
		ttl += b.Deadline
	}
	if ttl <= 0 {
		return nil // the sweep tells the sender
	}
	putting, span := tracing.Child(ctx, "hold photo")
	err := b.Queue.PutPhoto(putting, c.ID, photo, ttl)
	span.End(err)
	if err != nil {
		return err
	}
	// While the photo was on its way, consent may have come. Or /delete: it clears the store
	// first and Redis next, so either it finds the photo there or we find the case missing here.
	now, err := b.Store.Case(ctx, c.ID)
	switch {
	case errors.Is(err, deepskin.ErrNotFound),
		now.Status == deepskin.Expired, now.Status == deepskin.Failed:
		b.erasePhoto(c.Platform, c.ID)
		return nil
	case err != nil:
		return err
	default:
		return b.enqueue(ctx, now)
	}
}

// enqueue asks for an assessment of a pending case.
func (b *Bot) enqueue(ctx context.Context, c deepskin.Case) error {
	if c.Status != deepskin.Pending {
		return nil
	}
	ctx, span := tracing.Child(ctx, "enqueue")
	err := b.Queue.Enqueue(ctx, deepskin.Job{Case: c.ID, Platform: c.Platform, Deadline: c.Deadline})
	span.End(err)
	return err
}

// orBusy gives a case up for which there has been no room for too long. Until then it stays, and is
// tried again: it was accepted, and mostly room comes soon.
func (b *Bot) orBusy(ctx context.Context, c deepskin.Case, err error) error {
	if errors.Is(err, deepskin.ErrBusy) && b.Now().Sub(b.promised(c)) >= b.Deadline/busyShare {
		return b.fail(ctx, c, failureBusy)
	}
	return err
}

// erasePhoto erases what Redis holds of a case, in the background and until Redis lets it.
func (b *Bot) erasePhoto(platform string, id deepskin.CaseID) {
	s := b.session(platform)
	s.work.start(func() {
		err := s.insist(func(ctx context.Context) error { return b.Queue.Forget(ctx, id) })
		if err != nil {
			b.Logger.Warn("photo in transit stays until it expires", "case", id, "error", err)
		}
	})
}
