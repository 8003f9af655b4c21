package discordtest

import (
	"fmt"
	"io"
	"net/http"
)

// A Fault is what goes wrong with one call.
type Fault struct {
	// Status answers with that status and a page of HTML, as proxies give it, without doing
	// anything. Zero for none.
	Status int
	// RetryAfter answers with 429 and that many seconds, and holds the bot to them. It works on
	// the routes of the REST API only.
	RetryAfter float64
	// HangUp ends the connection before anything is done.
	HangUp bool
	// Stall gives no answer until the bot gives up.
	Stall bool
	// LoseAnswer does what was asked, then ends the connection. It works on the routes of the REST
	// API only.
	LoseAnswer bool
	// CutAnswer does what was asked, then ends the connection in the middle of the answer. It works
	// on the routes of the REST API only.
	CutAnswer bool
}

// Fail lets the next calls of a route go wrong, one for each fault. Routes are named as for Calls;
// an empty name means the next calls of any route.
func (s *Server) Fail(route string, faults ...Fault) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if route != "" {
		s.known(route)
	}
	s.faults[route] = append(s.faults[route], faults...)
}

// Disturb asks next what is to go wrong with each call from now on, unless Fail has ordered something
// for it; nil ends that. The function is called for one call at a time.
func (s *Server) Disturb(next func(route string) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disturb = next
}

// Unknown returns how many new messages in a channel came about of which the bot does not know,
// because the answer to its call was lost. A good bot may say such a thing twice.
func (s *Server) Unknown(c *Channel) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unknown[c.ID]
}

// noteUnknown counts a call whose answer gets lost, if it made a new message in a channel.
func (s *Server) noteUnknown(route string, r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if route == "POST /channels/{channel}/messages" {
		s.unknown[r.param("channel")]++
	}
}

// takeFault returns what is to go wrong with this call; the zero Fault is nothing. The caller holds
// mu.
func (s *Server) takeFault(route string) Fault {
	for _, name := range []string{route, ""} {
		if faults := s.faults[name]; len(faults) > 0 {
			s.faults[name] = faults[1:]
			return faults[0]
		}
	}
	if s.disturb != nil {
		return s.disturb(route)
	}
	return Fault{}
}

// fail lets a call go wrong, if it is to do so before anything is done.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, fault Fault) bool {
	switch {
	case fault.HangUp:
		panic(http.ErrAbortHandler)
	case fault.Stall:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	case fault.Status != 0:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, fmt.Sprintf("<html><head><title>%d</title></head></html>", fault.Status))
	default:
		return false
	}
	return true
}
