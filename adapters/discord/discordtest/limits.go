package discordtest

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Limits say how fast the bot may go. Discord's own are not published and come with each answer;
// those that the server begins with are usual.
type Limits struct {
	// Messages is how often each route about messages can be called in the time Per, counted for
	// each channel and for each interaction. Zero: without end.
	Messages int
	// Per is how long such a count lasts from its first call on.
	Per time.Duration
	// Global is how many calls the bot can make in any one second, those that answer interactions
	// not counted. Zero: without end.
	Global int
}

// SetLimits replaces the limits, which are 5 messages per 5 s and 50 calls a second at first, and
// begins to count anew.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
	clear(s.windows)
}

// Refused returns how many calls were answered with 429.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Disobeyed returns how many calls came before the time was over for which the bot had been told to
// wait. A good bot leaves it at zero.
func (s *Server) Disobeyed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ignored
}

// A window counts the calls of one bucket until it ends.
type window struct {
	calls int
	ends  time.Time
	// told says that the bot has been told to wait for the end.
	told bool
}

// window returns the window of a bucket, a new one where the last has ended. The caller holds mu.
func (s *Server) window(bucket string, lasts time.Duration) *window {
	w, ok := s.windows[bucket]
	if !ok || !s.now().Before(w.ends) {
		w = &window{ends: s.now().Add(lasts)}
		s.windows[bucket] = w
	}
	return w
}

// globalBucket is the name of the bucket for all calls of the bot.
const globalBucket = "global"

// tooFast counts a call, writes the headers by which the bot may know its limit, and returns a 429
// where it is one too many, or where a fault says so. The caller holds mu.
func (s *Server) tooFast(h http.Header, r *http.Request, pattern string, route route, fault Fault) *refusal {
	if !route.open && s.limits.Global > 0 {
		if w := s.window(globalBucket, time.Second); w.calls >= s.limits.Global {
			return s.refuse(h, w, true)
		}
		s.windows[globalBucket].calls++
	}
	bucket := pattern + " " + r.PathValue(route.bucket)
	if fault.RetryAfter > 0 {
		w := &window{calls: math.MaxInt, ends: s.now().Add(time.Duration(fault.RetryAfter * float64(time.Second)))}
		s.windows[bucket] = w
		return s.refuse(h, w, false)
	}
	limited := route.bucket != "" && s.limits.Messages > 0
	w, told := s.windows[bucket]
	switch {
	case limited:
		w = s.window(bucket, s.limits.Per)
	case !told || !s.now().Before(w.ends):
		return nil
	}
	if limited {
		name := sha256.Sum256([]byte(pattern))
		h.Set("X-RateLimit-Bucket", hex.EncodeToString(name[:16]))
		h.Set("X-RateLimit-Limit", strconv.Itoa(s.limits.Messages))
	}
	if !limited || w.calls >= s.limits.Messages {
		return s.refuse(h, w, false)
	}
	w.calls++
	s.reset(h, w)
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.limits.Messages-w.calls))
	return nil
}

// refuse answers a call that is one too many. The caller holds mu.
func (s *Server) refuse(h http.Header, w *window, global bool) *refusal {
	s.refused++
	if w.told {
		s.ignored++
	}
	w.told = true
	wait := left(w, s.now())
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait))))
	h.Set("X-RateLimit-Scope", "user")
	if global {
		h.Set("X-RateLimit-Scope", "global")
		h.Set("X-RateLimit-Global", "true")
	} else {
		h.Set("X-RateLimit-Remaining", "0")
		s.reset(h, w)
	}
	return &refusal{
		status: http.StatusTooManyRequests, message: "You are being rate limited.",
		retryAfter: wait, global: global,
	}
}

// reset writes when a window ends. The caller holds mu.
func (s *Server) reset(h http.Header, w *window) {
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(w.ends.UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(left(w, s.now()), 'f', 3, 64))
}

// left returns how many seconds a window still lasts, to the millisecond. It says more rather than
// less, so that a bot which waits that long, and loses a millisecond in reading the number, is not
// too early.
func left(w *window, now time.Time) float64 {
	return float64(w.ends.Sub(now).Milliseconds()+2) / 1000
}
