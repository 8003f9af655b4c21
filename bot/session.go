package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"deepskin"
)

// A session is a time during which this process holds the conversation on a platform: for as long
// as the bot runs or, on an exclusive platform, for as long as the bot holds the lease.
type session struct {
	// ctx ends when nothing more may be said.
	ctx context.Context
	end context.CancelCauseFunc
	// notes outlives ctx: what has been said is still noted after a lease is lost.
	notes    context.Context
	endNotes context.CancelFunc
	// work is what goes on in the background. Begun by a handler, it outlasts the event that
	// began it, but not the session.
	work *tasks
	// troubled are the cases of which a step has failed.
	troubled troubled
}

// troubled are cases that the next sweep looks after, however young; the zero value has none.
type troubled struct {
	mu    sync.Mutex
	cases map[deepskin.CaseID]bool
}

func (t *troubled) add(id deepskin.CaseID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cases == nil {
		t.cases = map[deepskin.CaseID]bool{}
	}
	t.cases[id] = true
}

// take returns the cases and forgets them.
func (t *troubled) take() map[deepskin.CaseID]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	cases := t.cases
	t.cases = nil
	return cases
}

func (b *Bot) newSession() *session {
	s := &session{work: newTasks()}
	s.notes, s.endNotes = context.WithCancel(b.background)
	s.ctx, s.end = context.WithCancelCause(s.notes)
	return s
}

// finish waits for what is in progress, but not for longer than a case may stand still anyway.
func (s *session) finish(grace time.Duration) {
	patience := time.AfterFunc(grace, s.endNotes)
	defer patience.Stop()
	s.work.close()
	s.endNotes()
}

// session returns the platform's latest session.
func (b *Bot) session(platform string) *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions[platform]
}

func (b *Bot) setSession(platform string, s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions[platform] = s
}

// converse holds a conversation until ctx ends, and then finishes what it holds. Handlers that
// are called later still write to the store what the next session has to do.
func (b *Bot) converse(ctx context.Context, a Adapter, s *session) error {
	defer s.finish(b.Grace)
	b.unsteady()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := a.Run(ctx, b); err != nil {
			return fmt.Errorf("run the %s adapter: %w", a.Name(), err)
		}
		return nil
	})
	g.Go(func() error {
		err := b.Queue.Results(ctx, a.Name(), func(ctx context.Context, r deepskin.Result) error {
			return b.settle(ctx, a.Name(), r)
		})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("take results for %s: %w", a.Name(), err)
		}
		return nil
	})
	g.Go(func() error { b.sweepUntil(ctx, a.Name()); return nil })
	if b.team.Platform == a.Name() {
		g.Go(func() error { b.review(ctx, a, b.team); return nil })
	}
	return g.Wait()
}
