package bot_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

func TestTheDetailsAreTheReportersOwn(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.thorough()
		var drawn deepskin.Chart
		var broken error
		w.config.Chart = func(c deepskin.Chart) ([]byte, error) {
			drawn = c
			return []byte("bars"), broken
		}
		w.config.About = func() bot.About { return aModel }
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		reply := w.push(alice, alice, "details", "")
		if reply.Send == nil || string(reply.Send.Picture) != "bars" {
			t.Fatalf("Press = %+v", reply)
		}
		for _, want := range []string{"94 (88–99)", "67 (47–85)", "90 (81–97)", aModel.Version} {
			if !strings.Contains(reply.Send.Text, want) {
				t.Errorf("the details do not say %q: %s", want, reply.Send.Text)
			}
		}
		if len(drawn.Bars) != 7 || drawn.Bars[0] != (deepskin.Bar{Label: "Mole (nevus)", Share: 0.62, Value: "62%"}) ||
			drawn.Bars[1] != (deepskin.Bar{Label: "Melanoma", Share: 0.2, Value: "20%", Marked: true}) {
			t.Errorf("drawn is %+v", drawn)
		}
		if r := w.press(bob, w.chat.seen(alice)[0], "details:"+string(w.case1().ID)); !strings.Contains(r.Notice, theStale) {
			t.Errorf("somebody else gets %+v", r)
		}
		broken = errors.New("no paint")
		if r := w.press(alice, w.chat.seen(alice)[0], "details:"+string(w.case1().ID)); !strings.Contains(r.Notice, theTrouble) {
			t.Errorf("where nothing can be drawn: %+v", r)
		}
	})
}

// A refusal that no model saw has no numbers.
func TestNoDetailsWithoutAModel(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		if r := w.press(alice, answer, "details:"+string(answer.reply.Case)); !strings.Contains(r.Notice, theStale) {
			t.Errorf("Press = %+v", r)
		}
	})
}

func TestTheGuideHelpsWhereABetterPhotoDoes(t *testing.T) {
	if _, err := jpeg.Decode(bytes.NewReader(bot.Guide())); err != nil {
		t.Fatalf("the guide is no picture: %v", err)
	}
	helped := map[deepskin.Problem]bool{
		deepskin.TooSmall: true, deepskin.TooDark: true, deepskin.TooBright: true, deepskin.Blurred: true, deepskin.NotALesion: true,
	}
	for _, p := range problems {
		if got := shown(t, "en", refusedFor(p)).Picture != nil; got != helped[p] {
			t.Errorf("%s: with the guide: %v, want %v", p, got, helped[p])
		}
	}
	in(t, func(t *testing.T, w *world) {
		if reply := w.command(alice, "start"); !bytes.Equal(reply.Picture, bot.Guide()) {
			t.Error("the welcome is without the guide")
		}
	})
}

func TestALongWaitIsTold(t *testing.T) {
	for expected, want := range map[time.Duration]string{
		0: theLooking, 10 * time.Second: theLooking, 11 * time.Second: "up to 15 seconds", 42 * time.Second: "up to 45 seconds",
	} {
		in(t, func(_ *testing.T, w *world) {
			w.consents(alice)
			w.queue.expected = expected
			w.run()
			w.photo(alice, "source-1")
			w.sees(alice, want)
		})
	}
	in(t, func(_ *testing.T, w *world) {
		w.consents(alice)
		w.queue.breaks("ExpectedWait")
		w.run()
		w.photo(alice, "source-1")
		w.sees(alice, theLooking)
	})
}

func TestComments(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.run()
		answer := w.disputes(alice, "")
		asks := func() *bot.Question {
			for _, row := range w.chat.seen(alice)[0].reply.Buttons {
				for _, b := range row {
					if b.Ask != nil {
						return b.Ask
					}
				}
			}
			return nil
		}
		if q := asks(); q == nil || q.MaxLength != 1000 {
			t.Fatalf("the question is %+v", q)
		}
		for name, test := range map[string]struct{ text, want string }{
			"control characters": {"a\x00b\x1b[31m\nc\td\u202e", "ab[31m\nc d"},
			"broken text":        {"a\xff\xfeb", "ab"},
			"too long":           {strings.Repeat("é", 1500), strings.Repeat("é", 1000)},
			"blanks around":      {"  a  ", "a"},
		} {
			if r := w.write(alice, answer, test.text); r.Edit == nil {
				t.Errorf("%s: Press = %+v", name, r)
			}
			if got := w.case1().Comment; got != test.want {
				t.Errorf("%s: stored is %q, want %q", name, got, test.want)
			}
		}
		if asks() != nil {
			t.Error("it asks again")
		}
		w.write(alice, answer, "kept")
		for name, r := range map[string]bot.PressReply{
			"nothing":       w.write(alice, answer, " \n\x00"),
			"somebody else": w.write(bob, answer, "x"),
		} {
			if r.Edit != nil || r.Notice == "" || w.case1().Comment != "kept" {
				t.Errorf("%s: Press = %+v, stored is %q", name, r, w.case1().Comment)
			}
		}
		w.press(alice, answer, "agree:"+string(answer.reply.Case))
		if r := w.write(alice, answer, "x"); r.Edit != nil || w.case1().Comment != "" {
			t.Errorf("after agreeing: Press = %+v, stored is %q", r, w.case1().Comment)
		}
	})
}
