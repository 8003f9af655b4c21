package telegram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// leased starts the adapter and returns a function that ends its run for a cause, nil for a clean
// stop, and waits until it has ended.
func leased(t *testing.T, a *telegram.Adapter, h bot.Handler) (end func(cause error)) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, h) }()
	var once sync.Once
	end = func(cause error) {
		once.Do(func() {
			cancel(cause)
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(func() { end(nil) })
	return end
}

// TestRunAgain ends and starts runs of two processes by turns, in whatever the run is doing, while a
// person writes: nothing is lost, and two never poll at once.
func TestRunAgain(t *testing.T) {
	const turns = 30
	tests := []struct {
		name  string
		cause error
		once  bool // nothing is said twice either
	}{
		{"clean stops", nil, true},
		{"lost leases", bot.ErrLeaseLost, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := telegramtest.New(t)
			greet(s, ben)
			var processes []*telegram.Adapter
			for range 2 {
				a, _ := adapter(t, quick(s))
				processes = append(processes, a)
			}
			var mu sync.Mutex
			seen := map[string]int{}
			h := handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
				if m.At.Chat != chatOf(ann).Chat {
					return bot.Reply{}, nil
				}
				mu.Lock()
				defer mu.Unlock()
				seen[m.Event]++
				return bot.Reply{Text: "reply to " + m.At.Message}, nil
			}}
			sent := map[string]bool{}
			for turn := range turns {
				a := processes[turn/2%2] // each twice in a row
				end := leased(t, a, h)
				if turn%3 == 0 {
					s.WaitFor("the poll", s.Polling)
				}
				m := s.SendText(ann, ann, "hello "+secret)
				sent[fmt.Sprint("reply to ", m.ID)] = true
				if turn%3 == 1 {
					s.WaitFor("the message to be taken", func() bool {
						mu.Lock()
						defer mu.Unlock()
						return len(seen) > turn
					})
				}
				end(test.cause)
				if s.Polling() {
					t.Fatal("a run that has ended polls")
				}
				// Delivering goes on between the runs.
				at, err := a.Send(t.Context(), chatOf(ben), bot.Reply{Text: "answer"})
				if err == nil {
					err = a.Edit(t.Context(), at, bot.Reply{Text: fmt.Sprint("answer ", turn)})
				}
				if err == nil {
					err = a.Delete(t.Context(), at)
				}
				if err != nil {
					t.Fatalf("deliver between two runs: %v", err)
				}
			}
			run(t, processes[0], h)
			s.WaitForConfirmation()
			if len(seen) != turns {
				t.Errorf("%d messages were taken, want %d", len(seen), turns)
			}
			if s.MaxPollers() != 1 || s.Conflicts() != 0 {
				t.Errorf("%d polls were open at once, %d were ended by another", s.MaxPollers(), s.Conflicts())
			}
			if !test.once {
				return
			}
			for event, times := range seen {
				if times != 1 {
					t.Errorf("message %s was taken %d times", event, times)
				}
			}
			replies := s.WaitForMessages(ann, "the replies", func(m []telegramtest.Message) bool { return len(m) >= turns })
			for _, m := range replies {
				if !sent[m.Text] {
					t.Errorf("%q was said twice, or to nothing", m.Text)
				}
				delete(sent, m.Text)
			}
		})
	}
}

// TestLostLeaseLeavesTheLastUpdate shows that what was handled as the lease went is neither
// confirmed nor replied to, but left to the next process.
func TestLostLeaseLeavesTheLastUpdate(t *testing.T) {
	s := telegramtest.New(t)
	first, _ := adapter(t, quick(s))
	s.SendText(ann, ann, "hello "+secret)
	ctx, lose := context.WithCancelCause(t.Context())
	defer lose(nil)
	err := first.Run(ctx, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		lose(bot.ErrLeaseLost)
		return bot.Reply{Text: "first"}, nil
	}})
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	if s.Unconfirmed() != 1 || s.Calls("getUpdates") != 1 || s.Calls("sendMessage") != 0 {
		t.Errorf("after the lease was lost, %d updates wait, after %d polls and %d messages; want 1, 1 and 0",
			s.Unconfirmed(), s.Calls("getUpdates"), s.Calls("sendMessage"))
	}
	second, _ := adapter(t, quick(s))
	run(t, second, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "second"}, nil
	}})
	s.WaitForText(ann, "second")
}

// TestLostLeaseDropsWaitingReplies has a reply wait for an hour, which a clean stop would wait for.
func TestLostLeaseDropsWaitingReplies(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.MaxWait, c.DrainTime = 2*time.Hour, 2*time.Hour
	a, _ := adapter(t, c)
	end := leased(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "reply"}, nil
	}})
	s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 3600})
	s.SendText(ann, ann, "hello "+secret)
	s.WaitFor("the reply to be told to wait", func() bool { return s.Refused() == 1 })
	end(bot.ErrLeaseLost)
	if got := s.FromBot(ann); len(got) != 0 {
		t.Errorf("the bot said %v", got)
	}
}

// TestConflictsAreRetriedSoon shows that the process that takes over does not wait long for the one
// before it, even after the network was down.
func TestConflictsAreRetriedSoon(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	a, l := adapter(t, c)
	down := telegramtest.Fault{Status: http.StatusBadGateway}
	conflict := telegramtest.Fault{Status: http.StatusConflict, Description: "Conflict: terminated by other getUpdates request"}
	s.Fail("getUpdates", down, down, down, down, conflict, conflict, conflict, conflict, conflict)
	greet(s, ann)
	run(t, a, silent)
	s.WaitForConfirmation()
	var waits []time.Duration
	for line := range strings.Lines(l.String()) {
		var entry struct {
			What string        `json:"what"`
			Wait time.Duration `json:"wait"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(entry.What, "another poller") {
			waits = append(waits, entry.Wait)
		}
	}
	if len(waits) != 5 {
		t.Fatalf("%d conflicts are in the log, want 5:\n%s", len(waits), l)
	}
	for i, wait := range waits[:3] {
		if wait > c.Backoff {
			t.Errorf("the pause after conflict %d is %v, want at most %v", i+1, wait, c.Backoff)
		}
	}
	// The two after them are doubled each, with jitter down to a half.
	if waits[4] < 2*c.Backoff {
		t.Errorf("the pause after conflict 5 is %v: another process polls in earnest, and nobody goes away", waits[4])
	}
}
