package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"deepskin"
	"deepskin/bot/words"
)

// tryAgain is what clients are told to wait when something of ours is in trouble.
const tryAgain = 5 * time.Second

// later is a problem that goes away by itself.
func later(status int, words string, wait time.Duration) error {
	// Seconds are rounded up: coming back too early helps nobody.
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	return huma.ErrorWithHeaders(huma.NewError(status, words),
		http.Header{"Retry-After": {strconv.Itoa(seconds)}})
}

// refused is a problem that somebody on the page can meet, in their language; message is its ID.
func refused(w words.Words, status int, message string) error {
	return inLanguage(w.Language(), huma.NewError(status, w.Say(message)))
}

// busy is a problem of ours that goes away by itself; message is the ID of its words.
func busy(w words.Words, message string) error {
	return inLanguage(w.Language(), later(http.StatusServiceUnavailable, w.Say(message), tryAgain))
}

// inLanguage says in which language a problem has its words.
func inLanguage(tag string, problem error) error {
	return huma.ErrorWithHeaders(problem, http.Header{"Content-Language": {tag}})
}

// problem turns an error of the bot into what its client may know. What is not the client's
// doing goes to the log, as doing.
func (s *server) problem(w words.Words, doing string, id deepskin.CaseID, err error) error {
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		return notFound(w)
	case errors.Is(err, deepskin.ErrGone):
		return refused(w, http.StatusGone, "notice.gone")
	case errors.Is(err, deepskin.ErrBusy):
		return busy(w, "web.busy")
	}
	if !errors.Is(err, context.Canceled) { // The client went away, nobody is in trouble.
		s.cfg.Logger.Error("web request failed", "doing", doing, "case", id, "err", err)
	}
	return busy(w, "web.trouble")
}

// notFound is the same for a case that is not there and one of somebody else.
func notFound(w words.Words) error { return refused(w, http.StatusNotFound, "web.absent") }

// kindly changes the problems that huma finds by itself: they get words for people, and do not
// repeat what was sent or how reading it failed.
func kindly(_ huma.Context, _ string, answer any) (any, error) {
	p, ok := answer.(*huma.ErrorModel)
	if !ok || len(p.Errors) == 0 {
		return answer, nil
	}
	if p.Status >= http.StatusInternalServerError {
		p.Errors = nil
	}
	for _, e := range p.Errors {
		e.Value = nil
	}
	p.Detail = "The request could not be understood. The OpenAPI document at /openapi.json says what it should look like."
	return p, nil
}

// writeProblem writes a problem where no API operation is at work. Where its words are for people,
// the header Content-Language is set.
func writeProblem(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(huma.NewError(status, words))
}

// withProblems gives problems for unknown paths and methods instead of the mux's plain text.
func withProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := &refusalWriter{header: w.Header()}
		mux.ServeHTTP(refusal, r)
		writeProblem(w, refusal.status, "There is nothing here that could do this.")
	})
}

// A refusalWriter takes status and headers, Allow say, and drops the text.
type refusalWriter struct {
	header http.Header
	status int
}

func (w *refusalWriter) Header() http.Header         { return w.header }
func (w *refusalWriter) WriteHeader(status int)      { w.status = status }
func (w *refusalWriter) Write(b []byte) (int, error) { return len(b), nil }
