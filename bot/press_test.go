package bot_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// pressOf is the press of the button whose label holds the words.
func pressOf(s deepskin.Sender, p post, words string, t *testing.T) bot.Press {
	t.Helper()
	return bot.Press{Sender: s, At: p.at, Data: button(t, p.reply, words)}
}

// withAnswer runs a test on an answer in alice's chat.
func withAnswer(t *testing.T, test func(t *testing.T, w *world, answer post)) {
	t.Helper()
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		test(t, w, w.find(alice, theAnswer))
	})
}

func TestThumbsUp(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.tap(alice, answer, "👍")
		answer = w.find(alice, theAnswer)
		if !strings.Contains(answer.text(), "You said that this answer is right") {
			t.Errorf("the answer is now %q", answer.text())
		}
		if v := w.case1().Verdict; v == nil || !v.Agrees || v.Keep != nil {
			t.Errorf("the verdict is %+v", v)
		}
		button(t, answer.reply, "Where did") // stays
	})
}

func TestThumbsDownWithItsQuestions(t *testing.T) {
	for _, keep := range []bool{true, false} {
		withAnswer(t, func(t *testing.T, w *world, answer post) {
			w.tap(alice, answer, "👎")
			answer = w.find(alice, "What was it?")
			w.tap(alice, answer, "doctor said malignant")
			answer = w.find(alice, "May we keep")
			if keep {
				w.tap(alice, answer, "Yes")
				w.find(alice, "your photo will help")
			} else {
				w.tap(alice, answer, "No")
				w.find(alice, "I do not keep the photo")
			}
			v := w.case1().Verdict
			if v == nil || v.Agrees || v.Truth != deepskin.TruthMalignant || v.Keep == nil || *v.Keep != keep {
				t.Errorf("the verdict is %+v", v)
			}
			photo, err := w.store.Photo(t.Context(), w.case1().ID)
			if keep && string(photo) != "small pixels of source-1" {
				t.Errorf("what is kept is %q, %v; want the reduced copy", photo, err)
			}
			if !keep && !errors.Is(err, deepskin.ErrGone) {
				t.Errorf("a photo is kept without consent")
			}
		})
	}
}

func TestConsentToKeepIsTakenBack(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.tap(alice, answer, "👎")
		w.tap(alice, w.find(alice, "What was it?"), "I do not know")
		question := w.find(alice, "May we keep")
		w.tap(alice, question, "Yes")
		w.tap(alice, question, "No")
		if _, err := w.store.Photo(t.Context(), w.case1().ID); !errors.Is(err, deepskin.ErrGone) {
			t.Error("the photo is still kept")
		}
		if v := w.case1().Verdict; v.Keep == nil || *v.Keep || v.Truth != deepskin.TruthUnknown {
			t.Errorf("the verdict is %+v", v)
		}
	})
}

func TestAPhotoThatIsGoneCannotBeKept(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.tap(alice, answer, "👎")
		w.tap(alice, w.find(alice, "What was it?"), "I do not know")
		w.queue.lose()
		reply := w.tap(alice, w.find(alice, "May we keep"), "Yes")
		if !strings.Contains(reply.Notice, theGone) || reply.Edit != nil {
			t.Errorf("Press = %+v", reply)
		}
		if v := w.case1().Verdict; v.Keep != nil {
			t.Error("consent without a photo is recorded")
		}
	})
}

func TestTheHeatmap(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		reply := w.tap(alice, answer, "Where did")
		if reply.Send == nil || string(reply.Send.Picture) != "heat over small pixels of source-1" {
			t.Fatalf("Press = %+v", reply)
		}
		w.queue.lose()
		if reply = w.tap(alice, answer, "Where did"); !strings.Contains(reply.Notice, theGone) {
			t.Errorf("without the photo: Press = %+v", reply)
		}
	})
}

// An error of Press brings the press back for ever, and holds up everybody's events.
func TestButtonsThatNeedThePhotoDoNotWaitForRedis(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.tap(alice, answer, "👎")
		w.tap(alice, w.find(alice, "What was it?"), "I do not know")
		question := w.find(alice, "May we keep")
		w.queue.breaks("Copy")
		for _, words := range []string{"Where did", "Yes"} {
			if reply := w.tap(alice, question, words); !strings.Contains(reply.Notice, theTrouble) {
				t.Errorf("%s: Press = %+v", words, reply)
			}
		}
		w.queue.inject(nil)
		w.tap(alice, question, "Yes")
		w.find(alice, "your photo will help")
	})
}

func TestAHeatmapThatCannotBeDrawn(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Heatmap = func([]byte, deepskin.Grid) ([]byte, error) { return nil, errBroken }
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		reply := w.tap(alice, w.find(alice, theAnswer), "Where did")
		if !strings.Contains(reply.Notice, theTrouble) || reply.Send != nil {
			t.Errorf("Press = %+v", reply)
		}
	})
}

func TestAVerdictIsNotLostWhileTheStoreIsAway(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		w.store.breaks("SetVerdict")
		if reply, err := w.bot.Press(t.Context(), pressOf(alice, answer, "👎", t)); err == nil {
			t.Errorf("Press = %+v; want an error, so that the press comes again", reply)
		}
		w.store.inject(nil)
		w.tap(alice, answer, "👎")
		w.find(alice, "What was it?")
	})
}

func TestSomebodyElsesPressesCountForNothing(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		id := string(w.case1().ID)
		for _, verb := range []string{
			"agree:", "dispute:", "heatmap:", "consent:yes", "consent:no", "keep:yes", "keep:no", "truth:benign",
		} {
			verb, choice, _ := strings.Cut(verb, ":")
			reply := w.press(bob, answer, verb+":"+id+":"+choice)
			if !strings.Contains(reply.Notice, theStale) || reply.Edit != nil || reply.Send != nil {
				t.Errorf("%s: Press = %+v", verb, reply)
			}
		}
		if v := w.case1().Verdict; v != nil {
			t.Errorf("the verdict is %+v", v)
		}
	})
}

func TestForgedDataChangesNothing(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		id := string(w.case1().ID)
		forged := []string{
			"", ":", "::", ":::", "agree", "agree:", "agree::", id, ":" + id, "forged:" + id, "agree:" + id[1:],
			"agree:" + strings.ToLower(id), "agree: " + id, "truth:" + id, "truth:" + id + ":", "truth:" + id + ":forged",
			"keep:" + id, "keep:" + id + ":yes", "keep:" + id + ":no", "keep:" + id + ":maybe", "consent:" + id,
			"consent:" + id + ":yes:yes", "agree:../../etc/passwd", "agree:' OR 1=1 --forgedforgedfor",
			"agree\x00:" + id, "\xff\xfe:" + id, "agree:" + strings.Repeat("é", 13),
		}
		random := rand.New(rand.NewPCG(1, 2))
		var junks []string
		for range 1000 {
			junk := make([]byte, random.IntN(65))
			for i := range junk {
				junk[i] = byte(random.Uint32())
			}
			junks = append(junks, string(junk))
		}
		junks = append(junks, strings.Repeat("forged", 1<<16), "agree:"+strings.Repeat("A", 1<<16))
		asked := func() int { return w.store.called("OwnCase") + w.store.called("SetVerdict") }
		before := asked()
		for _, data := range junks {
			if reply := w.press(alice, answer, data); reply.Notice == "" || reply.Edit != nil {
				t.Errorf("%.40q: Press = %+v", data, reply)
			}
		}
		if asked() != before {
			t.Error("junk reaches the store")
		}
		for _, data := range forged {
			reply := w.press(alice, answer, data)
			if reply.Edit != nil || reply.Send != nil || reply.Notice == "" {
				t.Errorf("%.40q: Press = %+v", data, reply)
			}
		}
		if c := w.case1(); c.Verdict != nil || c.Status != deepskin.Answered {
			t.Errorf("the case is now %+v", c)
		}
	})
}

func TestButtonsOfACaseThatIsNotAnswered(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.slow(time.Hour)
		w.run()
		w.photo(alice, "source-1")
		looking := w.find(alice, theLooking)
		for _, data := range []string{"agree:", "dispute:", "heatmap:"} {
			reply := w.press(alice, looking, data+string(w.case1().ID))
			if !strings.Contains(reply.Notice, theStale) {
				t.Errorf("%s: Press = %+v", data, reply)
			}
		}
	})
}

func TestARefusalCanBeJudgedButHasNoHeatmap(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.queue.assess = func(context.Context, []byte) deepskin.Result {
			return deepskin.Result{Assessment: &deepskin.Assessment{
				Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.NotALesion},
			}}
		}
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.sees(alice, theRefusal)
		id := w.case1().ID
		if err := w.bot.Judge(t.Context(), alice, id, deepskin.Verdict{Truth: deepskin.TruthBenign}); err != nil {
			t.Errorf("Judge: %v", err)
		}
		if _, err := w.bot.Heatmap(t.Context(), alice, id); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Heatmap: %v, want ErrNotFound", err)
		}
	})
}

// What the web page calls answers with the errors that it knows, and names nobody.
func TestCallsOfStrangers(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, _ post) {
		id := w.case1().ID
		ctx := context.Background()
		_, caseErr := w.bot.Case(ctx, bob, "", id)
		_, photoErr := w.bot.Photo(ctx, bob, id)
		_, heatErr := w.bot.Heatmap(ctx, bob, id)
		keep := true
		for name, err := range map[string]error{
			"Case":       caseErr,
			"Photo":      photoErr,
			"Heatmap":    heatErr,
			"Judge":      w.bot.Judge(ctx, bob, id, deepskin.Verdict{Agrees: true, Keep: &keep}),
			"ForgetCase": w.bot.ForgetCase(ctx, bob, id),
		} {
			if !errors.Is(err, deepskin.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
				continue
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s names %q: %v", name, secret, err)
				}
			}
		}
		w.holds(0, 1)
		if w.case1().Verdict != nil {
			t.Error("a stranger's verdict was recorded")
		}
	})
}
