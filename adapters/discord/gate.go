package discord

import (
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"deepskin/adapters/internal/remote"
)

// burst is how many calls may be made at once in all.
const burst = 5

// newGate returns a gate with a lane for each method below one channel or interaction, which Discord
// counts together. Its headers say how fast calls may follow each other in a lane.
//
// discordgo keeps to the limits too, but by sleeping where no context wakes it.
func newGate(perSecond float64, m *remote.Metrics) *remote.Gate {
	unknown := func(string) *rate.Limiter { return rate.NewLimiter(rate.Inf, 0) }
	return remote.NewGate(rate.NewLimiter(rate.Limit(perSecond), burst), unknown, m)
}

// note reads from an answer's headers when the next call in the lane may be made.
func note(l *remote.Lane, h http.Header) {
	if h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Global") != "" {
		return
	}
	seconds, err := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err != nil || seconds <= 0 {
		return
	}
	l.Close(time.Duration(seconds * float64(time.Second)))
}
