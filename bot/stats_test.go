package bot_test

import (
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// askStats sends /stats from a room.
func (w *world) askStats(t *testing.T, s deepskin.Sender, room string, reviewer bool) bot.Reply {
	t.Helper()
	m := w.message(s, "")
	m.Command, m.Reviewer, m.At.Chat = "stats", reviewer, room
	reply, err := w.bot.Message(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestStatsAreForReviewersInTheTeamsChannel(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.store.stats = someStats
		help := w.command(alice, "").Text
		for name, reply := range map[string]bot.Reply{
			"no reviewer": w.askStats(t, alice, teamRoom, false),
			"in private":  w.askStats(t, alice, chatOf(alice), false),
		} {
			if reply.Text != help {
				t.Errorf("%s: the reply is %q, want the help", name, reply.Text)
			}
		}
		elsewhere := w.message(alice, "")
		elsewhere.Command, elsewhere.Reviewer, elsewhere.At.Platform = "stats", true, "a platform without a team"
		if reply, err := w.bot.Message(t.Context(), elsewhere); err != nil || reply.Text != help {
			t.Errorf("on another platform: %q, %v, want the help", reply.Text, err)
		}
		w.disputed(alice, "")
		// A slash command's answer goes elsewhere than into the channel, where its sender alone sees it.
		got := w.askStats(t, bob, "interaction-1", true).Text
		for _, want := range []string{
			"All: photos 42", "All: photos 294", "refused 6", "👎 25% of 12", "up to 0.8 s, 95 of 100 up to 2.3 s",
			"discord · m1: photos 40", "telegram: photos 2", "👎 – of 0", "photos in the queue 0, reviews that wait 1",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the statistics do not say %q:\n%s", want, got)
			}
		}
	})
}

func TestStatsWithoutATeam(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		if got, help := w.askStats(t, bob, "", true).Text, w.command(alice, "").Text; got != help {
			t.Errorf("without a team the reply is %q, want the help", got)
		}
	})
}

// However many platforms and models there were, a message can hold them.
func TestManyModelsFitIntoAMessage(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.store.stats = func(time.Time) (s deepskin.Stats) {
			for range 100 {
				s.Tallies = append(s.Tallies, deepskin.Tally{Platform: "telegram", Model: strings.Repeat("long-", 8), Photos: 123456})
			}
			return s
		}
		w.queue.breaks("Backlog")
		reply := w.askStats(t, bob, teamRoom, true)
		if n := len([]rune(reply.Text)); n > telegramText || !strings.Contains(reply.Text, "…") || !strings.Contains(reply.Text, "queue ?") {
			t.Errorf("%d characters: %s", n, reply.Text)
		}
	})
}
