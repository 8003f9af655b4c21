package discord

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"deepskin"
)

// Kinds of errors, as operators tell them apart.
const (
	kindNetwork = "network" // no answer came, or one that broke off
	kindServer  = "server"  // Discord is in trouble
	kindLimited = "limited" // too many calls
	kindToken   = "token"   // Discord does not know the bot
	kindGone    = "gone"    // the channel, message, file or interaction is there no more: people do that
	kindRefused = "refused" // anything else that Discord does not take
)

// metrics count what goes on between the bot and Discord.
type metrics struct {
	errors  *prometheus.CounterVec
	wait    prometheus.Counter
	updates prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	// The other platforms count under the same names.
	factory := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"platform": Name}, reg))
	m := &metrics{
		errors: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_platform_errors_total",
			Help: "Calls of the platform that failed, repeated ones each time, by kind of error.",
		}, []string{"kind"}),
		wait: factory.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_platform_wait_seconds_total",
			Help: "Time that calls of the platform waited for its limits, in seconds.",
		}),
		updates: factory.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_platform_updates_total",
			Help: "Events from the platform that were handled or passed over.",
		}),
	}
	// So that each kind is there, at zero, before the first error.
	for _, kind := range []string{
		kindNetwork, kindServer, kindLimited, kindToken, kindGone, kindRefused,
	} {
		m.errors.WithLabelValues(kind)
	}
	return m
}

// countWait counts the time since a wait for a limit began.
func (m *metrics) countWait(begun time.Time) { m.wait.Add(time.Since(begun).Seconds()) }

// countError counts how a call failed. What ended with the caller's context is no error.
func (m *metrics) countError(ctx context.Context, e *apiError) {
	if ctx.Err() == nil && !e.harmless() {
		m.errors.WithLabelValues(e.kind()).Inc()
	}
}

// harmless reports whether Discord only says how things stand.
func (e *apiError) harmless() bool {
	return errors.Is(e, errAnswered)
}

func (e *apiError) kind() string {
	switch {
	case e.retryAfter > 0 || e.status == http.StatusTooManyRequests:
		return kindLimited
	case e.status >= http.StatusInternalServerError:
		return kindServer
	case e.passing():
		return kindNetwork
	case errors.Is(e, ErrToken):
		return kindToken
	case errors.Is(e, deepskin.ErrNotFound), errors.Is(e, deepskin.ErrGone):
		return kindGone
	default:
		return kindRefused
	}
}
