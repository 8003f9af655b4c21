package remote_test

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

// wantErrors compares the counted errors, all kinds of them in order: "gone 1", say.
func wantErrors(t *testing.T, registry prometheus.Gatherer, counts ...string) {
	t.Helper()
	const name = "deepskin_platform_errors_total"
	want := "# HELP " + name + " Calls of the platform that failed, repeated ones each time, by kind of error.\n" +
		"# TYPE " + name + " counter\n"
	for _, count := range counts {
		kind, n, _ := strings.Cut(count, " ")
		want += name + `{kind="` + kind + `",platform="chat"} ` + n + "\n"
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), name); err != nil {
		t.Error(err)
	}
}

// TestCountError counts by what an answer means, and by its status where it means nothing known.
func TestCountError(t *testing.T) {
	const own remote.Kind = "own"
	over, cancel := context.WithCancel(t.Context())
	cancel()
	registry := prometheus.NewRegistry()
	m := remote.NewMetrics("chat", registry, own)
	wantErrors(t, registry, "gone 0", "limited 0", "network 0", "own 0", "refused 0", "server 0", "token 0")
	for _, e := range []remote.Error{
		{Status: 401, Cause: remote.Meaning(remote.Token, "who?")},
		{Status: 409, Cause: remote.Meaning(own, "there is another")},
		{Status: 400, Cause: remote.Meaning(remote.Harmless, "done already")},
		{Status: 403, Cause: deepskin.ErrNotFound},
		{Status: 400, RetryAfter: 1},
		{Status: 400},
	} {
		m.CountError(t.Context(), &e)
		m.CountError(over, &e)
	}
	wantErrors(t, registry, "gone 1", "limited 1", "network 0", "own 1", "refused 1", "server 0", "token 1")
}
