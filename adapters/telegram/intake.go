package telegram

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
	"deepskin/bot"
)

// An intake is what an update means: a message, a press, or neither, which is silence.
type intake struct {
	message *bot.Message
	press   *bot.Press
	// query is the ID under which a press is to be answered; empty where there is none.
	query string
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
func read(update json.RawMessage, username string) (in intake, err error) {
	// The library slices texts by the offsets that came with them.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("telegram: an update made its reader panic with %T", p)
		}
	}()
	var u tgbotapi.Update
	if err := json.Unmarshal(update, &u); err != nil {
		return intake{}, fmt.Errorf("telegram: an update has an unexpected form: %T", err)
	}
	switch {
	case u.Message != nil:
		in.message = readMessage(u.Message, username)
	case u.EditedMessage != nil:
		// A photo that was exchanged is a new photo; the rest was answered as it first came.
		if m := readMessage(u.EditedMessage, username); m != nil && m.Photo != nil {
			in.message = m
		}
	case u.CallbackQuery != nil:
		in.query = u.CallbackQuery.ID
		in.press = readPress(u.CallbackQuery)
	}
	return in, nil
}

// readMessage returns nil for what is met with silence: groups, channels and other bots.
func readMessage(m *tgbotapi.Message, username string) *bot.Message {
	if m.Chat == nil || !m.Chat.IsPrivate() || m.From == nil || m.From.IsBot {
		return nil
	}
	photo, unique := readPhoto(m)
	message := &bot.Message{
		Sender: sender(m.From),
		At:     address(m),
		Event:  fmt.Sprintf("%d:%d:%s:%d", m.Chat.ID, m.MessageID, unique, m.EditDate),
		Photo:  photo,
		// Of the person's app, not all of which say it.
		Language: m.From.LanguageCode,
	}
	if photo == nil {
		message.Command = readCommand(m, username)
	}
	return message
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
	if d == nil || !isImage(d) {
		return nil, ""
	}
	photo = &bot.Photo{Source: d.FileID}
	if d.FileSize > maxFile {
		photo.Problem = deepskin.TooManyBytes
	}
	return photo, d.FileUniqueID
}

// isImage goes by the MIME type that the sender's app gave, or by the name where it gave none of
// use. Formats that nobody can read here count too: the classifier has a sentence for them.
func isImage(d *tgbotapi.Document) bool {
	if strings.HasPrefix(strings.ToLower(d.MimeType), "image/") {
		return true
	}
	if d.MimeType != "" && d.MimeType != "application/octet-stream" {
		return false
	}
	switch strings.ToLower(filepath.Ext(d.FileName)) {
	case ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff":
		return true
	}
	return false
}

// readCommand returns the command that the text begins with, without its slash and without the
// name of this bot; none where it is for another bot.
func readCommand(m *tgbotapi.Message, username string) string {
	if !m.IsCommand() {
		return ""
	}
	command, to, _ := strings.Cut(m.CommandWithAt(), "@")
	if to != "" && !strings.EqualFold(to, username) {
		return ""
	}
	return strings.ToLower(command)
}

// readPress returns nil where nothing can be done about the press: its message is not in a
// private chat, or was sent through another chat, or the data cannot be a button's of the bot. A
// message that is too old to be shown still has its chat and number.
func readPress(q *tgbotapi.CallbackQuery) *bot.Press {
	if q.From == nil || q.Message == nil || q.Message.Chat == nil || !q.Message.Chat.IsPrivate() {
		return nil
	}
	if q.Data == "" || len(q.Data) > maxData {
		return nil
	}
	return &bot.Press{Sender: sender(q.From), At: address(q.Message), Data: q.Data, Language: q.From.LanguageCode}
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
