package discord_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
)

// TestMetrics counts what goes wrong by its kind.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	registry := prometheus.NewRegistry()
	w.config.Metrics = registry
	a := w.adapter(t)
	w.Fail("POST /channels/{channel}/messages", discordtest.Fault{RetryAfter: 0.01}, discordtest.Fault{Status: 500}, discordtest.Fault{HangUp: true})
	for range 3 {
		_, _ = a.Send(t.Context(), in(w.photos), bot.Reply{Text: "x"}) // one is posted after a limit, the others fail
	}
	w.photos.Remove()
	_, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "x"})
	wantNotFound(t, "a channel that is gone", err)
	const want = `
		# HELP deepskin_platform_errors_total Calls of the platform that failed, repeated ones each time, by kind of error.
		# TYPE deepskin_platform_errors_total counter
		deepskin_platform_errors_total{kind="gone",platform="discord"} 1
		deepskin_platform_errors_total{kind="limited",platform="discord"} 1
		deepskin_platform_errors_total{kind="network",platform="discord"} 1
		deepskin_platform_errors_total{kind="refused",platform="discord"} 0
		deepskin_platform_errors_total{kind="server",platform="discord"} 1
		deepskin_platform_errors_total{kind="token",platform="discord"} 0
	`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "deepskin_platform_errors_total"); err != nil {
		t.Error(err)
	}
}
