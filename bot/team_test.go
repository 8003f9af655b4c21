package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"deepskin"
	"deepskin/bot"
)

// askTeam sends /team from a platform.
func (w *world) askTeam(t *testing.T, platform string, reviewer bool) (bot.Reply, error) {
	t.Helper()
	m := w.message(bob, "")
	m.Command, m.Reviewer, m.At.Chat = "team", reviewer, "interaction-1"
	if platform != "" {
		m.At.Platform = platform
	}
	return w.bot.Message(t.Context(), m)
}

func TestReviewersGetALink(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		reply, err := w.askTeam(t, "", true)
		if err != nil || !strings.Contains(reply.Text, "DEEPSKIN_PUBLIC_URL") {
			t.Errorf("without an address the reply is %q, %v", reply.Text, err)
		}
		const link = "https://deepskin.example/team/login#TOKEN"
		var asked []deepskin.Sender
		var broken error
		w.bot.TeamLink = func(_ context.Context, reviewer deepskin.Sender) (string, error) {
			asked = append(asked, reviewer)
			return link, broken
		}
		reply, err = w.askTeam(t, "", true)
		if first, rest, _ := strings.Cut(reply.Text, "\n\n"); err != nil || first != link || !strings.Contains(rest, "once, for 15 minutes") {
			t.Errorf("the reply is %q, %v", reply.Text, err)
		}
		if len(asked) != 1 || asked[0] != bob {
			t.Errorf("links were made for %d, want one for who asked", len(asked))
		}
		reply, err = w.askTeam(t, "", false)
		if err != nil || !strings.HasPrefix(reply.Text, "Only reviewers") || len(asked) != 1 {
			t.Errorf("others get %q, %v", reply.Text, err)
		}
		if reply, err = w.askTeam(t, "elsewhere", true); err != nil || reply.Text != w.command(alice, "").Text || len(asked) != 1 {
			t.Errorf("on another platform the reply is %q, %v", reply.Text, err)
		}
		broken = errors.New("no database")
		if _, err = w.askTeam(t, "", true); !errors.Is(err, broken) { // the adapter tries again
			t.Errorf("error %v, want that of the link", err)
		}
	})
}
