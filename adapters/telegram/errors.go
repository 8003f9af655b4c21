package telegram

import (
	"net/http"
	"strings"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

// ErrToken says that Telegram does not know the bot token, or no longer.
var ErrToken = remote.Meaning(remote.Token, "telegram does not accept the bot token; ask @BotFather for the right one")

// conflict is a kind of errors: another process polls for the bot.
const conflict remote.Kind = "conflict"

// What Telegram says that is no failure, or not always.
var (
	errNotModified = remote.Meaning(remote.Harmless, "message is not modified")
	errNoText      = remote.Meaning(remote.Harmless, "message is a picture, without text to edit")
	errQueryTooOld = remote.Meaning(remote.Gone, "button press is too old to be answered")
	errConflict    = remote.Meaning(conflict, "another process polls for the same bot, or a webhook is set")
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
	{"upgraded to a supergroup", deepskin.ErrNotFound},
	{"peer_id_invalid", deepskin.ErrNotFound},
	{"file is too big", deepskin.ErrTooLarge},
	{"wrong file_id", deepskin.ErrGone},
	{"file is temporarily unavailable", deepskin.ErrGone},
}

// movedTo is the cause of an error that says that a group has become a supergroup, of this number. Its
// messages have other numbers there.
type movedTo int64

func (movedTo) Error() string { return "the group has become a supergroup" }

// Unwrap makes it one of the errors that say that the chat is gone.
func (movedTo) Unwrap() error { return deepskin.ErrNotFound }

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
