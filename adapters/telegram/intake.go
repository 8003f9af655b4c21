package telegram

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// An intake is what an update means: a message, a press, news of where the bot is, or nothing, which
// is silence.
type intake struct {
	message  *bot.Message
	press    *bot.Press
	presence *presence
	// query is the ID under which a press is to be answered; empty where there is none.
	query string
	// text is what somebody wrote in a private chat, other than a command, which only counts where they
	// were asked for it.
	text string
}

// A presence says that the bot has left a chat, by being blocked or removed, or is back.
type presence struct {
	chat string
	gone bool
}

// A reader turns updates into what the bot understands.
type reader struct {
	self identity
	// albums are those of groups in which the bot was asked to look at the first photo.
	albums called
}

// topic is what newer versions of the Bot API say of a message, and the library does not know.
type topic struct {
	Thread  int             `json:"message_thread_id"`
	InTopic bool            `json:"is_topic_message"`
	Story   json.RawMessage `json:"story"`
}

// thread is the topic's number as addresses have it. Replies in groups without topics have threads
// too, in which nothing can be sent.
func (t *topic) thread() string {
	if t == nil || !t.InTopic {
		return ""
	}
	return strconv.Itoa(t.Thread)
}

// updateID reads the number of an update by itself, so that an update whose content cannot be
// read can still be passed over.
func updateID(update json.RawMessage) (int, error) {
	var u struct {
		ID *int `json:"update_id"`
	}
	if err := json.Unmarshal(update, &u); err != nil || u.ID == nil {
		return 0, fmt.Errorf("telegram getUpdates: an update has no number")
	}
	return *u.ID, nil
}

// read turns an update into what the bot understands. The error is for an update that makes no
// sense; it says nothing of its content.
func (r *reader) read(update json.RawMessage) (in intake, err error) {
	// The library slices texts by the offsets that came with them.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("telegram: an update made its reader panic with %T", p)
		}
	}()
	var u tgbotapi.Update
	var newer struct {
		Message       *topic `json:"message"`
		EditedMessage *topic `json:"edited_message"`
		CallbackQuery *struct {
			Message *topic `json:"message"`
		} `json:"callback_query"`
	}
	for _, v := range []any{&u, &newer} {
		if err := json.Unmarshal(update, v); err != nil {
			return intake{}, fmt.Errorf("telegram: an update has an unexpected form: %T", err)
		}
	}
	switch {
	case u.Message != nil:
		in.message = r.message(u.Message, newer.Message)
		if in.message != nil && u.Message.Chat.IsPrivate() && !u.Message.IsCommand() {
			in.text = u.Message.Text
		}
	case u.EditedMessage != nil:
		// A photo that was exchanged is a new photo; the rest was answered as it first came.
		if m := r.message(u.EditedMessage, newer.EditedMessage); m != nil && m.Photo != nil {
			m.Album = ""
			in.message = m
		}
	case u.CallbackQuery != nil:
		in.query = u.CallbackQuery.ID
		in.press = r.press(u.CallbackQuery)
		if in.press != nil {
			in.press.At.Thread = newer.CallbackQuery.Message.thread()
		}
	case u.MyChatMember != nil:
		status := u.MyChatMember.NewChatMember.Status
		in.presence = &presence{
			chat: strconv.FormatInt(u.MyChatMember.Chat.ID, 10), gone: status == "left" || status == "kicked",
		}
	}
	return in, nil
}

// message returns nil for what is met with silence: channels, other bots, what Telegram itself says
// in a chat, and what is said in groups to others.
func (r *reader) message(m *tgbotapi.Message, t *topic) *bot.Message {
	if m.Chat == nil || m.From == nil || m.From.IsBot {
		return nil
	}
	switch {
	case m.Chat.IsPrivate():
		if !hasContent(m) && t.Story == nil {
			return nil
		}
		photo, unique := readPhoto(m)
		message := newMessage(m, photo, unique)
		if photo == nil {
			message.Command = readCommand(m, r.self.Username)
		}
		return message
	case m.Chat.IsGroup() || m.Chat.IsSuperGroup():
		message := r.inGroup(m)
		if message != nil {
			message.At.Thread = t.thread()
		}
		return message
	default:
		return nil
	}
}

// newMessage is a message with or without a photo.
func newMessage(m *tgbotapi.Message, photo *bot.Photo, unique string) *bot.Message {
	message := &bot.Message{
		Sender:   sender(m.From),
		At:       address(m),
		Event:    fmt.Sprintf("%d:%d:%s:%d", m.Chat.ID, m.MessageID, unique, m.EditDate),
		Photo:    photo,
		Language: m.From.LanguageCode,
	}
	if photo != nil && m.MediaGroupID != "" {
		message.Album = fmt.Sprintf("%d:%s", m.Chat.ID, m.MediaGroupID)
	}
	return message
}

// hasContent reports whether a person wrote the message, rather than Telegram, which tells of
// joins, pins and the like.
func hasContent(m *tgbotapi.Message) bool {
	return m.Text != "" || m.Caption != "" || m.Photo != nil || m.Document != nil || m.Sticker != nil ||
		m.Voice != nil || m.Video != nil || m.VideoNote != nil || m.Animation != nil || m.Audio != nil ||
		m.Contact != nil || m.Location != nil || m.Venue != nil || m.Poll != nil || m.Dice != nil || m.Game != nil
}

// readPhoto returns the message's photo, if it has one, and the ID that tells it from others. A
// photo of an album is one message like any other.
func readPhoto(m *tgbotapi.Message) (photo *bot.Photo, unique string) {
	if len(m.Photo) > 0 {
		largest := m.Photo[0]
		for _, size := range m.Photo[1:] {
			if size.Width*size.Height > largest.Width*largest.Height {
				largest = size
			}
		}
		return &bot.Photo{Source: largest.FileID}, largest.FileUniqueID
	}
	d := m.Document
	if d == nil || !remote.IsImage(d.MimeType, d.FileName) {
		return nil, ""
	}
	photo = &bot.Photo{Source: d.FileID}
	if d.FileSize > remote.MaxFile {
		photo.Problem = deepskin.TooManyBytes
	}
	return photo, d.FileUniqueID
}

// readCommand returns the command that the text begins with, without its slash and without the
// name of this bot; none where it is for another bot.
func readCommand(m *tgbotapi.Message, username string) string {
	command, to, _ := strings.Cut(commandWithAt(m), "@")
	if to != "" && !strings.EqualFold(to, username) {
		return ""
	}
	return strings.ToLower(command)
}

// commandWithAt returns the command that the text begins with, without its slash; none where there is none.
// The library's method of that name believes the length that came with the text.
func commandWithAt(m *tgbotapi.Message) string {
	if !m.IsCommand() || m.Entities[0].Length < 1 || m.Entities[0].Length > len(m.Text) {
		return ""
	}
	return m.Text[1:m.Entities[0].Length]
}

// press returns nil where nothing can be done about the press: its message was sent through another
// chat, or the data cannot be a button's of the bot. A message that is too old to be shown still has
// its chat and number.
func (r *reader) press(q *tgbotapi.CallbackQuery) *bot.Press {
	if q.From == nil || q.Message == nil || q.Message.Chat == nil || q.Message.Chat.IsChannel() {
		return nil
	}
	if q.Data == "" || len(q.Data) > maxData {
		return nil
	}
	p := &bot.Press{
		Sender: sender(q.From), At: address(q.Message), Data: q.Data, Language: q.From.LanguageCode,
	}
	if to := q.Message.ReplyToMessage; to != nil && to.From != nil && to.From.ID != r.self.ID {
		p.Owner = sender(to.From)
	}
	return p
}

func sender(u *tgbotapi.User) deepskin.Sender {
	return deepskin.Sender{Platform: Name, ID: strconv.FormatInt(u.ID, 10)}
}

func address(m *tgbotapi.Message) deepskin.Address {
	return deepskin.Address{
		Platform: Name,
		Chat:     strconv.FormatInt(m.Chat.ID, 10),
		Message:  strconv.Itoa(m.MessageID),
	}
}
