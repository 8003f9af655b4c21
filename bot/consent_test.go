package bot_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"deepskin"
)

func TestNothingIsLookedAtWithoutConsent(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		m := w.photo(alice, "source-1")
		w.pass(9 * time.Minute)
		w.sees(alice, theQuestion)
		w.tap(alice, w.find(alice, theQuestion), "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
		if to := w.find(alice, theAnswer).to; to != m.At.Message {
			t.Errorf("the answer replies to %q, want to the photo", to)
		}
		w.photo(alice, "source-2") // consent holds
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer, theAnswer)
	})
}

func TestAnAlbumBringsOneQuestionAndAnAnswerForEach(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		for _, source := range []string{"source-1", "source-2", "source-3"} {
			w.photo(alice, source)
		}
		w.photo(bob, "source-4")
		w.sees(alice, theQuestion)
		w.tap(alice, w.find(alice, theQuestion), "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer, theAnswer, theAnswer)
		w.sees(bob, theQuestion)
	})
}

func TestAPhotoSomeTimeLaterBringsTheQuestionAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		w.pass(2 * time.Minute) // the question may have got lost
		w.photo(alice, "source-2")
		w.sees(alice, theQuestion, theQuestion)
		second := w.chat.seen(alice)[1]
		w.tap(alice, w.chat.seen(alice)[0], "Yes")
		w.tap(alice, second, "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theThanks, theAnswer, theAnswer)
	})
}

func TestAQuestionThatWasNotSentIsAskedWhenTheEventComesAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		// The process dies before it has replied: the platform delivers again.
		m := w.message(alice, "source-1")
		w.add(m, deepskin.Waiting, 10*time.Minute)
		w.run()
		w.hand(m)
		w.tap(alice, w.find(alice, theQuestion), "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
		w.case1()
	})
}

func TestConsentPressedTwice(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		w.tap(alice, question, "Yes")
		w.tap(alice, question, "Yes")
		w.sees(alice, theThanks, theLooking)
		w.pass(time.Second)
		w.tap(alice, question, "Yes")
		w.pass(time.Minute)
		w.sees(alice, theThanks, theAnswer)
	})
}

func TestConsentBeforeThePhotoWasFetched(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Fetch" {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		w.photo(alice, "source-1")
		w.tap(alice, w.find(alice, theQuestion), "Yes")
		w.pass(5*time.Second + 200*time.Millisecond) // without any help of a sweep
		w.sees(alice, theThanks, theAnswer)
	})
}

func TestConsentWhenThePhotoCouldNotBeFetchedBefore(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.chat.breaks("Fetch")
		w.photo(alice, "source-1")
		w.chat.inject(nil)
		w.tap(alice, w.find(alice, theQuestion), "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
	})
}

func TestConsentAtTheLastMomentIsAnswered(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		m := w.upload() // of which nobody has another copy
		m.Consent = false
		w.hand(m)
		w.pass(10*time.Minute - time.Millisecond)
		w.consents(bob)
		w.photo(bob, "source-1") // keeps the worker busy
		question := w.find(alice, theQuestion)
		w.tap(alice, question, "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
	})
}

func TestConsentThatComesTooLate(t *testing.T) {
	for name, late := range map[string]time.Duration{
		"before the sweep": time.Millisecond, "after the sweep": time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.run()
				w.photo(alice, "source-1")
				question := w.find(alice, theQuestion)
				w.pass(10*time.Minute + late)
				w.tap(alice, question, "Yes")
				w.pass(time.Minute)
				w.sees(alice, "waited too long", theExpiry)
				w.holds(0, 0)
				w.photo(alice, "source-2") // the consent itself counts
				w.pass(time.Second)
				w.sees(alice, "waited too long", theExpiry, theAnswer)
			})
		})
	}
}

func TestAPhotoWithoutConsentIsDropped(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		w.pass(10*time.Minute - time.Second)
		w.holds(1, 0)
		w.pass(4 * time.Second)
		w.holds(0, 0)
		w.sees(alice, theQuestion, theExpiry)
		w.pass(time.Hour)
		w.sees(alice, theQuestion, theExpiry)
	})
}

func TestARefusalErasesEverything(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		w.photo(alice, "source-2")
		w.photo(bob, "source-3")
		w.holds(3, 0)
		question := w.find(alice, theQuestion)
		w.tap(alice, question, "No")
		w.sees(alice, "nobody looked at it")
		w.holds(1, 0)
		if n := len(w.store.all()); n != 1 {
			t.Errorf("%d cases are left, want the other sender's", n)
		}
		if reply := w.tap(alice, question, "No"); reply.Edit != nil || reply.Notice == "" {
			t.Errorf("pressed again: %+v", reply)
		}
		w.photo(alice, "source-4") // may think better of it at once
		w.sees(alice, "nobody looked at it", theQuestion)
		w.pass(time.Hour)
		w.sees(alice, "nobody looked at it", theQuestion, theExpiry)
	})
}

func TestARefusalWhileThePhotoIsFetched(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Fetch" {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		w.photo(alice, "source-1")
		w.tap(alice, w.find(alice, theQuestion), "No")
		w.pass(6 * time.Second)
		w.holds(0, 0)
		w.sees(alice, "nobody looked at it")
	})
}

func TestANoAfterTheYes(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		w.tap(alice, question, "Yes")
		reply := w.tap(alice, question, "No")
		if reply.Edit != nil || reply.Notice == "" {
			t.Errorf("Press = %+v, want to hear of /delete", reply)
		}
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
	})
}

func TestANoAfterTheWait(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		w.pass(11 * time.Minute)
		w.tap(alice, question, "No")
		w.sees(alice, "I deleted your photo") // and the notice of the expiry has gone
	})
}

// A second photo is written as waiting just after the consent to the first was recorded: nobody
// would ever release it.
func TestConsentBetweenTheLookAndTheWrite(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		second := w.message(alice, "source-2")
		between := false
		w.store.inject(func(_ context.Context, method string) error {
			if method == "AddCase" && !between {
				between = true
				w.tap(alice, question, "Yes")
			}
			return nil
		})
		w.hand(second)
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer, theAnswer)
	})
}

func TestSomebodyElseCannotConsent(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		for _, words := range []string{"Yes", "No"} {
			if reply := w.tap(bob, question, words); reply.Edit != nil || reply.Notice == "" {
				t.Errorf("%s: Press = %+v", words, reply)
			}
		}
		w.pass(time.Minute)
		w.sees(alice, theQuestion)
		if c := w.case1(); c.Status != deepskin.Waiting {
			t.Errorf("the case is %s", c.Status)
		}
		w.photo(bob, "source-2") // nor did they for themselves
		w.sees(bob, theQuestion)
	})
}

func TestAPressThatCannotBeKeptComesAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		w.photo(alice, "source-1")
		question := w.find(alice, theQuestion)
		w.store.breaks("GiveConsent")
		if reply, err := w.bot.Press(t.Context(), pressOf(alice, question, "Yes", t)); err == nil {
			t.Errorf("Press = %+v; want an error", reply)
		}
		w.store.inject(nil)
		w.tap(alice, question, "Yes")
		w.pass(time.Second)
		w.sees(alice, theThanks, theAnswer)
		synctest.Wait()
	})
}
