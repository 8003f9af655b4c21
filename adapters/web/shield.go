package web

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"runtime/debug"

	"deepskin/bot/words"
)

// policy lets the page use its own files and nothing else; blob: is the preview of the photo.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets the headers that keep a browser from doing what the page never needs.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// Answers are private; files of the page say otherwise.
		h.Set("Cache-Control", "private, no-store")
		next.ServeHTTP(w, r)
	})
}

// recoverPanics answers in place of a handler that panicked. The server's own way would log the
// client's address and the value of the panic.
func (s *server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			s.cfg.Logger.Error("web request panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			reader := words.For(r.Header.Get("Accept-Language"))
			w.Header().Set("Content-Language", reader.Language())
			writeProblem(w, http.StatusInternalServerError, reader.Say("web.trouble"))
		}()
		next.ServeHTTP(w, r)
	})
}

// acceptErrorLog passes on what the server says of its listener, and drops the rest: those
// lines are about single clients and hold their addresses.
func acceptErrorLog(logger *slog.Logger) *log.Logger {
	return log.New(acceptErrors{logger}, "", 0)
}

type acceptErrors struct{ logger *slog.Logger }

func (a acceptErrors) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("http: Accept error")) {
		a.logger.Warn("web connections are not taken", "err", string(bytes.TrimSpace(line)))
	}
	return len(line), nil
}
