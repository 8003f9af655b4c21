package telegramtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A Message is a message as it is shown in a chat.
type Message struct {
	Chat int64
	ID   int
	// FromBot says that the bot sent it, not a person.
	FromBot bool
	// ReplyTo is the ID of the message that it answers, zero for none.
	ReplyTo int
	// Thread is the topic of a forum that it is in, zero for none.
	Thread int
	// Text is the text or the caption, without markup.
	Text string
	// Bold are the bold parts of the text.
	Bold []string
	// Picture is the photo that the message shows, nil for none.
	Picture []byte
	// Buttons are the rows below the message.
	Buttons [][]Button
	// Edits is how often the message has been changed.
	Edits int
	// Shown is all that the message has shown, its present content last. Of people's messages it
	// is the first content only.
	Shown []Showing
	// Deleted says that the chat shows the message no more.
	Deleted bool
}

// A Showing is what a message showed from some moment on.
type Showing struct {
	At      time.Time
	Text    string
	Bold    []string
	Picture []byte
	Buttons [][]Button
}

// A Button is one below a message.
type Button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
}

type message struct {
	Message
	spans []span
	// photo and document are in Telegram's form; nil for none.
	photo    []any
	document map[string]any
	album    string
	other    map[string]any // a sticker, say
	date     int64
	edited   int64
	sender   int64
}

// Messages returns what a chat shows now, oldest first.
func (s *Server) Messages(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range s.chat(chat).messages {
		list = append(list, m.Message)
	}
	return list
}

// FromBot returns what the bot shows in a chat now, oldest first.
func (s *Server) FromBot(chat int64) []Message {
	return slices.DeleteFunc(s.Messages(chat), func(m Message) bool { return !m.FromBot })
}

// WaitForMessages waits until the bot's messages in a chat are as the test wants them, and returns
// them.
func (s *Server) WaitForMessages(chat int64, what string, want func(fromBot []Message) bool) []Message {
	s.t.Helper()
	var list []Message
	s.WaitFor(what, func() bool {
		list = s.FromBot(chat)
		return want(list)
	})
	return list
}

// WaitForText waits for a message of the bot that contains the text, and returns the last such.
func (s *Server) WaitForText(chat int64, text string) Message {
	s.t.Helper()
	var found Message
	s.WaitForMessages(chat, fmt.Sprintf("a message with %q", text), func(fromBot []Message) bool {
		for _, m := range fromBot {
			if strings.Contains(m.Text, text) {
				found = m
			}
		}
		return found.ID != 0
	})
	return found
}

// find returns a message, or nil. The caller holds mu.
func (c *chat) find(id int) *message {
	for _, m := range c.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// json returns the message as Telegram describes it. The caller holds mu.
func (s *Server) json(m *message) map[string]any {
	c := s.chat(m.Chat)
	from := s.person(m.sender)
	if m.FromBot {
		from = map[string]any{"id": botID, "is_bot": true, "first_name": "DeepSkin", "username": Username}
	}
	body := map[string]any{
		"message_id": m.ID, "date": m.date, "from": from,
		"chat": describe(m.Chat, c),
	}
	if m.Thread != 0 {
		body["message_thread_id"], body["is_topic_message"] = m.Thread, true
	}
	if to := c.find(m.ReplyTo); to != nil {
		original := s.json(to)
		delete(original, "reply_to_message") // Telegram shows one level
		body["reply_to_message"] = original
	}
	for kind, content := range m.other {
		body[kind] = content
	}
	text, entities := "text", "entities"
	if m.photo != nil || m.document != nil {
		text, entities = "caption", "caption_entities"
	}
	if m.Text != "" {
		body[text] = m.Text
	}
	if len(m.spans) > 0 {
		body[entities] = m.spans
	}
	if m.photo != nil {
		body["photo"] = m.photo
	}
	if m.document != nil {
		body["document"] = m.document
	}
	if m.album != "" {
		body["media_group_id"] = m.album
	}
	if m.edited != 0 {
		body["edit_date"] = m.edited
	}
	if m.Buttons != nil {
		body["reply_markup"] = map[string]any{"inline_keyboard": m.Buttons}
	}
	return body
}

// A content is what the bot wants a message to show.
type content struct {
	text    string
	spans   []span
	picture []byte
	buttons [][]Button
}

// reachable returns the chat of a call. The caller holds mu.
func (s *Server) reachable(r request) (*chat, int64, *refusal) {
	id, refused := r.number("chat_id")
	if refused != nil {
		return nil, 0, refused
	}
	c, ok := s.chats[id]
	if !ok {
		return nil, 0, badRequest("chat not found")
	}
	switch {
	case c.movedTo != 0:
		return nil, 0, &refusal{
			code: http.StatusBadRequest, movedTo: c.movedTo,
			description: "Bad Request: group chat was upgraded to a supergroup chat",
		}
	case c.blocked && c.kind != "private":
		return nil, 0, &refusal{code: http.StatusForbidden, description: "Forbidden: bot was kicked from the " + c.kind + " chat"}
	case c.blocked:
		return nil, 0, &refusal{code: http.StatusForbidden, description: "Forbidden: bot was blocked by the user"}
	}
	return c, id, nil
}

func textContent(r request) (content, *refusal) {
	text, spans, refused := render(r.params["text"], r.params["parse_mode"])
	if refused != nil {
		return content{}, refused
	}
	if text == "" {
		return content{}, badRequest("message text is empty")
	}
	if units(text) > 4096 {
		return content{}, badRequest("message is too long")
	}
	buttons, refused := keyboard(r.params["reply_markup"])
	return content{text: text, spans: spans, buttons: buttons}, refused
}

func captionContent(caption, mode, markup string) (content, *refusal) {
	text, spans, refused := render(caption, mode)
	if refused != nil {
		return content{}, refused
	}
	if units(text) > 1024 {
		return content{}, badRequest("message caption is too long")
	}
	buttons, refused := keyboard(markup)
	return content{text: text, spans: spans, buttons: buttons}, refused
}

// keyboard reads an inline keyboard whose buttons all have callback data.
func keyboard(markup string) ([][]Button, *refusal) {
	if markup == "" {
		return nil, nil
	}
	var k struct {
		Rows [][]Button `json:"inline_keyboard"`
	}
	decoder := json.NewDecoder(strings.NewReader(markup))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&k); err != nil {
		return nil, badRequest("can't parse reply keyboard markup JSON object")
	}
	for _, row := range k.Rows {
		for _, b := range row {
			if b.Text == "" {
				return nil, badRequest("can't parse inline keyboard button: text must be non-empty")
			}
			if len(b.Data) < 1 || len(b.Data) > 64 {
				return nil, badRequest("BUTTON_DATA_INVALID")
			}
		}
	}
	return k.Rows, nil
}

// post adds a message of the bot. The caller holds mu.
func (s *Server) post(r request, c *chat, id int64, what content) (any, *refusal) {
	m := &message{date: time.Now().Unix()}
	m.Chat, m.ID, m.FromBot = id, s.nextMessage, true
	thread, refused := r.thread(c)
	if refused != nil {
		return nil, refused
	}
	m.Thread = thread
	if text, ok := r.params["reply_parameters"]; ok {
		var reply struct {
			ID      int  `json:"message_id"`
			Without bool `json:"allow_sending_without_reply"`
		}
		if err := json.Unmarshal([]byte(text), &reply); err != nil || reply.ID == 0 {
			return nil, badRequest("can't parse reply parameters")
		}
		switch {
		case c.find(reply.ID) != nil:
			m.ReplyTo = reply.ID
		case !reply.Without:
			return nil, badRequest("message to be replied not found")
		}
	}
	s.nextMessage++
	s.show(m, what)
	c.messages = append(c.messages, m)
	s.change()
	return s.json(m), nil
}

// show gives a message its content. The caller holds mu.
func (s *Server) show(m *message, what content) {
	m.Text, m.spans, m.Buttons = what.text, what.spans, what.buttons
	m.Bold = parts(what.text, what.spans, "bold")
	if what.picture != nil {
		m.Picture = what.picture
		id, f := s.addFile("photos", what.picture, len(what.picture))
		m.photo = []any{map[string]any{"file_id": id, "file_unique_id": f.unique, "width": 90, "height": 67, "file_size": f.size}}
	}
	m.noteShown()
}

func (s *Server) sendMessage(r request) (any, *refusal) {
	c, id, refused := s.reachable(r)
	if refused != nil {
		return nil, refused
	}
	what, refused := textContent(r)
	if refused != nil {
		return nil, refused
	}
	return s.post(r, c, id, what)
}

func (s *Server) sendPhoto(r request) (any, *refusal) {
	c, id, refused := s.reachable(r)
	if refused != nil {
		return nil, refused
	}
	picture, ok := r.files["photo"]
	if !ok {
		return nil, badRequest("there is no photo in the request")
	}
	if refused := checkPicture(picture); refused != nil {
		return nil, refused
	}
	what, refused := captionContent(r.params["caption"], r.params["parse_mode"], r.params["reply_markup"])
	if refused != nil {
		return nil, refused
	}
	what.picture = picture
	return s.post(r, c, id, what)
}

// editable returns the message that a call wants to change. The caller holds mu.
func (s *Server) editable(r request) (*message, *refusal) {
	c, _, refused := s.reachable(r)
	if refused != nil {
		return nil, refused
	}
	id, refused := r.number("message_id")
	if refused != nil {
		return nil, refused
	}
	m := c.find(int(id))
	if m == nil {
		return nil, badRequest("message to edit not found")
	}
	if !m.FromBot {
		return nil, badRequest("message can't be edited")
	}
	return m, nil
}

// edit changes a message of the bot. The caller holds mu.
func (s *Server) edit(m *message, what content) (any, *refusal) {
	samePicture := what.picture == nil || bytes.Equal(what.picture, m.Picture)
	if samePicture && what.text == m.Text && reflect.DeepEqual(what.spans, m.spans) && reflect.DeepEqual(what.buttons, m.Buttons) {
		return nil, badRequest("message is not modified: specified new message content and reply markup are exactly " +
			"the same as a current content and reply markup of the message")
	}
	s.show(m, what)
	m.Edits++
	m.edited = time.Now().Unix()
	s.change()
	return s.json(m), nil
}

func (s *Server) editMessageText(r request) (any, *refusal) {
	m, refused := s.editable(r)
	if refused != nil {
		return nil, refused
	}
	if m.photo != nil {
		return nil, badRequest("there is no text in the message to edit")
	}
	what, refused := textContent(r)
	if refused != nil {
		return nil, refused
	}
	return s.edit(m, what)
}

func (s *Server) editMessageCaption(r request) (any, *refusal) {
	m, refused := s.editable(r)
	if refused != nil {
		return nil, refused
	}
	if m.photo == nil {
		return nil, badRequest("there is no caption in the message to edit")
	}
	what, refused := captionContent(r.params["caption"], r.params["parse_mode"], r.params["reply_markup"])
	if refused != nil {
		return nil, refused
	}
	return s.edit(m, what)
}

func (s *Server) editMessageMedia(r request) (any, *refusal) {
	m, refused := s.editable(r)
	if refused != nil {
		return nil, refused
	}
	var media struct {
		Type      string `json:"type"`
		Media     string `json:"media"`
		Caption   string `json:"caption"`
		ParseMode string `json:"parse_mode"`
	}
	decoder := json.NewDecoder(strings.NewReader(r.params["media"]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&media); err != nil || media.Type != "photo" {
		return nil, badRequest("can't parse InputMedia")
	}
	name, ok := strings.CutPrefix(media.Media, "attach://")
	picture, uploaded := r.files[name]
	if !ok || !uploaded {
		return nil, badRequest("wrong remote file identifier specified: there is no such part in the upload")
	}
	if refused := checkPicture(picture); refused != nil {
		return nil, refused
	}
	what, refused := captionContent(media.Caption, media.ParseMode, r.params["reply_markup"])
	if refused != nil {
		return nil, refused
	}
	what.picture = picture
	return s.edit(m, what)
}

func (s *Server) deleteMessage(r request) (any, *refusal) {
	c, _, refused := s.reachable(r)
	if refused != nil {
		return nil, refused
	}
	id, refused := r.number("message_id")
	if refused != nil {
		return nil, refused
	}
	if c.find(int(id)) == nil {
		return nil, badRequest("message to delete not found")
	}
	c.remove(int(id))
	s.change()
	return true, nil
}

// remove takes a message out of the chat.
func (c *chat) remove(id int) {
	c.messages = slices.DeleteFunc(c.messages, func(m *message) bool {
		if m.ID != id {
			return false
		}
		m.Deleted = true
		c.deleted = append(c.deleted, m)
		return true
	})
}

// noteShown adds the present content to what the message has shown.
func (m *message) noteShown() {
	// Whoever holds a copy of the message keeps what it had.
	m.Shown = append(slices.Clip(m.Shown), Showing{
		At: time.Now(), Text: m.Text, Bold: m.Bold, Picture: m.Picture, Buttons: m.Buttons,
	})
}
