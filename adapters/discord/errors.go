package discord

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
)

// Errors that only an operator can mend. Run ends with them.
var (
	// ErrToken says that Discord does not know the bot token, or no longer.
	ErrToken = errors.New("discord does not accept the bot token; reset it in the developer portal")
	// ErrIntent says that the bot may not read what is written in channels.
	ErrIntent = errors.New("discord does not let the bot read messages in channels; " +
		"switch on the message content intent in the developer portal, or set no channels")
)

// errAnswered says that an interaction has had its first answer, perhaps by an attempt whose outcome
// nobody knew.
var errAnswered = errors.New("the interaction has been answered already")

// Discord's codes of errors that mean something here.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const (
	codeAnswered          = 40060
	codeMissingAccess     = 50001
	codeNotAuthor         = 50005
	codeCannotSend        = 50007
	codeMissingPermission = 50013
	codeInvalidToken      = 50027
	codeNoSharedServer    = 50278
)

// replyToNothing is in the answer where the message to reply to is gone. It is a code, not a text.
const replyToNothing = "REPLIES_UNKNOWN_MESSAGE"

// An apiError says how a request failed. Its text never comes from Discord.
type apiError struct {
	route string
	// status is the answer's HTTP status, zero where there was no answer.
	status int
	// code is Discord's, zero where there is none.
	code int
	// retryAfter is positive where Discord wants to be left alone for so long; global, by all calls.
	retryAfter time.Duration
	global     bool
	// cause is a transport's error without the URL, or what the codes mean; nil where they mean
	// nothing known.
	cause error
	// secret is what must not be in the text, should the cause have it.
	secret string
}

func (e *apiError) Error() string {
	text := "discord " + e.route
	if e.status != 0 {
		text += fmt.Sprintf(": %d %s", e.status, http.StatusText(e.status))
	}
	if e.code != 0 {
		text += fmt.Sprintf(", code %d", e.code)
	}
	if e.cause != nil {
		text += ": " + strings.ReplaceAll(e.cause.Error(), e.secret, "[token]")
	}
	return text
}

func (e *apiError) Unwrap() error { return e.cause }

// failed makes an apiError of what discordgo returned.
func failed(route string, status int, secret string, err error) *apiError {
	e := &apiError{route: route, status: status, secret: secret}
	var limited *discordgo.RateLimitError
	var refused *discordgo.RESTError
	switch {
	case errors.As(err, &limited):
		e.retryAfter = max(limited.RetryAfter, 10*time.Millisecond)
	case errors.As(err, &refused):
		if refused.Message != nil {
			e.code = refused.Message.Code
		}
		e.cause = meaning(status, e.code, refused.ResponseBody)
	case status >= http.StatusBadRequest:
		// A 502, or a 429 without Discord's JSON: discordgo's text quotes the body.
	default:
		e.cause = withoutURL(err)
	}
	return e
}

// meaning finds what an answer with an error says.
func meaning(status, code int, body []byte) error {
	switch {
	case code == codeAnswered:
		return errAnswered
	case code == codeInvalidToken: // of an interaction, which is over
		return deepskin.ErrNotFound
	case status == http.StatusUnauthorized:
		return ErrToken
	case status == http.StatusNotFound:
		return deepskin.ErrNotFound
	case status == http.StatusForbidden && (code == codeMissingAccess || code == codeNotAuthor ||
		code == codeCannotSend || code == codeMissingPermission || code == codeNoSharedServer):
		return deepskin.ErrNotFound
	case bytes.Contains(body, []byte(replyToNothing)):
		return deepskin.ErrNotFound
	}
	return nil
}

// withoutURL takes off the layer of a transport's error that quotes the URL, which may have the token
// of an interaction.
func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// passing reports whether the same request might succeed a little later: no answer came, or one
// from a server in trouble, or one that broke off.
func (e *apiError) passing() bool {
	return e.status == 0 || e.status < http.StatusBadRequest || e.status >= http.StatusInternalServerError ||
		e.status == http.StatusTooManyRequests
}

// unheard reports whether the request certainly did nothing, because no connection came about.
func (e *apiError) unheard() bool {
	var op *net.OpError
	return e.status == 0 && errors.As(e.cause, &op) && op.Op == "dial"
}

// gaveUp is the error of a call that waited for as long as it may.
func gaveUp(ctx context.Context, route string, err error) error {
	if ctx.Err() == nil {
		err = deepskin.ErrBusy
	}
	return fmt.Errorf("discord %s: wait for a turn: %w", route, err)
}
