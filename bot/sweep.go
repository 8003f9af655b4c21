package bot

import (
	"context"
	"time"

	"deepskin"
)

const (
	// sweepLimit is how many cases are looked at in one sweep. It is well above what a chat platform
	// that is down for a while leaves undelivered, so that newer cases get their turn.
	sweepLimit = 10_000
	// lookAgain is after what time a sweep looks again after a pending case. Where many wait for
	// their turn, looking takes more than it brings.
	lookAgain = 5 * time.Second
)

// A sweep looks again and again for cases of a platform that need something: the promise that everyone
// is told something by the deadline is kept here, whatever broke elsewhere.
type sweep struct {
	bot      *Bot
	platform string
	// before is when something happened after which all older cases need a look, however young: who saw
	// to them may have died, or what Redis held of them is gone. Zero once they have had it.
	before time.Time
	// generation is Redis's, when it was last known.
	generation string
	// begun is when it last began to look after a pending case.
	begun map[deepskin.CaseID]time.Time
}

// sweepUntil sweeps a platform until ctx ends.
func (b *Bot) sweepUntil(ctx context.Context, platform string) {
	s := sweep{bot: b, platform: platform, before: b.Now(), begun: map[deepskin.CaseID]time.Time{}}
	s.emptied(ctx)
	for {
		// A pause comes first: the results that waited for this process are the better answers.
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.Sweep):
		}
		s.look(ctx)
	}
}

// look looks once. Cases of which a step has just failed need no look into the store.
func (s *sweep) look(ctx context.Context) {
	b, now := s.bot, s.bot.Now()
	if s.emptied(ctx) {
		b.Logger.Warn("Redis has come back empty; looking after all cases", "platform", s.platform)
		s.before = now
	}
	trouble := &b.session(s.platform).troubled
	troubled := trouble.take()
	for id := range troubled {
		if b.cases.busy(id) { // else all its steps would wait for each other
			trouble.add(id)
			continue
		}
		b.advance(ctx, s.platform, id, b.resume)
	}
	others := b.stalled(now)
	if !s.before.IsZero() {
		others = later(others, s.before.Add(b.Deadline))
		clear(s.begun)
	}
	cases, err := b.Store.Due(ctx, s.platform, now, others, sweepLimit)
	if err != nil {
		if ctx.Err() == nil {
			b.Logger.Error("sweep found no store", "error", err)
		}
		return
	}
	s.before = time.Time{}
	for _, c := range cases {
		if !troubled[c.ID] && !b.cases.busy(c.ID) && !s.early(c, now) {
			b.advance(ctx, s.platform, c.ID, b.resume)
		}
	}
	for id, at := range s.begun {
		if now.Sub(at).Abs() >= lookAgain {
			delete(s.begun, id)
		}
	}
}

// emptied reports whether Redis has lost what it held since it was last asked; false where it was not
// asked before, or does not answer.
func (s *sweep) emptied(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, allowTime)
	defer cancel()
	generation, err := s.bot.Queue.Generation(ctx)
	if err != nil {
		return false // others tell of a Redis that is away
	}
	before := s.generation
	s.generation = generation
	return before != "" && before != generation
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// early reports whether a pending case was looked after a moment ago, and takes it that it is now if
// not. Where that fails, the case is in trouble and does not wait.
func (s *sweep) early(c deepskin.Case, now time.Time) bool {
	if c.Status != deepskin.Pending || !now.Before(s.bot.lastMoment(c)) {
		return false
	}
	if at, ok := s.begun[c.ID]; ok && now.Sub(at).Abs() < lookAgain {
		return true
	}
	s.begun[c.ID] = now
	return false
}

// stalled is before what time the deadline of a case lies that has gone without a sign of progress for
// too long, or that has to be given up.
func (b *Bot) stalled(now time.Time) time.Time {
	return now.Add(max(b.Deadline-b.Grace, b.apologyLead()))
}

// resume ends an open case whose time is over, and puts any other pending one back on the queue
// while its photo can still be had.
func (b *Bot) resume(ctx context.Context, c deepskin.Case) error {
	over := !b.Now().Before(b.lastMoment(c))
	switch {
	case over && c.Status == deepskin.Waiting:
		return b.expire(ctx, c)
	case over:
		return b.fail(ctx, c, failureDeadline)
	default:
		return b.bring(ctx, c)
	}
}
