package telegram

import (
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin/bot"
)

// inGroup returns what is said to the bot in a group, nil for anything else: commands with the
// bot's name, photos that name the bot or answer it, and answers to one's own photo that name it.
func (r *reader) inGroup(m *tgbotapi.Message) *bot.Message {
	photo, unique := readPhoto(m)
	named := r.named(m)
	if photo != nil {
		asked := named || r.wrote(m.ReplyToMessage)
		// Of an album, only the first photo has the text.
		if r.albums.has(m.MediaGroupID, asked) {
			asked = true
		}
		if !asked {
			return nil
		}
		return newMessage(m, photo, unique)
	}
	if m.IsCommand() {
		if _, to, _ := strings.Cut(commandWithAt(m), "@"); to == "" {
			return nil // who knows for which bot
		}
		command := readCommand(m, r.self.Username)
		if command == "" {
			return nil
		}
		message := newMessage(m, nil, "")
		message.Command = command
		return message
	}
	if !named {
		return nil
	}
	to := m.ReplyToMessage
	if to == nil {
		return newMessage(m, nil, "")
	}
	photo, unique = readPhoto(to)
	switch {
	case photo == nil:
		return newMessage(m, nil, "")
	case to.From == nil || to.From.ID != m.From.ID:
		message := newMessage(m, nil, "")
		message.OthersPhoto = true
		return message
	default:
		to.Chat, to.From, to.MediaGroupID = m.Chat, m.From, ""
		return newMessage(to, photo, unique)
	}
}

// wrote reports whether a message is the bot's own.
func (r *reader) wrote(m *tgbotapi.Message) bool {
	return m != nil && m.From != nil && m.From.ID == r.self.ID
}

// named reports whether a message's text or caption names the bot.
func (r *reader) named(m *tgbotapi.Message) bool {
	return r.namedIn(m.Text, m.Entities) || r.namedIn(m.Caption, m.CaptionEntities)
}

func (r *reader) namedIn(text string, entities []tgbotapi.MessageEntity) bool {
	units := utf16.Encode([]rune(text))
	for _, e := range entities {
		if e.Type == "text_mention" && e.User != nil && e.User.ID == r.self.ID {
			return true
		}
		if e.Type != "mention" || e.Offset < 0 || e.Length < 0 || e.Offset > len(units) || e.Length > len(units)-e.Offset {
			continue
		}
		name := string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
		if strings.EqualFold(name, "@"+r.self.Username) {
			return true
		}
	}
	return false
}

// calledFor is for how long the other photos of an album are waited for.
const calledFor = time.Minute

// called are albums that the bot was asked to look at a moment ago.
type called struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// has reports whether an album is among them, and adds it where the bot is asked now.
func (c *called) has(album string, now bool) bool {
	if album == "" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for other, end := range c.until {
		if time.Now().After(end) {
			delete(c.until, other)
		}
	}
	if now {
		if c.until == nil {
			c.until = map[string]time.Time{}
		}
		c.until[album] = time.Now().Add(calledFor)
	}
	_, ok := c.until[album]
	return ok
}
