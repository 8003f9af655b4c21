package bot_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"deepskin"
	"deepskin/bot"
)

func TestAPhotoIsAcknowledgedAndAnswered(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		m := w.photo(alice, "source-1")
		w.sees(alice, theLooking)
		w.pass(time.Second)
		w.sees(alice, theAnswer)
		answer := w.find(alice, theAnswer)
		if answer.to != m.At.Message || answer.edits != 1 {
			t.Errorf("the answer replies to %q after %d edits, want to the photo after 1", answer.to, answer.edits)
		}
		if c := w.case1(); c.Status != deepskin.Answered || c.Delivered.IsZero() {
			t.Errorf("the case is %s, delivered %v", c.Status, c.Delivered)
		}
		w.pass(time.Hour)
		w.sees(alice, theAnswer)
		w.holds(0, 1)
		if n := w.chat.called("Fetch"); n != 1 {
			t.Errorf("the photo was fetched %d times, want once", n)
		}
	})
}

func TestAnEventDeliveredTwiceIsOneCase(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.queue.wait = func(photos int) time.Duration {
			if photos > 1 {
				return time.Minute
			}
			return 0
		}
		w.consents(alice)
		w.run()
		m := w.message(alice, "source-1")
		first := w.hand(m)
		again := w.hand(m) // and does not count against the limit
		if first.Case != again.Case || !again.Empty() {
			t.Errorf("the second delivery brought %+v, want silence about case %s", again, first.Case)
		}
		w.pass(time.Second)
		w.hand(m)
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
		w.case1()
	})
}

func TestALateRepeatOfAnUnansweredEventBringsNothingNew(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		m := w.photo(alice, "source-1")
		w.hand(m)
		w.sees(alice, theQuestion)
	})
}

func TestTooManyPhotosAreTurnedAway(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.queue.wait = func(photos int) time.Duration {
			if photos > 1 {
				return 90 * time.Second
			}
			return 0
		}
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		reply := w.hand(w.message(alice, "source-2"))
		if reply.RetryAfter != 90*time.Second || reply.Case != "" || !strings.Contains(reply.Text, "90 seconds") {
			t.Errorf("the reply is %+v", reply)
		}
		w.photo(bob, "source-3") // has a count of his own
		w.pass(time.Hour)
		w.sees(alice, theAnswer, theLimit)
		w.sees(bob, theQuestion, theExpiry)
		for _, c := range w.store.all() {
			if c.Source == "source-2" {
				t.Error("a case was written for the photo that was turned away")
			}
		}
	})
}

func TestWhatThePlatformRefusesIsAnsweredWithoutConsent(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		m := w.message(alice, "source-1")
		m.Photo.Problem = deepskin.TooManyBytes
		w.hand(m)
		w.pass(time.Minute)
		w.sees(alice, theRefusal)
		if !strings.Contains(w.find(alice, theRefusal).text(), "20 MB") {
			t.Error("the refusal does not say why")
		}
		if n := w.chat.called("Fetch"); n != 0 {
			t.Error("the photo was fetched all the same")
		}
	})
}

func TestWhatTheDownloadShows(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"too large": {deepskin.ErrTooLarge, theRefusal},
		"gone":      {deepskin.ErrGone, theLoss},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.chat.inject(func(_ context.Context, method string) error {
					if method == "Fetch" {
						return test.err
					}
					return nil
				})
				w.run()
				w.photo(alice, "source-1")
				w.pass(time.Second)
				w.sees(alice, test.want)
			})
		})
	}
}

func TestTheAcknowledgementMayFail(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.chat.breaks("Send")
		w.run()
		m := w.photo(alice, "source-1")
		w.chat.inject(nil)
		w.pass(time.Second)
		w.sees(alice, theAnswer)
		if to := w.find(alice, theAnswer).to; to != m.At.Message {
			t.Errorf("the answer replies to %q, want to the photo", to)
		}
	})
}

func TestAHangingAcknowledgementDoesNotHoldUpTheAnswer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.chat.hangs("Send")
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		if c := w.case1(); c.Status != deepskin.Answered {
			t.Errorf("after a second the case is %s: the photo waited for the acknowledgement", c.Status)
		}
		w.chat.inject(nil)
		w.pass(15 * time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestAnAcknowledgementThatCannotBeNotedIsTakenBack(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.store.breaks("SetAddress")
		w.photo(alice, "source-1")
		w.sees(alice)
		w.store.inject(nil)
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
	})
}

func TestAFullBacklogIsAnApology(t *testing.T) {
	for name, method := range map[string]string{"jobs": "Enqueue", "memory": "PutPhoto"} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.queue.inject(full(method))
				w.run()
				w.photo(alice, "source-1")
				w.pass(25 * time.Second)
				w.sees(alice, theLooking)
				w.pass(10 * time.Second)
				w.sees(alice, theBusy)
				w.holds(0, 0)
			})
		})
	}
}

// An accepted photo gets its answer when there is room again.
func TestAShortLackOfRoomCostsNoAnswer(t *testing.T) {
	for name, method := range map[string]string{"jobs": "Enqueue", "memory": "PutPhoto"} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.queue.inject(full(method))
				w.run()
				w.photo(alice, "source-1")
				w.pass(15 * time.Second)
				w.sees(alice, theLooking)
				w.queue.inject(nil)
				w.pass(5 * time.Second)
				w.sees(alice, theAnswer)
			})
		})
	}
}

// full makes a method of the queue say that there is no room.
func full(method string) func(context.Context, string) error {
	return func(_ context.Context, m string) error {
		if m == method {
			return deepskin.ErrBusy
		}
		return nil
	}
}

// upload is a photo as the web page sends it.
func (w *world) upload() bot.Message {
	m := w.message(alice, "")
	m.Photo, m.Consent = &bot.Photo{Bytes: []byte("pixels in hand")}, true
	return m
}

func TestAnUploadIsHeldBeforeItIsAcknowledged(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		reply, err := w.bot.Message(t.Context(), w.upload())
		if err != nil {
			t.Fatal(err)
		}
		w.holds(1, 0) // at once, with nothing left to the background
		if !reply.Empty() || reply.Case != w.case1().ID {
			t.Errorf("the reply is %+v", reply)
		}
		w.pass(time.Second)
		w.sees(alice, theAnswer)
		if n := w.chat.called("Fetch"); n != 0 {
			t.Errorf("the photo was fetched, though it was in hand")
		}
	})
}

func TestAnUploadWithoutRedisLeavesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		inject   func(context.Context, string) error
		wantBusy bool
	}{
		"away":           {func(context.Context, string) error { return errBroken }, false},
		"breaks between": {func(_ context.Context, m string) error { return map[string]error{"Enqueue": errBroken}[m] }, false},
		"no memory":      {full("PutPhoto"), true},
		"long backlog":   {full("Enqueue"), true},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.run()
				m := w.upload()
				w.queue.inject(test.inject)
				reply, err := w.bot.Message(t.Context(), m)
				if test.wantBusy && (err != nil || reply.RetryAfter == 0 || reply.Case != "") {
					t.Errorf("Message = %+v, %v; want to hear when to come back", reply, err)
				}
				if !test.wantBusy && err == nil {
					t.Errorf("Message = %+v; want an error, since nothing was kept", reply)
				}
				if n := len(w.store.all()); n != 0 {
					t.Errorf("%d cases are left", n)
				}
				w.queue.inject(nil)
				w.pass(3 * time.Second)
				w.holds(0, 0)
				w.hand(m) // the same event again
				w.pass(time.Second)
				w.sees(alice, theAnswer)
			})
		})
	}
}

func TestAnUploadWhoseSenderHangsUpLeavesNothing(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.run()
		ctx, hangUp := context.WithCancel(t.Context())
		w.queue.inject(func(_ context.Context, method string) error {
			if method == "PutPhoto" {
				hangUp()
			}
			return nil
		})
		if _, err := w.bot.Message(ctx, w.upload()); err == nil {
			t.Error("no error, though nothing was kept")
		}
		if n := len(w.store.all()); n != 0 {
			t.Errorf("%d cases are left", n)
		}
	})
}

func TestAnUploadThatComesAgainBringsBackALostPhoto(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		m := w.upload()
		// A process that died after it had written the case.
		w.consents(alice)
		w.add(m, deepskin.Pending, 2*time.Minute)
		w.run()
		w.hand(m)
		w.pass(time.Second)
		if c := w.case1(); c.Status != deepskin.Answered {
			t.Errorf("the case is %s", c.Status)
		}
	})
}

// add writes a case as if an earlier process had.
func (w *world) add(m bot.Message, status deepskin.Status, left time.Duration) deepskin.Case {
	w.t.Helper()
	c, _, err := w.store.AddCase(w.t.Context(), deepskin.NewCase{
		ID: deepskin.NewCaseID(), Sender: m.Sender, Event: m.Event, Status: status,
		Created: time.Now(), Deadline: time.Now().Add(left), Address: m.At, Source: m.Photo.Source,
		Album: m.Album, Language: m.Language,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestPhotosThatWouldBeAnsweredTooLateAreTurnedAway(t *testing.T) {
	for _, test := range []struct {
		name     string
		expected time.Duration
		want     time.Duration // until the photo may come again
		words    string
	}{
		{"a wait within the deadline", 110 * time.Second, 0, ""},
		{"a wait past it", 118 * time.Second, time.Minute, "about 60 seconds"},
		{"a long wait", 5 * time.Minute, 4 * time.Minute, "about 4 minutes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.run()
				w.queue.expected = test.expected
				reply := w.hand(w.message(alice, "source-1"))
				if reply.RetryAfter != test.want || !strings.Contains(reply.Text, test.words) {
					t.Errorf("the reply is %+v", reply)
				}
				if taken := len(w.store.all()) == 1; taken == (test.want > 0) {
					t.Errorf("taken: %v", taken)
				}
			})
		})
	}
}

func TestAnUnknownWaitTurnsNobodyAway(t *testing.T) {
	in(t, func(_ *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.queue.breaks("ExpectedWait")
		w.photo(alice, "source-1")
		w.pass(time.Minute)
		w.sees(alice, theAnswer)
	})
}

func TestAChatPhotoWaitsForRedis(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.queue.breaks()
		w.photo(alice, "source-1")
		w.pass(40 * time.Second)
		w.sees(alice, theLooking)
		w.queue.inject(nil)
		w.pass(5 * time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestAHangingRedisDoesNotHoldUpTheHandler(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.queue.hangs("Allow")
		start := time.Now()
		w.photo(alice, "source-1")
		if d := time.Since(start); d > time.Second {
			t.Errorf("the handler took %v", d)
		}
		w.pass(time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestWithoutStoreNothingIsAcknowledged(t *testing.T) {
	for _, method := range []string{"HasConsent", "AddCase"} {
		t.Run(method, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.run()
				m := w.message(alice, "source-1")
				w.store.breaks(method)
				if reply, err := w.bot.Message(t.Context(), m); err == nil {
					t.Errorf("Message = %+v; want an error, so that the event comes again", reply)
				}
				synctest.Wait()
				w.sees(alice)
				w.store.inject(nil)
				w.hand(m)
				w.pass(time.Second)
				w.sees(alice, theAnswer)
			})
		})
	}
}

func TestFiftyPhotosInAMinute(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.queue.wait = func(photos int) time.Duration {
			if photos > 20 {
				return time.Minute
			}
			return 0
		}
		w.consents(alice)
		w.run()
		for range 50 {
			w.photo(alice, "source-1")
			w.pass(time.Second)
		}
		w.pass(time.Minute)
		said := map[string]int{}
		for _, p := range w.chat.seen(alice) {
			said[p.reply.Title]++
		}
		if len(said) != 2 || said[theAnswer] != 20 || said[theLimit] != 30 {
			t.Errorf("the sender was told %v, want 20 answers, and 30 times that it is too much", said)
		}
	})
}
