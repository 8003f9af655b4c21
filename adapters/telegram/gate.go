package telegram

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A gate holds back what goes out, so that it keeps to Telegram's limits: one call at a time to a
// chat, in the order in which they came, each chat at its own pace, and all of them together.
type gate struct {
	all         *rate.Limiter
	chat, group limit

	mu     sync.Mutex
	lanes  map[string]*lane
	sweep  int       // number of lanes at which idle ones are removed
	closed time.Time // nothing goes out before
}

// A limit is how many calls a second there may be in the long run, and at once.
type limit struct {
	rate  rate.Limit
	burst int
}

func (l limit) limiter() *rate.Limiter { return rate.NewLimiter(l.rate, l.burst) }

// A lane is one chat's way through the gate.
type lane struct {
	turn    chan struct{} // holds one element while a call has the turn
	limiter *rate.Limiter
	users   int       // calls that have or await the turn; guarded by the gate's mu
	closed  time.Time // nothing goes to the chat before; guarded by the gate's mu
}

// minSweep is how many chats are remembered before it is worth forgetting the idle ones.
const minSweep = 1024

// maxCloseAll bounds for how long one chat's answer can stop all others. The limit on all chats
// is counted by the second, so a longer wait is about that one chat.
const maxCloseAll = 5 * time.Second

func newGate(all, chat, group limit) *gate {
	return &gate{all: all.limiter(), chat: chat, group: group, lanes: map[string]*lane{}, sweep: minSweep}
}

// enter waits until it is the caller's turn in the chat. The caller has to leave.
func (g *gate) enter(ctx context.Context, chat string) (*lane, error) {
	l := g.lane(chat)
	select {
	case l.turn <- struct{}{}:
		return l, nil
	case <-ctx.Done():
		g.drop(l)
		return nil, ctx.Err()
	}
}

// leave gives the turn to the next caller.
func (g *gate) leave(l *lane) {
	<-l.turn
	g.drop(l)
}

// pace waits until the limits allow one more call in the lane. It returns an error at once where
// that would take longer than ctx lasts.
func (g *gate) pace(ctx context.Context, l *lane) error {
	for {
		if closed := g.closedFor(l); closed > 0 {
			if err := sleepWithin(ctx, closed); err != nil {
				return err
			}
		}
		if err := l.limiter.Wait(ctx); err != nil {
			return err
		}
		if err := g.all.Wait(ctx); err != nil {
			return err
		}
		// The gate may have closed while this call waited for its place.
		if g.closedFor(l) <= 0 {
			return nil
		}
	}
}

// spare reports whether one more call fits in now without waiting, and takes it that it is made.
func (g *gate) spare(l *lane) bool { return g.closedFor(l) <= 0 && g.all.Allow() }

// slowDown notes that Telegram wants nothing more for a while. It does not say whether the chat or
// the bot as a whole went too fast. A chat that could have sent more by its own limit was not the
// cause, so then all chats wait.
func (g *gate) slowDown(l *lane, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	l.closed = now.Add(d)
	if l.limiter.Tokens() >= 1 {
		g.closed = now.Add(min(d, maxCloseAll))
	}
}

func (g *gate) closedFor(l *lane) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Until(l.closed), time.Until(g.closed))
}

func (g *gate) lane(chat string) *lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.lanes[chat]
	if !ok {
		g.forgetIdle()
		limiter := g.chat.limiter()
		if isGroup(chat) {
			limiter = g.group.limiter()
		}
		l = &lane{turn: make(chan struct{}, 1), limiter: limiter}
		g.lanes[chat] = l
	}
	l.users++
	return l
}

func (g *gate) drop(l *lane) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.users--
}

// forgetIdle removes the lanes that a new one would not differ from, now and then.
func (g *gate) forgetIdle() {
	if len(g.lanes) < g.sweep {
		return
	}
	for chat, l := range g.lanes {
		if l.users == 0 && time.Now().After(l.closed) && l.limiter.Tokens() >= float64(l.limiter.Burst()) {
			delete(g.lanes, chat)
		}
	}
	g.sweep = max(minSweep, 2*len(g.lanes))
}
