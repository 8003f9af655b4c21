package bot_test

import (
	"context"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// probabilities are those of all seven diagnoses.
var probabilities = map[deepskin.Diagnosis]float64{
	deepskin.MelanocyticNevus: 0.62, deepskin.Melanoma: 0.2, deepskin.BasalCellCarcinoma: 0.1,
	deepskin.BenignKeratosis: 0.05, deepskin.ActinicKeratosis: 0.02, deepskin.Dermatofibroma: 0.008,
	deepskin.VascularLesion: 0.002,
}

// thorough makes the worker say all that a model says.
func (w *world) thorough() {
	w.queue.assess = func(context.Context, []byte) deepskin.Result {
		return deepskin.Result{Assessment: &deepskin.Assessment{
			Label: deepskin.Malignant, Malignancy: 0.32, Confidence: 0.32, Model: aModel.Version,
			Kind: deepskin.Phone, Diagnoses: probabilities,
			Grid: &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
		}}
	}
}

// more is what comes with long waits, numbers and forms.
func (s speech) more(t *testing.T) {
	t.Helper()
	s.in(t, func(_ *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.queue.expected = 42 * time.Second
		w.photo(alice, "source-1")
		s.hears("looking-long", w.chat.seen(alice)[0].reply)
	})
	s.in(t, func(_ *testing.T, w *world) {
		w.thorough()
		w.config.About = func() bot.About { return aModel }
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		s.presses("details", w.push(alice, alice, "details", ""))
		answer := w.chat.seen(alice)[0]
		w.press(alice, answer, "dispute:"+string(answer.reply.Case))
		w.press(alice, answer, "truth:"+string(answer.reply.Case)+":benign")
		s.presses("comment-empty", w.write(alice, answer, " \x00 "))
		s.presses("comment", w.write(alice, answer, theComment))
		w.end()
		another := aModel
		another.Version = "another"
		w.config.About = func() bot.About { return another }
		w.connect()
		s.presses("details-of-another-model", w.press(alice, answer, "details:"+string(answer.reply.Case)))
	})
}

// team is what stands in the team's channel.
func (s speech) team(t *testing.T) {
	t.Helper()
	s.in(t, func(t *testing.T, w *world) {
		w.thorough()
		w.config.TeamLanguage = s.language
		w.withTeam()
		answer := w.disputes(alice, theComment)
		w.chat.inject(failing("Edit"))
		w.shares(alice, answer)
		s.hears("team-coming", w.reviewPost().reply)
		w.chat.inject(nil)
		w.pass(reviewTime)
		open := w.reviewPost()
		s.hears("team-review", open.reply)
		id := string(open.reply.Case)
		s.presses("team-vote-of-others", w.press(bob, open, "review:"+id+":mel"))
		s.presses("team-vote", w.vote(bob, open, "nv"))
		s.presses("team-vote-again", w.vote(bob, open, "mel"))
		s.hears("team-voted", w.reviewPost().reply)
		w.vote(alice, open, "nv")
		s.presses("team-vote-too-late", w.vote(bob, open, "reject"))
		s.hears("team-decided", w.reviewPost().reply)
		w.store.stats = someStats
		s.hears("team-stats", w.askStats(t, bob, teamRoom, true))
		pages := func(reviewer bool) bot.Reply {
			reply, err := w.askTeam(t, "", reviewer)
			if err != nil {
				t.Fatal(err)
			}
			return reply
		}
		s.hears("team-pages-of-others", pages(false))
		s.hears("team-pages-nowhere", pages(true))
		w.bot.TeamLink = func(context.Context, deepskin.Sender) (string, error) {
			return "https://deepskin.example/team/login#TOKEN", nil
		}
		s.hears("team-pages", pages(true))
	})
}

func someStats(since time.Time) deepskin.Stats {
	n := int(time.Since(since).Hours()) / 24
	return deepskin.Stats{
		Median: 820 * time.Millisecond, P95: 2340 * time.Millisecond,
		Tallies: []deepskin.Tally{
			{Platform: "discord", Model: "m1", Photos: 40 * n, Benign: 20 * n, Malignant: 10 * n, Inconclusive: 4 * n, Refused: 5 * n, Failed: n, Agreed: 9 * n, Disagreed: 3 * n},
			{Platform: "telegram", Photos: 2 * n, Refused: n},
		},
	}
}
