package discord

import (
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"deepskin"
	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// read turns a message into what the bot understands, one for each photo. There is none for what is
// met with silence: bots, other channels, and talk in the channels that are set for photos.
func (a *Adapter) read(m *discordgo.Message) []bot.Message {
	direct := m.GuildID == ""
	switch {
	case m.Author == nil || m.Author.Bot || m.WebhookID != "":
		return nil
	case m.Type != discordgo.MessageTypeDefault && m.Type != discordgo.MessageTypeReply:
		return nil // what Discord itself says: somebody joined, something was pinned
	case !direct && !slices.Contains(a.config.Channels, m.ChannelID):
		return nil
	}
	common := bot.Message{
		Sender: deepskin.Sender{Platform: Name, ID: m.Author.ID},
		At:     deepskin.Address{Platform: Name, Chat: m.ChannelID, Message: m.ID},
		Event:  m.ChannelID + ":" + m.ID,
	}
	var messages []bot.Message
	for _, f := range m.Attachments {
		if f == nil || !isImage(f) {
			continue
		}
		message := common
		message.Photo = readPhoto(f)
		// Each photo of a message is an event of its own.
		message.Event += ":" + f.ID
		messages = append(messages, message)
	}
	if len(messages) > 1 {
		for i := range messages {
			messages[i].Album = common.Event // nobody else writes into this message
		}
	}
	if messages == nil && direct {
		common.Command = readCommand(m.Content)
		messages = append(messages, common)
	}
	return messages
}

// readPhoto returns an attachment as a photo. The bot fetches it at once: its URL expires.
func readPhoto(f *discordgo.MessageAttachment) *bot.Photo {
	photo := &bot.Photo{Source: f.URL}
	if f.Size > remote.MaxFile {
		photo.Problem = deepskin.TooManyBytes
	}
	return photo
}

func isImage(f *discordgo.MessageAttachment) bool { return remote.IsImage(f.ContentType, f.Filename) }

// readCommand returns the command that a text begins with, without its slash: Discord sends what is not
// picked from its menu as text.
func readCommand(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	command, ok := strings.CutPrefix(first, "/")
	if !ok {
		return ""
	}
	return strings.ToLower(command)
}
