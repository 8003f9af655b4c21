package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"deepskin"
)

// maxAttempts bounds how often a request is made that fails in passing. Being told to wait does not
// count.
const maxAttempts = 5

// An Error says how a request failed. Its text never comes from the platform.
type Error struct {
	// Call names the platform and what was asked of it.
	Call string
	// Status is the answer's HTTP status, zero where there was no answer.
	Status int
	// Code is the platform's own, zero where there is none.
	Code int
	// RetryAfter is positive where the platform wants to be left alone for so long.
	RetryAfter time.Duration
	// Cause is a transport's error without the URL, or what the answer means; nil where it means
	// nothing known.
	Cause error
	// Secret is what must not be in the text, should the cause have it; it is not empty.
	Secret string
}

func (e *Error) Error() string {
	text := e.Call
	if e.Status != 0 {
		text += fmt.Sprintf(": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Code != 0 {
		text += fmt.Sprintf(", code %d", e.Code)
	}
	if e.Cause != nil {
		text += ": " + strings.ReplaceAll(e.Cause.Error(), e.Secret, "[token]")
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Again reports whether the request may be made again after a pause, where it failed so often
// before. One that is not repeatable does more when it is made twice, so it is made again only where
// it certainly did nothing.
func (e *Error) Again(failures int, repeatable bool) bool {
	return failures+1 < maxAttempts && (e.unheard() || repeatable && e.passing())
}

// passing reports whether the same request might succeed a little later: no answer came, or one that
// broke off, or one from a server in trouble or with too much to do.
func (e *Error) passing() bool {
	return e.Status < http.StatusMultipleChoices || e.Status == http.StatusTooManyRequests ||
		e.Status >= http.StatusInternalServerError
}

// unheard reports whether the request certainly did nothing, because no connection came about.
func (e *Error) unheard() bool {
	var op *net.OpError
	return e.Status == 0 && errors.As(e.Cause, &op) && op.Op == "dial"
}

// WithoutURL takes off the layer of a transport's error that quotes the URL, which may have a secret.
func WithoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// GaveUp is the error of a call that waited for its turn for as long as it may: deepskin.ErrBusy,
// or err where ctx, which is the caller's, has ended.
func GaveUp(ctx context.Context, call string, err error) error {
	if ctx.Err() == nil {
		err = deepskin.ErrBusy
	}
	return fmt.Errorf("%s: wait for a turn: %w", call, err)
}
