package remote_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"deepskin/adapters/internal/remote"
)

// newGate lets ten calls a second out in all, and two in each lane.
func newGate() *remote.Gate {
	return remote.NewGate(rate.NewLimiter(10, 1), func(string) *rate.Limiter { return rate.NewLimiter(2, 1) },
		remote.NewMetrics("chat", nil))
}

func enter(t *testing.T, g *remote.Gate, name string) *remote.Lane {
	t.Helper()
	l, err := g.Enter(t.Context(), name)
	if err != nil {
		t.Fatalf("Enter: %v", err)
	}
	return l
}

// passes checks how long a call has to wait.
func passes(t *testing.T, what string, l *remote.Lane, free bool, after time.Duration) {
	t.Helper()
	begun := time.Now()
	if err := l.Pace(t.Context(), free); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if waited := time.Since(begun).Round(time.Millisecond); waited != after {
		t.Errorf("%s waits %v, want %v", what, waited, after)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		a, b := enter(t, g, "a"), enter(t, g, "b")
		passes(t, "the first call", a, false, 0)
		passes(t, "the first call in another lane", b, false, 100*time.Millisecond)
		passes(t, "the second call", a, false, 400*time.Millisecond)
		passes(t, "a free call", enter(t, g, "c"), true, 0)

		a.Close(3 * time.Second)
		passes(t, "a call beside a lane that is closed", b, false, 100*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		if a.Spare() || !b.Spare() || b.Spare() {
			t.Error("one call fits in, but not where the lane is closed")
		}
		passes(t, "a call in the lane that is closed", a, false, 2800*time.Millisecond)
		g.Close(4 * time.Second)
		passes(t, "a call while everything is closed", b, false, 4*time.Second)
		if b.InPace() || !a.InPace() {
			t.Error("the lane that was just used is in pace, or the other is not")
		}

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g.Close(time.Minute)
		begun := time.Now()
		if err := a.Pace(short, false); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 0 {
			t.Errorf("with too little patience: %v after %v, want an error at once", err, time.Since(begun))
		}
	})
}

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		l := enter(t, g, "a")
		var order []int
		for n := range 3 {
			go func() {
				if l, err := g.Enter(t.Context(), "a"); err == nil {
					order = append(order, n)
					l.Leave()
				}
			}()
			synctest.Wait()
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Enter(short, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Enter while another has the turn: %v", err)
		}
		l.Leave()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("the turns come in the order %v", order)
		}
	})
}
