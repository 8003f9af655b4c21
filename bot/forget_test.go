package bot_test

import (
	"context"
	"testing"
	"time"

	"deepskin"
)

func TestDeleteErasesEverything(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.tap(alice, answer, "👎")
		w.tap(alice, w.find(alice, "What was it?"), "I do not know")
		w.tap(alice, w.find(alice, "May we keep"), "Yes")
		w.consents(bob)
		w.photo(bob, "source-2")
		w.pass(time.Second)

		w.command(alice, "delete")
		w.sees(alice, "erased everything")
		w.sees(bob, theAnswer)
		w.holds(0, 1)
		if n := len(w.store.photos); n != 0 {
			t.Errorf("%d kept photos are left", n)
		}
		w.case1() // bob's
		reply := w.press(alice, answer, button(t, answer.reply, "Where did"))
		if reply.Send != nil || reply.Notice == "" {
			t.Errorf("a button of the erased answer: %+v", reply)
		}
		w.photo(alice, "source-3")
		w.sees(alice, "erased everything", theQuestion)
		w.command(bob, "delete")
		w.command(bob, "delete") // is no error
	})
}

// /delete may come at any moment of a photo's way.
func TestDeleteWhileThePhotoIsUnderWay(t *testing.T) {
	for name, test := range map[string]struct {
		slow  string // a method that takes 3 seconds
		after time.Duration
	}{
		"while it is acknowledged": {"Send", time.Second},
		"while it is fetched":      {"Fetch", time.Second},
		"while it is assessed":     {"", 50 * time.Millisecond},
		"while it is answered":     {"Edit", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.run()
				w.chat.inject(func(_ context.Context, method string) error {
					if method == test.slow {
						time.Sleep(3 * time.Second)
					}
					return nil
				})
				w.photo(alice, "source-1")
				w.pass(test.after)
				w.command(alice, "delete")
				w.pass(time.Minute)
				w.sees(alice, "Deleted")
				w.holds(0, 0)
				if n := len(w.store.all()); n != 0 {
					t.Errorf("%d cases are left", n)
				}
			})
		})
	}
}

// The answer is sent as a new message while /delete comes in between.
func TestDeleteWhileALateAnswerIsSent(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(20 * time.Second)
		w.run()
		w.photo(alice, "source-1")
		w.pass(19 * time.Second)
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Send" {
				time.Sleep(3 * time.Second)
			}
			return nil
		})
		w.pass(2 * time.Second)
		w.command(alice, "delete")
		w.pass(time.Minute)
		w.sees(alice, "Deleted")
	})
}

func TestDeleteBetweenThePhotoAndTheJob(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.queue.inject(func(_ context.Context, method string) error {
			if method == "PutPhoto" {
				w.must(w.forget(alice))
			}
			return nil
		})
		w.photo(alice, "source-1")
		w.pass(time.Minute)
		w.holds(0, 0)
	})
}

// forget erases a sender as another process would.
func (w *world) forget(s deepskin.Sender) error {
	erased, err := w.store.ForgetSender(w.t.Context(), s)
	for _, c := range erased {
		w.must(w.queue.Forget(w.t.Context(), c.ID))
	}
	return err
}

func TestDeleteWhileRedisIsAway(t *testing.T) {
	withAnswer(t, func(_ *testing.T, w *world, _ post) {
		w.holds(0, 1)
		w.queue.breaks()
		w.command(alice, "delete")
		w.pass(time.Minute)
		w.queue.inject(nil)
		w.pass(5 * time.Second)
		w.holds(0, 0)
	})
}

func TestDeleteWithoutStoreComesAgain(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, _ post) {
		w.store.breaks("ForgetSender")
		m := w.message(alice, "")
		m.Command = "delete"
		if reply, err := w.bot.Message(t.Context(), m); err == nil {
			t.Errorf("Message = %+v; want an error", reply)
		}
		w.store.inject(nil)
		w.hand(m)
		w.sees(alice, "erased everything")
	})
}

func TestForgetCaseErasesOne(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, _ post) {
		first := w.case1().ID
		w.photo(alice, "source-2")
		w.pass(time.Second)
		w.holds(0, 2)
		w.must(w.bot.ForgetCase(t.Context(), alice, first))
		w.pass(time.Millisecond)
		w.holds(0, 1)
		if w.case1().ID == first {
			t.Error("the wrong case was erased")
		}
	})
}

func TestOtherMessages(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		for _, test := range []struct{ command, want string }{
			{"start", "I look at photos of skin spots"},
			{"privacy", "What happens to your photos"},
			{"help", "I can only look at photos"},
			{"", "I can only look at photos"},
			{"forged", "I can only look at photos"},
			{"delete", "I hold nothing about you"},
		} {
			reply := w.command(alice, test.command)
			w.find(alice, test.want)
			if err := w.chat.Delete(t.Context(), w.chat.seen(alice)[0].at); err != nil {
				t.Fatal(err)
			}
			if len(reply.Buttons) > 0 {
				t.Errorf("/%s has buttons", test.command)
			}
		}
	})
}
