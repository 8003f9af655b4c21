package discord

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

// Errors that only an operator can mend. Run ends with them.
var (
	// ErrToken says that Discord does not know the bot token, or no longer.
	ErrToken = remote.Meaning(remote.Token, "discord does not accept the bot token; reset it in the developer portal")
	// ErrIntent says that the bot may not read what is written in channels.
	ErrIntent = errors.New("discord does not let the bot read messages in channels; " +
		"switch on the message content intent in the developer portal, or set no channels")
)

// errAnswered says that an interaction has had its first answer, perhaps by an attempt whose outcome
// nobody knew.
var errAnswered = remote.Meaning(remote.Harmless, "the interaction has been answered already")

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

// failed makes an Error of what discordgo returned.
func failed(route string, status int, secret string, err error) *remote.Error {
	e := &remote.Error{Call: "discord " + route, Status: status, Secret: secret}
	var limited *discordgo.RateLimitError
	var refused *discordgo.RESTError
	switch {
	case errors.As(err, &limited):
		e.RetryAfter = max(limited.RetryAfter, 10*time.Millisecond)
	case errors.As(err, &refused):
		if refused.Message != nil {
			e.Code = refused.Message.Code
		}
		e.Cause = meaning(status, e.Code, refused.ResponseBody)
	case status >= http.StatusBadRequest:
		// A 502, or a 429 without Discord's JSON: discordgo's text quotes the body.
	default:
		e.Cause = remote.WithoutURL(err)
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
