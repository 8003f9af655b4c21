package remote

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"deepskin"
)

// A Kind is a kind of errors, as operators tell them apart.
type Kind string

// The kinds that every platform has.
const (
	Network Kind = "network" // no answer came, or one that broke off
	Server  Kind = "server"  // the platform is in trouble
	Limited Kind = "limited" // too many calls
	Token   Kind = "token"   // the platform does not know the bot
	Gone    Kind = "gone"    // what the call is about is there no more: people do that
	Refused Kind = "refused" // anything else that the platform does not take
	// Harmless are answers that only say how things stand. They are not counted.
	Harmless Kind = ""
)

// A meaning is what an answer means.
type meaning struct {
	kind Kind
	text string
}

func (m *meaning) Error() string { return m.text }

// Meaning returns a new error, as errors.New does, for what an answer of a platform means. An Error
// with this cause is of that kind.
func Meaning(k Kind, text string) error { return &meaning{k, text} }

// Metrics count what goes on between the bot and a platform.
type Metrics struct {
	// Updates counts the events that were handled or passed over.
	Updates prometheus.Counter

	errors *prometheus.CounterVec
	wait   prometheus.Counter
}

// NewMetrics registers the counters of a platform, which has kinds of errors of its own or none. All
// platforms count under the same names. A nil reg means that nobody sees the counts.
func NewMetrics(platform string, reg prometheus.Registerer, own ...Kind) *Metrics {
	factory := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"platform": platform}, reg))
	m := &Metrics{
		Updates: factory.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_platform_updates_total",
			Help: "Events from the platform that were handled or passed over.",
		}),
		errors: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_platform_errors_total",
			Help: "Calls of the platform that failed, repeated ones each time, by kind of error.",
		}, []string{"kind"}),
		wait: factory.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_platform_wait_seconds_total",
			Help: "Time that calls of the platform waited for its limits, in seconds.",
		}),
	}
	// So that each kind is there, at zero, before the first error.
	for _, kind := range append(own, Network, Server, Limited, Token, Gone, Refused) {
		m.errors.WithLabelValues(string(kind))
	}
	return m
}

// CountWait counts the time since a wait for a limit began.
func (m *Metrics) CountWait(begun time.Time) { m.wait.Add(time.Since(begun).Seconds()) }

// CountError counts how a call failed. What ended with the caller's context is no error.
func (m *Metrics) CountError(ctx context.Context, e *Error) {
	if kind := e.kind(); kind != Harmless && ctx.Err() == nil {
		m.errors.WithLabelValues(string(kind)).Inc()
	}
}

func (e *Error) kind() Kind {
	var known *meaning
	switch {
	case errors.As(e.Cause, &known):
		return known.kind
	case e.RetryAfter > 0 || e.Status == http.StatusTooManyRequests:
		return Limited
	case e.Status >= http.StatusInternalServerError:
		return Server
	case e.passing():
		return Network
	case errors.Is(e, deepskin.ErrNotFound), errors.Is(e, deepskin.ErrGone):
		return Gone
	default:
		return Refused
	}
}
