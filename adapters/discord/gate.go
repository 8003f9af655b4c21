package discord

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A gate holds back calls, so that they keep to Discord's limits: one call at a time in each lane, as
// fast as Discord's headers say that the lane allows, and all of them together.
//
// discordgo keeps to the limits too, but by sleeping where no context wakes it.
type gate struct {
	all *rate.Limiter

	mu     sync.Mutex
	lanes  map[string]*lane
	sweep  int       // number of lanes at which idle ones are removed
	closed time.Time // nothing goes out before
}

// A lane is the way of the calls that Discord counts together: those of one method, below one channel
// or interaction.
type lane struct {
	turn  chan struct{} // holds one element while a call has the turn
	users int           // calls that have or await the turn; guarded by the gate's mu
	// closed is when the next call may be made; guarded by the gate's mu.
	closed time.Time
}

// burst is how many calls may be made at once in all.
const burst = 5

// minSweep is how many lanes are remembered before it is worth forgetting the idle ones.
const minSweep = 1024

func newGate(perSecond float64) *gate {
	return &gate{all: rate.NewLimiter(rate.Limit(perSecond), burst), lanes: map[string]*lane{}, sweep: minSweep}
}

// enter waits until it is the caller's turn in a lane. The caller has to leave.
func (g *gate) enter(ctx context.Context, name string) (*lane, error) {
	l := g.lane(name)
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
// that would take longer than ctx lasts. Calls that are free do not count among all.
func (g *gate) pace(ctx context.Context, l *lane, free bool) error {
	for {
		if closed := g.closedFor(l); closed > 0 {
			if err := sleepWithin(ctx, closed); err != nil {
				return err
			}
		}
		if !free {
			if err := g.all.Wait(ctx); err != nil {
				return err
			}
		}
		// The gate may have closed while this call waited for its place.
		if g.closedFor(l) <= 0 {
			return nil
		}
	}
}

// note reads from an answer's headers when the next call in the lane may be made.
func (g *gate) note(l *lane, h http.Header) {
	if h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Global") != "" {
		return
	}
	seconds, err := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err != nil || seconds <= 0 {
		return
	}
	g.slowDown(l, time.Duration(seconds*float64(time.Second)), false)
}

// slowDown lets nothing more into the lane for a while, or nothing at all where everything is meant.
func (g *gate) slowDown(l *lane, d time.Duration, everything bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	until := time.Now().Add(d)
	if everything {
		g.closed = until
		return
	}
	l.closed = until
}

func (g *gate) closedFor(l *lane) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Until(l.closed), time.Until(g.closed))
}

func (g *gate) lane(name string) *lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.lanes[name]
	if !ok {
		g.forgetIdle()
		l = &lane{turn: make(chan struct{}, 1)}
		g.lanes[name] = l
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
	for name, l := range g.lanes {
		if l.users == 0 && time.Now().After(l.closed) {
			delete(g.lanes, name)
		}
	}
	g.sweep = max(minSweep, 2*len(g.lanes))
}
