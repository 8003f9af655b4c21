package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// Words by which the tests know what is said of albums.
const (
	theSummary = "Your 3 photos"
	theCrowd   = "I did not keep all the photos"
)

// part returns a message with one photo of an album.
func (w *world) part(s deepskin.Sender, album string, n int) bot.Message {
	m := w.message(s, fmt.Sprintf("source-%s-%d", album, n))
	m.Album = album
	return m
}

// album sends the photos of an album at once and returns their messages.
func (w *world) album(s deepskin.Sender, album string, photos int) []bot.Message {
	w.t.Helper()
	var sent []bot.Message
	for n := range photos {
		m := w.part(s, album, n+1)
		w.hand(m)
		sent = append(sent, m)
	}
	return sent
}

// judged makes the worker tell photos apart by the end of their source, "-2" say.
func (w *world) judged(verdicts map[string]deepskin.Assessment) {
	quick := w.queue.assess
	w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
		r := quick(ctx, photo)
		for end, a := range verdicts {
			if strings.HasSuffix(string(photo), end) {
				return deepskin.Result{Assessment: &a}
			}
		}
		return r
	}
}

// stuck makes the worker never finish some photos, by the end of their source. Others pass them by.
func (w *world) stuck(ends ...string) {
	quick := w.queue.assess
	w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
		for _, end := range ends {
			if strings.HasSuffix(string(photo), end) {
				return deepskin.Result{}
			}
		}
		return quick(ctx, photo)
	}
}

var (
	blurred = deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.Blurred},
	}
	notALesion = deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.NotALesion},
	}
	malignant = deepskin.Assessment{Label: deepskin.Malignant, Malignancy: 0.8, Confidence: 0.8}
	unsure    = deepskin.Assessment{Label: deepskin.Inconclusive, Malignancy: 0.2, Confidence: 0.8}
)

func TestAnAlbumOfTenWithTwoBadPhotos(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.judged(map[string]deepskin.Assessment{"-3": blurred, "-5": malignant, "-8": notALesion, "-9": unsure})
		w.run()
		sent := w.album(alice, "album", 10)
		w.pass(400 * time.Millisecond)
		w.sees(alice, "Looking at your 10 photos")
		w.pass(3 * time.Second)
		w.sees(alice, "Your 10 photos")
		p := w.chat.seen(alice)[0]
		if p.edits != 1 || p.to != sent[0].At.Message {
			t.Errorf("the summary replies to %q after %d edits, want to the first photo after 1", p.to, p.edits)
		}
		for _, line := range []string{
			"Photo 1: lower risk, with high confidence.\n", "Photo 3: I cannot judge it. The photo is blurred.",
			"Photo 5: higher risk, with moderate confidence.\n", "Photo 8: I cannot judge it. This does not look like",
			"Photo 9: the model cannot tell.", "Photo 10: lower risk, with high confidence.\n",
			"to a doctor within two weeks", "not a diagnosis",
		} {
			if !strings.Contains(p.text(), line) {
				t.Errorf("the summary does not say %q:\n%s", line, p.text())
			}
		}
		var numbers []string
		for _, row := range p.reply.Buttons {
			for _, b := range row {
				numbers = append(numbers, b.Label)
			}
		}
		if got := strings.Join(numbers, " "); got != "1 2 3 4 5 6 7 8 9 10" || len(p.reply.Buttons) != 2 {
			t.Errorf("the buttons are %s in %d rows", got, len(p.reply.Buttons))
		}
		w.pass(time.Hour)
		w.sees(alice, "Your 10 photos")
		if n := w.chat.called("Send") + w.chat.called("Edit"); n != 2 {
			t.Errorf("%d messages and edits for an album, want 2", n)
		}

		w.press(bob, p, p.reply.Buttons[0][4].Data) // not his
		w.sees(alice, "Your 10 photos")
		w.press(alice, p, p.reply.Buttons[0][4].Data)
		full := w.find(alice, "Higher risk: have a doctor")
		w.tap(alice, full, "👍")
		w.find(alice, "You said that this answer is right")
		w.press(alice, p, p.reply.Buttons[0][0].Data)
		button(t, w.find(alice, theAnswer).reply, "Where did")
	})
}

func TestAPhotoOfAnAlbumFails(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		quick := w.queue.assess
		w.queue.assess = func(ctx context.Context, photo []byte) deepskin.Result {
			if strings.HasSuffix(string(photo), "-2") {
				return deepskin.Result{Failure: "the model broke"}
			}
			return quick(ctx, photo)
		}
		w.run()
		w.album(alice, "album", 3)
		w.pass(5 * time.Second)
		w.sees(alice, theSummary)
		p := w.chat.seen(alice)[0]
		if !strings.Contains(p.text(), "Photo 2: something broke here") || len(p.reply.Buttons[0]) != 2 {
			t.Errorf("the summary is %s with %v", p.text(), p.reply.Buttons)
		}
	})
}

// One photo that no worker gets done must not hold up what is known of the others.
func TestAPhotoOfAnAlbumIsStuck(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.stuck("-2")
		w.run()
		w.album(alice, "album", 3)
		w.pass(time.Minute)
		w.sees(alice, "Looking at your 3 photos")
		w.pass(59 * time.Second)
		w.sees(alice, theSummary)
		w.find(alice, "Photo 2: something broke here")
		w.pass(time.Hour)
		w.sees(alice, theSummary)
	})
}

// A photo that comes when the others have been waiting for long has a later deadline of its own.
func TestAPhotoThatComesLateDoesNotHoldUpItsAlbum(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.stuck("-2", "-4")
		w.run()
		w.album(alice, "album", 3)
		w.pass(30 * time.Second)
		w.hand(w.part(alice, "album", 4))
		w.pass(89 * time.Second)
		w.find(alice, theSummary)
		w.pass(30 * time.Second)
		w.sees(alice, theSummary, theApology)
		w.pass(time.Hour)
		w.sees(alice, theSummary, theApology)
	})
}

func TestALatePhotoOfAnAlbumGetsItsOwnAnswer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.album(alice, "album", 3)
		w.pass(10 * time.Second)
		w.sees(alice, theSummary)
		late := w.part(alice, "album", 4)
		w.hand(late)
		w.pass(400 * time.Millisecond)
		w.sees(alice, theSummary, "Looking at your photo")
		w.pass(3 * time.Second)
		w.sees(alice, theSummary, theAnswer)
		if p := w.find(alice, theAnswer); p.to != late.At.Message || p.edits != 1 {
			t.Errorf("the answer replies to %q after %d edits", p.to, p.edits)
		}
	})
}

// Telegram hands updates over in any order where it calls a webhook.
func TestAnAlbumOutOfOrder(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.judged(map[string]deepskin.Assessment{"-2": blurred})
		w.run()
		w.events = 8 // so that the messages are 9, 10 and 11
		parts := []bot.Message{w.part(alice, "album", 1), w.part(alice, "album", 2), w.part(alice, "album", 3)}
		for _, i := range []int{2, 0, 1} {
			w.hand(parts[i])
			w.pass(700 * time.Millisecond)
		}
		w.pass(5 * time.Second)
		w.sees(alice, theSummary)
		w.find(alice, "Photo 2: I cannot judge it")
		w.hand(parts[1]) // once more
		w.pass(time.Minute)
		w.sees(alice, theSummary)
	})
}

// The process that took the first updates dies at any point; the next one takes the others.
func TestAnAlbumSurvivesADeath(t *testing.T) {
	for name, died := range map[string]func(w *world, first, second deepskin.Case){
		"after the cases were written": func(*world, deepskin.Case, deepskin.Case) {},
		"after the acknowledgement":    func(w *world, first, _ deepskin.Case) { w.acknowledged(first, true) },
		"after one was answered": func(w *world, first, second deepskin.Case) {
			w.acknowledged(first, true)
			w.answered(second, malignant)
		},
		"after the summary": func(w *world, first, second deepskin.Case) {
			at := w.acknowledged(first, true)
			w.answered(first, malignant)
			w.answered(second, malignant)
			w.must(w.chat.Edit(w.t.Context(), at, bot.Reply{Title: "Your 2 photos", Text: "Photo 2"}))
		},
	} {
		for _, rest := range []int{0, 1} {
			t.Run(fmt.Sprint(name, ", ", rest, " to come"), func(t *testing.T) {
				in(t, func(t *testing.T, w *world) {
					w.consents(alice)
					first := w.add(w.part(alice, "album", 1), deepskin.Pending, 2*time.Minute)
					second := w.add(w.part(alice, "album", 2), deepskin.Pending, 2*time.Minute)
					died(w, first, second)
					w.pass(12 * time.Second)
					w.run()
					for range rest {
						w.hand(w.part(alice, "album", 3))
					}
					w.pass(15 * time.Second)
					w.sees(alice, fmt.Sprintf("Your %d photos", 2+rest))
					w.pass(time.Hour)
					w.sees(alice, fmt.Sprintf("Your %d photos", 2+rest))
					for _, c := range w.store.all() {
						if c.Delivered.IsZero() {
							t.Error("a case stays open")
						}
					}
				})
			})
		}
	}
}

// What cannot be noted is not said twice, and what cannot be said is said later.
func TestAnAlbumInTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		break_, mend func(w *world)
	}{
		"the store takes no delivery": {
			func(w *world) { w.store.breaks("DeliveredTogether") }, func(w *world) { w.store.inject(nil) },
		},
		"the store does not find the album": {
			func(w *world) { w.store.breaks("Album") }, func(w *world) { w.store.inject(nil) },
		},
		"the chat is down": {
			func(w *world) { w.chat.breaks("Send", "Edit") }, func(w *world) { w.chat.inject(nil) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.run()
				test.break_(w)
				w.album(alice, "album", 3)
				w.pass(20 * time.Second)
				test.mend(w)
				w.pass(time.Minute)
				w.sees(alice, theSummary)
				w.pass(time.Hour)
				w.sees(alice, theSummary)
			})
		})
	}
}

func TestAnAlbumWithoutConsent(t *testing.T) {
	consented := func(answer string, want func(t *testing.T, w *world)) {
		t.Run(answer, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.run()
				w.album(alice, "album", 3)
				w.pass(time.Second)
				w.sees(alice, theQuestion)
				if answer != "silence" {
					w.tap(alice, w.find(alice, theQuestion), answer)
				}
				want(t, w)
			})
		})
	}
	consented("Yes", func(_ *testing.T, w *world) {
		w.pass(400 * time.Millisecond)
		w.sees(alice, theThanks, "Looking at your 3 photos")
		w.pass(5 * time.Second)
		w.sees(alice, theThanks, theSummary)
	})
	consented("No", func(t *testing.T, w *world) {
		w.pass(time.Hour)
		w.sees(alice, "I deleted your photo")
		if len(w.store.all()) != 0 {
			t.Error("cases are left")
		}
	})
	consented("silence", func(_ *testing.T, w *world) {
		w.pass(time.Hour)
		w.sees(alice, theQuestion, "look at your photos. So I deleted them")
	})
}

// The file that is too large is refused with the others, or by its deadline.
func TestAnAlbumWithARefusalThatNeedsNoConsent(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		in(t, func(t *testing.T, w *world) {
			w.run()
			w.album(alice, "album", 2)
			huge := w.part(alice, "album", 3)
			huge.Photo.Problem = deepskin.TooManyBytes
			w.hand(huge)
			w.pass(10 * time.Second)
			if agrees {
				w.tap(alice, w.find(alice, theQuestion), "Yes")
				w.pass(10 * time.Second)
				w.sees(alice, theThanks, theSummary)
				w.find(alice, "Photo 3: I cannot judge it. The file is larger than 20 MB")
				return
			}
			w.pass(110 * time.Second)
			w.find(alice, theRefusal)
			w.pass(time.Hour)
			w.find(alice, "look at your photos. So I deleted them")
		})
	}
}

func TestAnAlbumThatIsTooMuchIsTurnedAwayOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.queue.wait = func(photos int) time.Duration {
			if photos > 3 {
				return time.Minute
			}
			return 0
		}
		w.consents(alice)
		w.run()
		w.album(alice, "album", 10)
		w.pass(400 * time.Millisecond)
		w.find(alice, theCrowd)
		w.pass(10 * time.Second)
		w.sees(alice, theCrowd, theSummary)
		if n := len(w.store.all()); n != 3 {
			t.Errorf("%d cases are kept, want 3", n)
		}
	})
}

// A photo that is taken back may be the one that all others wait for.
func TestTheLastPhotoOfAnAlbumIsTakenBack(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.album(alice, "album", 3)
		w.pass(1900 * time.Millisecond)
		upload := w.part(alice, "album", 4)
		upload.Photo.Source, upload.Photo.Bytes = "", []byte("pixels")
		w.queue.inject(func(ctx context.Context, method string) error {
			if method == "PutPhoto" {
				sleep(ctx, time.Second) // in which the others are done
				return deepskin.ErrBusy
			}
			return nil
		})
		w.hand(upload)
		w.queue.inject(nil)
		w.pass(time.Second)
		w.sees(alice, theSummary, theCrowd)
	})
}

func TestDeleteWhileAnAlbumIsLookedAt(t *testing.T) {
	for _, after := range []time.Duration{0, 100 * time.Millisecond, 350 * time.Millisecond, time.Second, 5 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.consents(alice)
				w.chat.inject(func(ctx context.Context, method string) error {
					if method == "Send" {
						sleep(ctx, 100*time.Millisecond)
					}
					return nil
				})
				w.run()
				w.album(alice, "album", 3)
				w.pass(after)
				w.command(alice, "delete")
				w.pass(time.Hour)
				w.sees(alice, "I erased everything")
				w.holds(0, 0)
			})
		})
	}
}

func TestALateSummaryIsANewMessage(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(8 * time.Second) // each, one after the other
		w.run()
		sent := w.album(alice, "album", 3)
		w.pass(10 * time.Second)
		looking := w.find(alice, "Looking at your 3 photos")
		w.pass(20 * time.Second)
		w.sees(alice, theSummary)
		if p := w.chat.seen(alice)[0]; p.at == looking.at || p.to != sent[0].At.Message {
			t.Errorf("the summary is an edit, or replies to %q", p.to)
		}
	})
}

// Two people whose albums have the same key hear of their own photos only.
func TestAlbumsOfTwoPeople(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.consents(bob)
		w.run()
		for n := range 3 {
			w.hand(w.part(alice, "album", n))
			w.hand(w.part(bob, "album", n+10))
		}
		w.pass(5 * time.Second)
		w.sees(alice, theSummary)
		w.sees(bob, theSummary)
	})
}

// The bot that took an album over from another tells of it once.
func TestAnAlbumAcrossATakeover(t *testing.T) {
	inCrew(t, func(t *testing.T, c *crew) {
		c.consents(alice)
		c.slow(3 * time.Second)
		c.album(alice, "album", 3)
		c.pass(time.Second)
		c.cut[0].cut.Store(true)
		c.pass(time.Minute)
		c.sees(alice, theSummary)
		if now, most, _ := c.chat.runs(); now != 1 || most != 1 {
			t.Errorf("%d bots hold the conversation, %d at once", now, most)
		}
		c.pass(time.Hour)
		c.sees(alice, theSummary)
	})
}

func TestNobodyElseCanUseTheButtons(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		for _, data := range []string{button(t, answer.reply, "👍"), "language:fr", "forged"} {
			reply, err := w.bot.Press(t.Context(), bot.Press{Sender: bob, Owner: alice, At: answer.at, Data: data})
			if err != nil || reply.Edit != nil || !strings.Contains(reply.Notice, "These buttons are for the person") {
				t.Errorf("%s: Press = %+v, %v", data, reply, err)
			}
		}
		if chosen, _ := w.store.Language(t.Context(), bob); chosen != "" {
			t.Errorf("somebody else's button chose %q", chosen)
		}
		mine := bot.Press{Sender: alice, Owner: alice, At: answer.at, Data: button(t, answer.reply, "👍")}
		if reply, err := w.bot.Press(t.Context(), mine); err != nil || reply.Edit == nil {
			t.Errorf("her own: Press = %+v, %v", reply, err)
		}
	})
}

func TestSomebodyElsesPhotoIsLeftAlone(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(bob)
		w.run()
		m := w.message(bob, "")
		m.OthersPhoto = true
		if reply := w.hand(m); !strings.Contains(reply.Text, "only if the person who sent it") {
			t.Errorf("the reply is %+v", reply)
		}
		if n := len(w.store.all()); n != 0 {
			t.Errorf("there are %d cases", n)
		}
	})
}

// An acknowledgement says that the bot is at work, an answer that it is not.
func TestOnlyAcknowledgementsSayThatTheBotIsAtWork(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.album(alice, "album", 3)
		w.pass(400 * time.Millisecond)
		working := func() (list []bool) {
			for _, p := range w.chat.seen(alice) {
				list = append(list, p.reply.Working)
			}
			return list
		}
		if got := working(); !slices.Contains(got, true) {
			t.Errorf("working: %v", got)
		}
		w.pass(10 * time.Second)
		if got := working(); slices.Contains(got, true) {
			t.Errorf("afterwards, working: %v", got)
		}
	})
}
