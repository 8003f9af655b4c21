package telegram

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"deepskin"
)

// ErrToken says that Telegram does not know the bot token, or no longer.
var ErrToken = errors.New("telegram does not accept the bot token; ask @BotFather for the right one")

// What Telegram says that is no failure, or not always.
var (
	errNotModified = errors.New("message is not modified")
	errNoText      = errors.New("message is a picture, without text to edit")
	errQueryTooOld = errors.New("button press is too old to be answered")
	errConflict    = errors.New("another process polls for the same bot, or a webhook is set")
)

// meanings tells Telegram's errors apart by their descriptions, which is the only way: the code is
// 400 for nearly all of them. They are lower case here.
var meanings = []struct {
	description string
	means       error
}{
	{"message is not modified", errNotModified},
	{"there is no text in the message to edit", errNoText},
	{"query is too old", errQueryTooOld},
	{"query id is invalid", errQueryTooOld},
	{"message to edit not found", deepskin.ErrNotFound},
	{"message can't be edited", deepskin.ErrNotFound},
	{"message_id_invalid", deepskin.ErrNotFound},
	{"message to delete not found", deepskin.ErrNotFound},
	{"chat not found", deepskin.ErrNotFound},
	{"user not found", deepskin.ErrNotFound},
	{"rights to send", deepskin.ErrNotFound}, // "not enough" or "have no": the group lets the bot say nothing
	{"chat_write_forbidden", deepskin.ErrNotFound},
	{"message thread not found", deepskin.ErrNotFound},
	{"topic_closed", deepskin.ErrNotFound},
	{"topic_deleted", deepskin.ErrNotFound},
	{"group chat was deactivated", deepskin.ErrNotFound},
	// Its messages have other numbers in the new one.
	{"upgraded to a supergroup", deepskin.ErrNotFound},
	{"peer_id_invalid", deepskin.ErrNotFound},
	{"file is too big", deepskin.ErrTooLarge},
	{"wrong file_id", deepskin.ErrGone},
	{"file is temporarily unavailable", deepskin.ErrGone},
}

// An apiError says how a request failed. Its text never comes from Telegram.
type apiError struct {
	method string
	// status is the answer's HTTP status, zero where there was no answer.
	status int
	// retryAfter is positive where Telegram wants to be left alone for so long.
	retryAfter time.Duration
	// movedTo is the group's new number, where that is what went wrong; zero otherwise.
	movedTo int64
	// cause is a transport's error without the URL, or what Telegram's description means; nil
	// where it means nothing known.
	cause error
	// secret is the part of the token that must not be in the text, should the cause have it.
	secret string
}

func (e *apiError) Error() string {
	text := "telegram " + e.method
	if e.status != 0 {
		text += fmt.Sprintf(": %d %s", e.status, http.StatusText(e.status))
	}
	if e.cause != nil {
		text += ": " + strings.ReplaceAll(e.cause.Error(), e.secret, "[token]")
	}
	return text
}

func (e *apiError) Unwrap() error { return e.cause }

// meaning finds what an answer with an error says.
func meaning(status int, description string) error {
	switch status {
	case http.StatusUnauthorized:
		return ErrToken
	case http.StatusConflict:
		return errConflict
	case http.StatusForbidden:
		// The person has blocked the bot, or is gone.
		return deepskin.ErrNotFound
	}
	description = strings.ToLower(description)
	for _, m := range meanings {
		if strings.Contains(description, m.description) {
			return m.means
		}
	}
	return nil
}

// withoutURL takes off the layer of a transport's error that quotes the URL, which has the token.
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
	return e.status == 0 || e.status == http.StatusOK || e.status >= 500
}

// unheard reports whether the request certainly did nothing, because no connection came about.
func (e *apiError) unheard() bool {
	var op *net.OpError
	return e.status == 0 && errors.As(e.cause, &op) && op.Op == "dial"
}
