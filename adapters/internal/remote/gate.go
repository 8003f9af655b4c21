package remote

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// minSweep is how many lanes are remembered before it is worth forgetting the idle ones.
const minSweep = 1024

// A Gate holds back calls, so that they keep to a platform's limits: one call at a time in each lane,
// in the order in which they came, each lane at its own pace, and all of them together.
type Gate struct {
	all     *rate.Limiter
	pace    func(lane string) *rate.Limiter
	metrics *Metrics

	mu     sync.Mutex
	lanes  map[string]*Lane
	sweep  int       // number of lanes at which idle ones are removed
	closed time.Time // nothing goes out before
}

// A Lane is the way through a gate of calls that the platform counts together: those to one chat,
// say. It is valid until it is left.
type Lane struct {
	gate    *Gate
	limiter *rate.Limiter
	turn    chan struct{} // holds one element while a call has the turn
	users   int           // calls that have or await the turn; guarded by the gate's mu
	closed  time.Time     // nothing goes out in the lane before; guarded by the gate's mu
}

// NewGate returns a gate for calls that keep to the limit on all of them, and in each lane to the
// one that pace returns for it. Metrics take how long they wait for limits.
func NewGate(all *rate.Limiter, pace func(lane string) *rate.Limiter, m *Metrics) *Gate {
	return &Gate{all: all, pace: pace, metrics: m, lanes: map[string]*Lane{}, sweep: minSweep}
}

// Close lets nothing out for a while.
func (g *Gate) Close(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = time.Now().Add(d)
}

// Enter waits until it is the caller's turn in a lane. The caller has to leave.
func (g *Gate) Enter(ctx context.Context, lane string) (*Lane, error) {
	l := g.lane(lane)
	select {
	case l.turn <- struct{}{}:
		return l, nil
	case <-ctx.Done():
		l.drop()
		return nil, ctx.Err()
	}
}

// Leave gives the turn to the next caller.
func (l *Lane) Leave() {
	<-l.turn
	l.drop()
}

// Pace waits until the limits allow one more call in the lane. It returns an error at once where
// that would take longer than ctx lasts. Calls that are free do not count among all.
func (l *Lane) Pace(ctx context.Context, free bool) error {
	defer l.gate.metrics.CountWait(time.Now())
	for {
		if closed := l.closedFor(); closed > 0 {
			if err := SleepWithin(ctx, closed); err != nil {
				return err
			}
		}
		if err := l.limiter.Wait(ctx); err != nil {
			return err
		}
		if !free {
			if err := l.gate.all.Wait(ctx); err != nil {
				return err
			}
		}
		// The gate may have closed while this call waited for its place.
		if l.closedFor() <= 0 {
			return nil
		}
	}
}

// Spare reports whether one more call that does not count in the lane fits in now without waiting,
// and takes it that it is made.
func (l *Lane) Spare() bool { return l.closedFor() <= 0 && l.gate.all.Allow() }

// InPace reports whether the lane could have one more call now by its own limit.
func (l *Lane) InPace() bool { return l.limiter.Tokens() >= 1 }

// Close lets nothing into the lane for a while.
func (l *Lane) Close(d time.Duration) {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	l.closed = time.Now().Add(d)
}

func (l *Lane) closedFor() time.Duration {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	return max(time.Until(l.closed), time.Until(l.gate.closed))
}

// lane returns the lane of a name, with one more user.
func (g *Gate) lane(name string) *Lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	l, ok := g.lanes[name]
	if !ok {
		g.forgetIdle()
		l = &Lane{gate: g, limiter: g.pace(name), turn: make(chan struct{}, 1)}
		g.lanes[name] = l
	}
	l.users++
	return l
}

func (l *Lane) drop() {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	l.users--
}

// forgetIdle removes the lanes that a new one would not differ from, now and then.
func (g *Gate) forgetIdle() {
	if len(g.lanes) < g.sweep {
		return
	}
	for name, l := range g.lanes {
		if l.users == 0 && time.Now().After(l.closed) && l.limiter.Tokens() >= float64(l.limiter.Burst()) {
			delete(g.lanes, name)
		}
	}
	g.sweep = max(minSweep, 2*len(g.lanes))
}
