package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"deepskin"
)

// slow makes the worker take its time.
func (w *world) slow(d time.Duration) {
	quick := w.queue.assess
	w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
		sleep(ctx, d)
		return quick(ctx, photo)
	}
}

func TestALateAnswerIsANewMessage(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(20 * time.Second)
		w.run()
		m := w.photo(alice, "source-1")
		w.pass(19 * time.Second)
		looking := w.find(alice, theLooking)
		w.pass(2 * time.Second)
		w.sees(alice, theAnswer)
		if answer := w.find(alice, theAnswer); answer.at == looking.at || answer.edits != 0 {
			t.Errorf("the answer is an edit, which does not notify")
		} else if answer.to != m.At.Message {
			t.Errorf("the answer replies to %q, not to the photo", answer.to)
		}
		w.pass(time.Hour)
		w.sees(alice, theAnswer)
	})
}

func TestALateAnswerWhoseAcknowledgementStays(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(20 * time.Second)
		w.run()
		w.photo(alice, "source-1")
		w.chat.breaks("Delete")
		w.pass(time.Hour)
		w.sees(alice, theLooking, theAnswer) // once, though something failed
	})
}

func TestAnAcknowledgementThatTheReaderDeleted(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		if err := w.chat.Delete(t.Context(), w.find(alice, theLooking).at); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestAPlatformThatIsDownForMinutes(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.photo(alice, "source-2")
		w.chat.breaks()
		w.pass(10 * time.Minute)
		w.chat.inject(nil)
		w.pass(5 * time.Second)
		w.sees(alice, theAnswer, theAnswer)
		w.pass(time.Hour)
		w.sees(alice, theAnswer, theAnswer)
	})
}

func TestAPlatformThatIsDownAtIntakeAndComesBack(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.chat.breaks()
		w.photo(alice, "source-1")
		w.pass(60 * time.Second)
		w.chat.inject(nil)
		w.pass(5 * time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestAnAnswerThatNobodyTakes(t *testing.T) {
	for name, test := range map[string]struct {
		err   error
		after time.Duration
	}{
		"blocked":       {deepskin.ErrNotFound, time.Minute},
		"down for good": {errBroken, 25 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.config.Sweep = 10 * time.Minute
				w.connect()
				w.consents(alice)
				w.run()
				w.chat.inject(func(_ context.Context, method string) error {
					if method == "Fetch" {
						return nil
					}
					return test.err
				})
				w.photo(alice, "source-1")
				w.pass(test.after)
				if c := w.case1(); c.Status != deepskin.Answered || c.Delivered.IsZero() {
					t.Errorf("the case is %s, delivered %v: it is tried for ever", c.Status, c.Delivered)
				}
				calls := w.chat.called("Send") + w.chat.called("Edit")
				w.pass(time.Hour)
				if more := w.chat.called("Send") + w.chat.called("Edit"); more != calls {
					t.Errorf("%d more tries after it was given up", more-calls)
				}
			})
		})
	}
}

func TestOneSlowChatHoldsUpNobody(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.consents(bob)
		w.run()
		for range 12 {
			w.photo(alice, "source-1")
		}
		w.pass(50 * time.Millisecond)
		w.chat.hangs("Edit") // for alice's answers
		w.pass(3 * time.Second)
		w.chat.inject(nil)
		w.photo(bob, "source-2")
		w.pass(time.Second)
		w.sees(bob, theAnswer)
	})
}

// A message that cannot be noted would be sent again.
func TestAnAnswerIsNotRepeatedWhileTheStoreIsAway(t *testing.T) {
	for _, method := range []string{"SetAddress", "Delivered"} {
		t.Run(method, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.chat.breaks("Send") // no acknowledgement, so the answer is a new message
				w.run()
				w.photo(alice, "source-1")
				w.chat.inject(nil)
				w.store.breaks(method)
				w.pass(10 * time.Minute)
				w.sees(alice, theAnswer)
				w.store.inject(nil)
				w.pass(time.Minute)
				w.sees(alice, theAnswer)
				if w.case1().Delivered.IsZero() {
					t.Error("the delivery was never noted")
				}
			})
		})
	}
}

func TestAResultIsKeptWhileTheStoreIsAway(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.hand(w.upload()) // without another copy, so it cannot be looked at again
		w.store.breaks()
		w.pass(61 * time.Second)
		w.store.inject(nil) // a sweep comes before the result does
		w.pass(10 * time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestResultsThatComeTwiceLateOrForNobody(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		malignant := &deepskin.Assessment{Label: deepskin.Malignant, Confidence: 0.9}
		id, answer := w.case1().ID, w.find(alice, theAnswer)
		for _, r := range []deepskin.Result{
			{Case: id, Assessment: malignant},
			{Case: id, Failure: "out of memory"},
			{Case: id, Failure: "photo gone"},
			{Case: deepskin.NewCaseID(), Assessment: malignant},
			{Case: deepskin.NewCaseID(), Failure: "photo gone"},
			{Case: deepskin.CaseID("forged \xff")},
			{},
		} {
			w.queue.stream(platform) <- r
		}
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
		if now := w.find(alice, theAnswer); now.at != answer.at || now.edits != answer.edits {
			t.Errorf("the answer was delivered again")
		}
		if n := w.chat.called("Fetch"); n != 1 {
			t.Errorf("an answered case's photo was fetched again")
		}
	})
}

func TestAWorkerThatFails(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.queue.assess = func(context.Context, []byte) deepskin.Result {
			return deepskin.Result{Failure: "no worker that took it came back"}
		}
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.sees(alice, theApology)
		w.holds(0, 0)
		if strings.Contains(w.find(alice, theApology).text(), "worker") {
			t.Error("the cause is for operators only")
		}
	})
}

func TestAWorkerThatFindsNoPhoto(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		first := true
		assess := w.queue.assess
		w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
			if first {
				first = false
				return deepskin.Result{Failure: "photo gone"}
			}
			return assess(ctx, photo)
		}
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.sees(alice, theAnswer) // the platform still had it
	})
}
