package bot_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// A process may die between any two steps. The next one finds what is in the store and in Redis.
func TestAfterADeathEveryoneGetsOneAnswer(t *testing.T) {
	assessment := deepskin.Assessment{Label: deepskin.Benign, Confidence: 0.9}
	for name, test := range map[string]struct {
		left func(w *world, c deepskin.Case)
		want []string
	}{
		"after the case was written": {
			func(*world, deepskin.Case) {}, []string{theAnswer},
		},
		"after the acknowledgement was sent": {
			func(w *world, c deepskin.Case) { w.acknowledged(c, false) }, []string{theLooking, theAnswer},
		},
		"after the acknowledgement was noted": {
			func(w *world, c deepskin.Case) { w.acknowledged(c, true) }, []string{theAnswer},
		},
		"after the photo was held": {
			func(w *world, c deepskin.Case) { w.held(c) }, []string{theAnswer},
		},
		"after the job was queued": {
			func(w *world, c deepskin.Case) { w.held(c); w.queued(c) }, []string{theAnswer},
		},
		"after the case was answered": {
			func(w *world, c deepskin.Case) { w.acknowledged(c, true); w.answered(c, assessment) },
			[]string{theAnswer},
		},
		"after the answer was edited in": {
			func(w *world, c deepskin.Case) {
				at := w.acknowledged(c, true)
				w.answered(c, assessment)
				w.must(w.chat.Edit(w.t.Context(), at, bot.Reply{Title: theAnswer, Text: "."}))
			},
			[]string{theAnswer},
		},
		"after the answer was sent and noted": {
			func(w *world, c deepskin.Case) {
				w.answered(c, assessment)
				at, err := w.chat.Send(w.t.Context(), c.Address, bot.Reply{Title: theAnswer, Text: "."})
				w.must(err)
				w.must(w.store.SetAddress(w.t.Context(), c.ID, at))
			},
			[]string{theAnswer},
		},
		"after the case was failed": {
			func(w *world, c deepskin.Case) {
				_, err := w.store.Fail(w.t.Context(), c.ID, "deadline")
				w.must(err)
			},
			[]string{theApology},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				test.left(w, w.add(w.message(alice, "source-1"), deepskin.Pending, 2*time.Minute))
				w.pass(3 * time.Second)
				w.run()
				w.pass(20 * time.Second)
				w.sees(alice, test.want...)
				w.pass(time.Hour)
				w.sees(alice, test.want...)
				if w.case1().Delivered.IsZero() {
					t.Error("the case stays open")
				}
			})
		})
	}
}

// Who takes over looks after everything at once, not only once it has stood still for long.
func TestYoungCasesOfADeadBotAreBroughtForward(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.add(w.message(alice, "source-1"), deepskin.Pending, 2*time.Minute)
		w.pass(time.Second)
		w.run()
		w.pass(3 * time.Second)
		w.sees(alice, theAnswer)
	})
}

// What has failed is tried again with the next sweep.
func TestAFailedStepIsTakenAgainSoon(t *testing.T) {
	for _, method := range []string{"Fetch", "Edit", "PutPhoto", "Enqueue", "Answer", "Case"} {
		t.Run(method, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.run()
				w.pass(10 * time.Second)
				for _, f := range []*faults{&w.chat.faults, &w.store.faults, &w.queue.faults} {
					f.breaks(method)
				}
				w.photo(alice, "source-1")
				w.pass(10 * time.Second)
				for _, f := range []*faults{&w.chat.faults, &w.store.faults, &w.queue.faults} {
					f.inject(nil)
				}
				w.pass(6 * time.Second)
				w.sees(alice, theAnswer)
			})
		})
	}
}

// A long line costs a sweep little: it looks only now and then after those who wait in it.
func TestASweepLooksSeldomAfterThoseInLine(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(time.Hour)
		w.run()
		const photos = 5
		for range photos {
			w.photo(alice, "source-1")
		}
		w.pass(20 * time.Second)
		before := w.queue.called("Enqueue")
		w.pass(time.Minute)
		if n := w.queue.called("Enqueue") - before; n == 0 || n > 12*photos {
			t.Errorf("in a minute the sweep looked %d times after %d photos that wait, want at most 12 times each", n, photos)
		}
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) acknowledged(c deepskin.Case, noted bool) deepskin.Address {
	w.t.Helper()
	at, err := w.chat.Send(w.t.Context(), c.Address, bot.Reply{Text: theLooking})
	w.must(err)
	if noted {
		w.must(w.store.SetAddress(w.t.Context(), c.ID, at))
	}
	return at
}

func (w *world) held(c deepskin.Case) {
	w.t.Helper()
	w.must(w.queue.PutPhoto(w.t.Context(), c.ID, []byte("pixels"), 2*time.Minute))
}

func (w *world) queued(c deepskin.Case) {
	w.t.Helper()
	w.must(w.queue.Enqueue(w.t.Context(), deepskin.Job{Case: c.ID, Platform: c.Platform}))
}

func (w *world) answered(c deepskin.Case, a deepskin.Assessment) {
	w.t.Helper()
	_, err := w.store.Answer(w.t.Context(), c.ID, a)
	w.must(err)
}

func TestTheApologyComesInTime(t *testing.T) {
	const deadline = 2 * time.Minute
	for name, test := range map[string]func(w *world){
		"no worker":          func(w *world) { w.slow(time.Hour) },
		"Redis is away":      func(w *world) { w.queue.breaks() },
		"Redis hangs":        func(w *world) { w.queue.hangs("HasPhoto") },
		"the download hangs": func(w *world) { w.chat.hangs("Fetch") },
		"the download fails": func(w *world) { w.chat.breaks("Fetch") },
		"sending is slow": func(w *world) {
			w.slow(time.Hour)
			w.chat.inject(func(_ context.Context, method string) error {
				if method == "Send" {
					time.Sleep(2 * time.Second)
				}
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				test(w)
				w.run()
				w.hand(w.message(alice, "source-1"))
				w.pass(deadline - 10*time.Second)
				if c := w.case1(); c.Status != deepskin.Pending {
					t.Errorf("10 seconds before the deadline the case is %s", c.Status)
				}
				w.pass(10 * time.Second)
				w.sees(alice, theApology)
			})
		})
	}
}

// Photos of one platform that hang must not use up what another platform's deadlines need.
func TestHangingDownloadsDoNotHoldUpOthers(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.chat.hangs("Fetch")
		w.run()
		for range 40 {
			w.photo(alice, "source-1")
		}
		w.pass(time.Second)
		start := time.Now()
		w.hand(w.upload())
		w.pass(time.Second)
		for _, c := range w.store.all() {
			if c.Source == "" && (c.Status != deepskin.Answered || c.Delivered.IsZero()) {
				t.Errorf("after %v the upload is %s, delivered %v", time.Since(start), c.Status, c.Delivered)
			}
		}
		w.pass(2 * time.Minute)
		for _, c := range w.store.all() {
			if c.Delivered.IsZero() {
				t.Errorf("a case is %s after its deadline", c.Status)
			}
		}
	})
}

// Every photo that is being fetched is in memory.
func TestFewPhotosAreFetchedAtTheSameTime(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		var mu sync.Mutex
		now, most := 0, 0
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			now += by
			most = max(most, now)
		}
		w.chat.inject(func(_ context.Context, method string) error {
			if method == "Fetch" {
				count(1)
				defer count(-1)
				time.Sleep(time.Second)
			}
			return nil
		})
		w.run()
		for range 16 {
			w.photo(alice, "source-1")
		}
		w.pass(2 * time.Second)
		if most != 8 || w.chat.called("Fetch") != 16 {
			t.Errorf("%d photos were fetched in 2 seconds, %d at once; want 16 and 8", w.chat.called("Fetch"), most)
		}
	})
}

func TestRedisThatComesBackEmpty(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.consents(bob)
		hold := make(chan struct{})
		quick := w.queue.assess
		w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
			<-hold
			return quick(ctx, photo)
		}
		w.run()
		w.photo(bob, "source-1") // keeps the worker busy
		w.photo(alice, "source-2")
		w.hand(w.upload())
		w.queue.lose()
		close(hold)
		w.pass(5 * time.Second)
		w.sees(alice, theAnswer, theLooking) // fetched again at once; of the upload there was one copy
		w.pass(40 * time.Second)
		w.sees(alice, theAnswer, theLoss)
	})
}

// Results may have waited for a process that was away: they are better than any apology.
func TestResultsThatWaitedForARestart(t *testing.T) {
	for name, test := range map[string]struct{ away, reading time.Duration }{
		"within the deadline": {time.Minute, 10 * time.Second},
		"beyond it":           {10 * time.Minute, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				m := w.upload()
				c := w.add(m, deepskin.Pending, 2*time.Minute)
				w.pass(test.away)
				w.run()
				w.pass(test.reading)
				w.queue.stream(platform) <- deepskin.Result{
					Case: c.ID, Assessment: &deepskin.Assessment{Label: deepskin.Benign, Confidence: 0.9},
				}
				w.pass(time.Minute)
				w.sees(alice, theAnswer)
			})
		})
	}
}

// The worker is done with the photo, but Redis hid the result until a moment ago.
func TestResultsThatRedisHid(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		c := w.add(w.upload(), deepskin.Pending, 2*time.Minute)
		w.queue.breaks()
		w.pass(45 * time.Second)
		w.queue.inject(nil)
		w.pass(5 * time.Second)
		w.queue.stream(platform) <- deepskin.Result{
			Case: c.ID, Assessment: &deepskin.Assessment{Label: deepskin.Benign, Confidence: 0.9},
		}
		w.pass(time.Second)
		w.sees(alice, theAnswer)
	})
}

// A photo that waited for long has just been looked at: it is gone, and its result is on the way.
func TestResultsOfPhotosThatWaitedLong(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.queue.assess = func(context.Context, []byte) deepskin.Result { return deepskin.Result{} } // never done
		w.run()
		c := w.add(w.upload(), deepskin.Pending, 2*time.Minute)
		w.held(c)
		w.pass(45 * time.Second)
		w.queue.lose()
		w.pass(5 * time.Second)
		w.queue.stream(platform) <- deepskin.Result{
			Case: c.ID, Assessment: &deepskin.Assessment{Label: deepskin.Benign, Confidence: 0.9},
		}
		w.pass(time.Second)
		w.sees(alice, theAnswer)
	})
}

func TestCasesOfOtherPlatformsAreLeftAlone(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		m := w.message(deepskin.Sender{Platform: "elsewhere", ID: alice.ID}, "source-1")
		w.add(m, deepskin.Pending, 2*time.Minute)
		w.run()
		w.pass(time.Hour)
		if c := w.case1(); c.Status != deepskin.Pending {
			t.Errorf("the case is %s, without anybody there to tell its sender", c.Status)
		}
	})
}

func TestTheSweepOutlivesAStoreThatIsAway(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(time.Hour)
		w.run()
		w.photo(alice, "source-1")
		w.store.breaks()
		w.pass(time.Minute)
		w.store.inject(nil)
		w.pass(time.Minute)
		w.sees(alice, theApology)
	})
}
