package bot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"deepskin"
	"deepskin/bot"
)

// takeover is within what another process takes over from one that died.
const takeover = 15 * time.Second

// A crew is two bots of one store, queue and exclusive chat.
type crew struct {
	*world
	cut [2]*cutOff
	// stop ends a bot and returns what its Run did.
	stop [2]func() error
}

// A cutOff is a way to the store that can be cut.
type cutOff struct {
	bot.Store
	cut atomic.Bool
}

func (c *cutOff) Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	if c.cut.Load() {
		return false, errBroken
	}
	return c.Store.Lease(ctx, name, holder, ttl)
}

func (c *cutOff) EndLease(ctx context.Context, name, holder string) error {
	if c.cut.Load() {
		return errBroken
	}
	return c.Store.EndLease(ctx, name, holder)
}

// inCrew runs a test with two bots, the first of which holds the conversation. Messages are
// handled by the first: w.bot.
func inCrew(t *testing.T, test func(t *testing.T, c *crew)) {
	t.Helper()
	in(t, func(t *testing.T, w *world) {
		w.chat.exclusive = true
		c := &crew{world: w}
		for i := range c.cut {
			c.cut[i] = &cutOff{Store: w.store}
			config := w.config
			config.Store = c.cut[i]
			b := bot.New(config)
			b.Connect(w.chat)
			if i == 0 {
				w.bot = b
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- b.Run(ctx) }()
			synctest.Wait()
			c.stop[i] = func() error { cancel(); return <-ended }
		}
		w.consents(alice)
		test(t, c)
		for _, stop := range c.stop {
			if stop != nil {
				w.must(stop())
			}
		}
		if _, most, _ := w.chat.runs(); most != 1 {
			t.Errorf("%d processes were connected at the same time", most)
		}
	})
}

func TestOneOfTwoBotsHoldsTheConversation(t *testing.T) {
	inCrew(t, func(t *testing.T, c *crew) {
		c.photo(alice, "source-1")
		c.pass(time.Minute)
		c.sees(alice, theAnswer)
		if now, _, ended := c.chat.runs(); now != 1 || ended != 0 {
			t.Errorf("%d connections, %d ended; want one that stays", now, ended)
		}
	})
}

func TestACleanStopHandsOverAtOnce(t *testing.T) {
	inCrew(t, func(t *testing.T, c *crew) {
		c.chat.inject(func(_ context.Context, method string) error {
			if method == "Edit" {
				time.Sleep(10 * time.Second) // longer than a lease
			}
			return nil
		})
		c.photo(alice, "source-1")
		c.pass(time.Second)
		start := time.Now()
		c.must(c.stop[0]())
		c.stop[0] = nil
		if took := time.Since(start); took < 5*time.Second {
			t.Errorf("the answer was under way, but the bot stopped after %v", took)
		}
		c.sees(alice, theAnswer)
		c.chat.inject(nil)
		c.pass(time.Second)
		if now, _, _ := c.chat.runs(); now != 1 {
			t.Error("nobody took over within a second")
		}
		c.pass(time.Minute)
		c.sees(alice, theAnswer)
	})
}

func TestADeadHoldersLeaseRunsOut(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.chat.exclusive = true
		held, err := w.store.Lease(t.Context(), platform, "one that died", 6*time.Second)
		if err != nil || !held {
			t.Fatal(held, err)
		}
		w.consents(alice)
		w.add(w.message(alice, "source-1"), deepskin.Pending, time.Minute)
		w.connect()
		w.run()
		if now, _, _ := w.chat.runs(); now != 0 {
			t.Error("the bot connected under another's lease")
		}
		w.pass(takeover)
		if now, _, _ := w.chat.runs(); now != 1 {
			t.Error("the bot did not take over")
		}
		w.pass(takeover)
		w.sees(alice, theAnswer)
	})
}

// The first bot cannot reach the store for longer than its lease lasts, while an answer is under
// way: it falls silent before the second speaks.
func TestABotThatLosesItsLeaseFallsSilent(t *testing.T) {
	inCrew(t, func(t *testing.T, c *crew) {
		var silenced atomic.Int32
		c.chat.inject(func(ctx context.Context, method string) error {
			if method != "Edit" {
				return nil
			}
			<-ctx.Done()
			silenced.Add(1)
			return ctx.Err()
		})
		c.photo(alice, "source-1")
		c.pass(time.Second)
		c.cut[0].cut.Store(true)
		c.pass(4500 * time.Millisecond) // trusted for 5 s, taken over after 6
		if silenced.Load() != 1 {
			t.Error("the answer that was under way went on")
		}
		if now, _, _ := c.chat.runs(); now != 0 {
			t.Error("the connection went on")
		}
		if len(c.chat.causes) != 1 || !errors.Is(c.chat.causes[0], bot.ErrLeaseLost) {
			t.Errorf("the adapter was told %v", c.chat.causes)
		}
		c.chat.inject(nil)
		c.pass(takeover)
		if now, _, _ := c.chat.runs(); now != 1 {
			t.Error("the second bot did not take over")
		}
		c.cut[0].cut.Store(false)
		c.pass(time.Minute)
		c.sees(alice, theAnswer)

		// And back again.
		c.must(c.stop[1]())
		c.stop[1] = nil
		c.pass(time.Second)
		if now, _, _ := c.chat.runs(); now != 1 {
			t.Error("the first bot did not come back")
		}
		c.photo(alice, "source-2")
		c.pass(time.Minute)
		c.sees(alice, theAnswer, theAnswer)
	})
}

// A short absence of the store is no reason to stop.
func TestALeaseOutlivesAShortAbsenceOfTheStore(t *testing.T) {
	inCrew(t, func(t *testing.T, c *crew) {
		for range 5 {
			c.cut[0].cut.Store(true)
			c.pass(2500 * time.Millisecond)
			c.cut[0].cut.Store(false)
			c.pass(2500 * time.Millisecond)
		}
		if now, _, ended := c.chat.runs(); now != 1 || ended != 0 {
			t.Errorf("%d connections, %d ended; want one that stays", now, ended)
		}
	})
}
