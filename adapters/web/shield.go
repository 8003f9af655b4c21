package web

import (
	"bytes"
	"log"
	"log/slog"
	"net/http"

	"deepskin/bot/words"
	"deepskin/internal/site"
)

// policy lets the page use its own files and nothing else; blob: is the preview of the photo.
var policy = site.Policy{
	Content: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
		"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	Referrer:    "no-referrer",
	Permissions: "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}

// apologise answers where something of ours is broken.
func apologise(w http.ResponseWriter, r *http.Request) {
	reader := words.For(r.Header.Get("Accept-Language"))
	w.Header().Set("Content-Language", reader.Language())
	writeProblem(w, http.StatusInternalServerError, reader.Say("web.trouble"))
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
