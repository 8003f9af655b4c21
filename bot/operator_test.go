package bot_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// tool is a bot as an operator's command makes it, beside the one that runs.
func (w *world) tool() *bot.Bot {
	b := bot.New(w.config)
	b.Connect(w.chat)
	return b
}

func TestForgetErasesBesideARunningBot(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, _ post) {
		w.consents(bob)
		w.photo(bob, "source-2")
		w.pass(time.Second)
		erased, err := w.tool().Forget(t.Context(), alice)
		if want := (bot.Erasure{Cases: 1, Messages: 1}); err != nil || erased != want {
			t.Errorf("Forget = %+v, %v; want %+v", erased, err, want)
		}
		w.sees(alice)
		w.sees(bob, theAnswer)
		w.holds(0, 1)
		w.case1() // bob's
		if again, err := w.tool().Forget(t.Context(), alice); err != nil || again != (bot.Erasure{}) {
			t.Errorf("Forget again = %+v, %v; want nothing", again, err)
		}
	})
}

func TestForgetSaysWhatIsLeft(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, _ post) {
		w.queue.breaks("Forget")
		w.chat.breaks("Delete")
		erased, err := w.tool().Forget(t.Context(), alice)
		if want := (bot.Erasure{Cases: 1, MessagesLeft: 1, CopiesLeft: 1}); err != nil || erased != want {
			t.Errorf("Forget = %+v, %v; want %+v", erased, err, want)
		}
		w.store.breaks("ForgetSender")
		if _, err := w.tool().Forget(t.Context(), alice); !errors.Is(err, errBroken) {
			t.Errorf("Forget without store: %v", err)
		}
	})
}

func TestReopenBringsTheAnswerAfterAll(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		assess := w.queue.assess
		w.queue.assess = func(context.Context, []byte) deepskin.Result { return deepskin.Result{Failure: "broken"} }
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.sees(alice, theApology)
		id := w.case1().ID

		w.queue.assess = assess // mended
		w.must(w.tool().Reopen(t.Context(), id))
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
		if err := w.tool().Reopen(t.Context(), id); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Reopen an answered case: %v", err)
		}
	})
}

func TestReopenNeedsAPhoto(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.queue.assess = func(context.Context, []byte) deepskin.Result { return deepskin.Result{Failure: "broken"} }
		w.run()
		m := w.message(alice, "")
		m.Photo = &bot.Photo{Bytes: []byte("pixels")}
		w.hand(m)
		w.pass(time.Second)
		w.sees(alice, theApology)
		if err := w.tool().Reopen(t.Context(), w.case1().ID); !errors.Is(err, deepskin.ErrGone) {
			t.Errorf("Reopen: %v", err)
		}
		if err := w.tool().Reopen(t.Context(), deepskin.NewCaseID()); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Reopen what there is not: %v", err)
		}
		w.sees(alice, theApology)
	})
}
