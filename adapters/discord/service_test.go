package discord_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
	"deepskin/queue"
	"deepskin/store"
)

// serve runs the real bot with the real store and queue, and a worker whose model is not, until the
// function that it returns is called.
func (w *world) serve(t *testing.T, database string) (stop func()) {
	t.Helper()
	keys := store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
	kept, err := store.Open(t.Context(), "sqlite:"+database, keys, store.WithLogger(w.config.Logger))
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := queue.Open(t.Context(), queue.Config{Secret: []byte("a secret of the tests"), Logger: w.config.Logger})
	if err != nil {
		t.Fatal(err)
	}
	b := bot.New(bot.Config{
		Store: kept, Queue: jobs, Logger: w.config.Logger, Sweep: 50 * time.Millisecond,
		Heatmap: func(photo []byte, _ deepskin.Grid) ([]byte, error) { return photo, nil },
	})
	b.Connect(w.adapter(t))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- b.Run(ctx) }()
	go func() { ended <- jobs.Work(ctx, 2, assess) }()
	w.WaitForConnection()
	return func() {
		cancel()
		if err := errors.Join(<-ended, <-ended, jobs.Close(), kept.Close()); err != nil {
			t.Error(err)
		}
		w.WaitFor("the end of the connection", func() bool { return w.Connections() == 0 })
	}
}

func assess(_ context.Context, _ deepskin.Job, photo []byte) (queue.Outcome, error) {
	if bytes.HasPrefix(photo, []byte("<html>")) || len(photo) == 0 {
		return queue.Outcome{Assessment: deepskin.Assessment{
			Label: deepskin.Inconclusive, Model: "m1", Problems: []deepskin.Problem{deepskin.UnknownFormat},
		}}, nil
	}
	return queue.Outcome{
		Assessment: deepskin.Assessment{
			Label: deepskin.Benign, Malignancy: 0.03, Confidence: 0.97, Model: "m1", Problems: []deepskin.Problem{},
			Grid: &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
		},
		Copy: photo,
	}, nil
}

// shows waits until somebody sees a message with some words.
func (w *world) shows(t *testing.T, p *discordtest.Person, c *discordtest.Channel, words string) discordtest.Message {
	t.Helper()
	var found discordtest.Message
	w.WaitFor(p.Name+" to read: "+words, func() bool {
		for _, m := range p.Sees(c) {
			if m.FromBot && strings.Contains(m.Text(), words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func (w *world) tap(t *testing.T, p *discordtest.Person, at discordtest.Message, words string) *discordtest.Interaction {
	t.Helper()
	for _, b := range slices.Concat(at.Buttons...) {
		if strings.Contains(b.Label, words) {
			return p.Press(at, b.CustomID)
		}
	}
	t.Fatalf("no button %q below %q", words, at.Text())
	return nil
}

// TestBot talks with the real bot: consent, an answer in private, the heatmap, the thumb, another
// language and the end of it all, with a restart in between.
func TestBot(t *testing.T) {
	w := newWorld(t)
	database := filepath.Join(t.TempDir(), "deepskin.db")
	stop := w.serve(t, database)
	w.ann.SetLocale("fr")

	w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 1)))
	question := w.shows(t, w.ann, w.hall, "Puis-je regarder vos photos")
	w.tap(t, w.ann, question, "Oui")
	answer := w.shows(t, w.ann, w.hall, "Risque plus faible")
	if answer.OnlyFor != w.ann.ID || answer.Edits != 1 {
		t.Errorf("the answer is for %q, after %d edits", answer.OnlyFor, answer.Edits)
	}
	if got := w.ben.Sees(w.hall); len(got) != 0 {
		t.Errorf("others see %+v", got)
	}
	stop() // the answer's interaction goes on
	stop = w.serve(t, database)
	defer func() { stop() }()

	// The copy was in the embedded Redis, which forgets.
	gone := w.tap(t, w.ann, answer, "modèle").WaitForAnswer()
	if !strings.Contains(gone.Text(), "déjà été supprimée") || gone.OnlyFor != w.ann.ID {
		t.Errorf("the heatmap is %+v", gone)
	}
	notice := w.ben.Forge(answer, answer.Buttons[0][0].CustomID).WaitForAnswer()
	if notice.OnlyFor != w.ben.ID || !strings.Contains(notice.Text(), "no longer works") {
		t.Errorf("the stranger reads %+v", notice)
	}
	w.tap(t, w.ann, answer, "👎")
	w.shows(t, w.ann, w.hall, "Merci")
	w.WaitFor("the question", func() bool { return len(w.Message(answer.ID).Buttons) > 2 })
	if now := w.Message(answer.ID); len(now.Buttons) > 5 || now.OnlyFor != w.ann.ID {
		t.Errorf("the answer became %+v", now)
	}

	// Consent holds, in every place. Several photos in one message have one acknowledgement and one
	// summary; what is no photo is refused with a reason.
	sent := w.ann.Send(w.ann.DM(), "", jpg(t, 2), discordtest.File{Name: "page.png", Data: []byte("<html>")}, discordtest.File{Name: "nothing.png"})
	summary := w.WaitForMessages(w.ann.DM(), "the summary", func(list []discordtest.Message) bool {
		return len(list) == 1 && list[0].ReplyTo == sent.ID && list[0].Edits == 1
	})[0]
	if !strings.Contains(summary.Text(), "not a photo that I can read") || len(slices.Concat(summary.Buttons...)) != 3 {
		t.Errorf("the summary is %+v", summary)
	}
	w.tap(t, w.ann, summary, "1")
	w.shows(t, w.ann, w.ann.DM(), "not a diagnosis")
	choice := w.ann.Run(w.ann.DM(), "language").WaitForAnswer()
	w.tap(t, w.ann, choice, "Deutsch")
	w.shows(t, w.ann, w.ann.DM(), "Ab jetzt")
	if got := w.ann.Run(w.hall, "delete").WaitForAnswer(); !strings.Contains(got.Text(), "4") || got.OnlyFor != w.ann.ID {
		t.Errorf("/delete says %q", got.Text())
	}
	w.WaitFor("the answers to go", func() bool {
		return w.Message(answer.ID).Deleted && w.Message(summary.ID).Deleted
	})
}

// TestOthersButtons has somebody press all buttons of another's answer: they learn nothing and change
// nothing.
func TestOthersButtons(t *testing.T) {
	w := newWorld(t)
	stop := w.serve(t, filepath.Join(t.TempDir(), "deepskin.db"))
	defer func() { stop() }()
	w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 1)))
	w.tap(t, w.ann, w.shows(t, w.ann, w.hall, "May I look"), "Yes")
	answer := w.shows(t, w.ann, w.hall, "Lower risk")
	buttons := slices.Concat(answer.Buttons...)
	if len(buttons) < 3 {
		t.Fatalf("the answer has the buttons %v", buttons)
	}
	for _, b := range buttons {
		notice := w.ben.Forge(answer, b.CustomID).WaitForAnswer()
		if notice.OnlyFor != w.ben.ID || !strings.Contains(notice.Text(), "no longer works") {
			t.Errorf("%q shows a stranger %+v", b.Label, notice)
		}
	}
	if now := w.Message(answer.ID); now.Edits != answer.Edits || now.Text() != answer.Text() {
		t.Errorf("the answer became %+v", now)
	}
}

// TestBotAndDeletedPhoto lets somebody delete a photo before its answer: nobody else reads it then.
func TestBotAndDeletedPhoto(t *testing.T) {
	w := newWorld(t)
	stop := w.serve(t, filepath.Join(t.TempDir(), "deepskin.db"))
	defer func() { stop() }()
	sent := w.ann.Send(w.photos, "", jpg(t, 1))
	question := w.shows(t, w.ann, w.photos, "May I look")
	w.ann.Delete(sent)
	// The bot hears of the deletion before the press, which comes after it.
	w.tap(t, w.ann, question, "Yes")
	w.shows(t, w.ann, w.photos, "I may look at your photos now")
	w.WaitFor("the answer to be dropped", func() bool { return strings.Contains(w.log.String(), "nobody is there to take the answer") })
	for _, m := range w.FromBot(w.photos) {
		if m.ID != question.ID {
			t.Errorf("the channel shows %+v", m)
		}
	}
}
