package discord

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
)

// An address of this platform has one of two kinds of chat: a channel, by its ID, or an interaction,
// whose messages can be reached by its token only, and only for a while:
//
//	interaction:<ID>:<user>:<private or shared>:<token>
//
// All of it is in the address, so that an answer still finds its way after a restart.
const interactionChat = "interaction"

const (
	tokenLife = 15 * time.Minute
	// tokenMargin is how much earlier a token counts as used up, because calls and clocks take time.
	tokenMargin = 20 * time.Second
)

// An exchange is what is needed to answer an interaction.
type exchange struct {
	id    string
	user  string
	token string
	// private says that what answers the interaction is for its sender's eyes only.
	private bool
}

// chat returns the exchange as the chat of an address.
func (x exchange) chat() string {
	visible := "shared"
	if x.private {
		visible = "private"
	}
	return strings.Join([]string{interactionChat, x.id, x.user, visible, x.token}, ":")
}

func (x exchange) address() deepskin.Address {
	return deepskin.Address{Platform: Name, Chat: x.chat()}
}

// over reports whether the interaction can no longer be answered. Its ID says when it began.
func (x exchange) over(now time.Time) bool {
	begun, err := discordgo.SnowflakeTimestamp(x.id)
	return err != nil || now.After(begun.Add(tokenLife-tokenMargin))
}

// flags are those of messages that answer the interaction.
func (x exchange) flags() discordgo.MessageFlags {
	if x.private {
		return discordgo.MessageFlagsEphemeral
	}
	return 0
}

// readChat returns the exchange that a chat stands for, or nil where the chat is a channel.
func readChat(at deepskin.Address) (*exchange, error) {
	if at.Platform != Name {
		return nil, errors.New("discord: not an address of this platform")
	}
	if at.Message != "" && !idForm.MatchString(at.Message) {
		return nil, errors.New("discord: not a message of this platform")
	}
	if idForm.MatchString(at.Chat) {
		return nil, nil
	}
	parts := strings.SplitN(at.Chat, ":", 5)
	if len(parts) != 5 || parts[0] != interactionChat || !idForm.MatchString(parts[1]) || !idForm.MatchString(parts[2]) ||
		!tokenSafe(parts[4]) {
		return nil, errors.New("discord: not a chat of this platform")
	}
	return &exchange{id: parts[1], user: parts[2], private: parts[3] == "private", token: parts[4]}, nil
}

// tokenSafe reports whether the token of an interaction can be a part of a URL's path.
func tokenSafe(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.=:~", c)
	})
}

// snowflake returns the least ID that Discord gives at a time.
func snowflake(at time.Time) string {
	const epoch = 1420070400000 // milliseconds, the beginning of 2015
	return strconv.FormatInt(max(0, at.UnixMilli()-epoch)<<22, 10)
}

// older compares two IDs as numbers.
func older(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }
