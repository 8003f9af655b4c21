package bot_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"deepskin"
	"deepskin/bot"
)

func TestStoppingFinishesWhatIsUnderWay(t *testing.T) {
	in(t, func(_ *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Edit" {
				time.Sleep(3 * time.Second)
			}
			return nil
		})
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.end()
		w.sees(alice, theAnswer)
	})
}

func TestStoppingDoesNotWaitForEver(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.chat.hangs("Edit")
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.queue.breaks("Forget")
		w.must(w.bot.ForgetCase(t.Context(), alice, w.add(w.message(alice, "source-2"), deepskin.Pending, time.Hour).ID))
		start := time.Now()
		w.end()
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("stopping took %v", d)
		}
		w.chat.inject(nil)
		w.queue.inject(nil)
		w.connect()
		w.run()
		w.pass(20 * time.Second)
		w.sees(alice, theAnswer)
	})
}

// A message was sent, and the bot is told to stop before it is noted.
func TestStoppingNotesWhatWasSaid(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.chat.breaks("Send")
		w.run()
		w.photo(alice, "source-1")
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Send" {
				time.Sleep(14*time.Second + 900*time.Millisecond)
			}
			return nil
		})
		w.store.inject(func(_ context.Context, method string) error {
			if method == "SetAddress" {
				time.Sleep(time.Second) // past the patience with what is under way
			}
			return nil
		})
		w.pass(200 * time.Millisecond)
		w.end()
		w.store.inject(nil)
		w.chat.inject(nil)
		if w.case1().Delivered.IsZero() {
			t.Error("the delivery was not noted")
		}
		w.connect()
		w.run()
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
	})
}

// An HTTP server that is cut off may call its handlers even after that.
func TestHandlersAfterTheEnd(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		answer := w.find(alice, theAnswer)
		w.end()
		calls := func() int {
			return w.chat.called("Send") + w.chat.called("Fetch") + w.chat.called("Delete") + w.queue.called("Forget")
		}
		before := calls()

		w.photo(alice, "source-2")
		w.press(alice, answer, button(t, answer.reply, "👎"))
		w.photo(bob, "source-3")
		w.command(bob, "delete")
		synctest.Wait()
		if after := calls(); after != before {
			t.Errorf("the bot made %d calls after its end", after-before)
		}
		w.connect()
		w.run()
		w.pass(20 * time.Second)
		if n := len(w.store.all()); n != 2 {
			t.Errorf("%d cases, want 2", n)
		}
		for _, c := range w.store.all() {
			if c.Status != deepskin.Answered {
				t.Errorf("the next bot left a case %s", c.Status)
			}
		}
	})
}

// Events come in while the bot stops.
func TestHandlersDuringTheEnd(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 200 {
				m := w.message(alice, "source-1")
				if _, err := w.bot.Message(t.Context(), m); err != nil {
					t.Errorf("Message: %v", err)
				}
				time.Sleep(time.Millisecond)
			}
		}()
		time.Sleep(100 * time.Millisecond)
		w.end()
		<-done
		w.connect()
		w.run()
		w.pass(time.Minute)
		for _, c := range w.store.all() {
			if c.Delivered.IsZero() {
				t.Fatalf("a case is %s and not delivered", c.Status)
			}
		}
	})
}

// A brokenAdapter cannot run.
type brokenAdapter struct{ *chat }

func (brokenAdapter) Name() string                           { return "broken" }
func (brokenAdapter) Run(context.Context, bot.Handler) error { return errBroken }

func TestAnAdapterThatFailsEndsTheBot(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.bot.Connect(brokenAdapter{w.chat})
		if err := w.bot.Run(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("Run: %v", err)
		}
	})
}
