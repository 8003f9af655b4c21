package bot_test

import (
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// Every button that stands below an answer, long after the answer was erased.
func TestButtonsOfLastYear(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Retention, w.config.Sweep = 2*day, time.Hour
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		fresh := w.find(alice, theAnswer)
		w.tap(alice, fresh, "👎")
		asked := w.find(alice, "What was it?")
		w.pass(3 * day)
		if n := len(w.store.all()); n != 0 {
			t.Fatalf("there are %d cases, want none any more", n)
		}
		before := w.seen(alice)
		for _, p := range []post{fresh, asked} {
			for _, row := range p.reply.Buttons {
				for _, b := range row {
					got := w.press(alice, p, b.Data)
					if got.Edit != nil || got.Send != nil || !strings.Contains(got.Notice, "no longer works") {
						t.Errorf("%q brings %+v", b.Label, got)
					}
				}
			}
		}
		if after := w.seen(alice); after != before {
			t.Errorf("the chat became %s", after)
		}
	})
}

// Answers to questions that were not asked yet: they change nothing, and the questions still come.
func TestPressesOutOfOrder(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		id := string(answer.reply.Case)
		for _, early := range []bot.PressReply{
			w.press(alice, answer, "keep:"+id+":yes"), w.write(alice, answer, theComment), w.write(alice, answer, ""),
		} {
			if early.Edit != nil || early.Ask != nil || !strings.Contains(early.Notice, "no longer works") {
				t.Errorf("a press that comes too early brings %+v", early)
			}
		}
		if c := w.case1(); c.Verdict != nil || c.Comment != "" {
			t.Errorf("the case is now %+v", c)
		}
		// What it was says that the answer is wrong, and that alone again changes nothing.
		w.press(alice, answer, "truth:"+id+":benign")
		w.press(alice, answer, "dispute:"+id)
		if v := w.case1().Verdict; v == nil || v.Agrees || v.Truth != deepskin.TruthBenign {
			t.Errorf("the verdict is %+v", v)
		}
		w.tap(alice, w.find(alice, "May we keep"), "Yes")
	})
}

// Every button twice, as by a thumb that trembles.
func TestDoubleTaps(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		twice := func(p post, words string) {
			t.Helper()
			w.tap(alice, p, words)
			w.tap(alice, p, words)
		}
		twice(answer, "👎")
		twice(w.find(alice, "What was it?"), "I do not know")
		twice(w.find(alice, "May we keep"), "Yes")
		if v := w.case1().Verdict; v.Agrees || v.Truth != deepskin.TruthUnknown || v.Keep == nil || !*v.Keep {
			t.Errorf("the verdict is %+v", v)
		}
		kept := w.find(alice, "will help")
		twice(kept, "not keep")
		if v := w.case1().Verdict; v.Keep == nil || *v.Keep {
			t.Errorf("the verdict is %+v", v)
		}
		if posts := w.chat.seen(alice); len(posts) != 1 {
			t.Errorf("there are %d messages, want the answer alone", len(posts))
		}
	})
}
