package telegramtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	"strings"
	"time"
)

// person is a person as updates show them. The caller holds mu.
func (s *Server) person(id int64) map[string]any {
	p := map[string]any{"id": id, "is_bot": false, "first_name": "Person"}
	language, told := s.reads[id]
	if !told {
		language = "en"
	}
	if language != "" {
		p["language_code"] = language
	}
	return p
}

// SetLanguage sets the language of a person's app, "pt-br" say, from the next update on. It is "en"
// at first; empty means that the app does not say.
func (s *Server) SetLanguage(user int64, language string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[user] = language
}

// write adds a message of a person and tells the bot. The caller holds mu.
func (s *Server) write(user, chat int64, m *message) Message {
	m.Chat, m.ID, m.sender, m.date = chat, s.nextMessage, user, time.Now().Unix()
	s.nextMessage++
	m.noteShown()
	c := s.chat(chat)
	c.messages = append(c.messages, m)
	s.addUpdate("message", s.json(m))
	return m.Message
}

// SendText sends a text, with a leading command marked as such.
func (s *Server) SendText(user, chat int64, text string) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &message{}
	m.Text = text
	if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(command, "/") {
		m.spans = []span{{"bot_command", 0, units(command)}}
	}
	return s.write(user, chat, m)
}

// SendPhoto sends a JPEG or PNG as a photo. Other than Telegram, the server does not compress it
// again.
func (s *Server) SendPhoto(user, chat int64, photo []byte) Message {
	s.t.Helper()
	return s.SendAlbum(user, chat, photo)[0]
}

// SendAlbum sends photos together: one message for each. One photo alone is no album.
func (s *Server) SendAlbum(user, chat int64, photos ...[]byte) []Message {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	album := ""
	if len(photos) > 1 {
		album = rand.Text()
	}
	var list []Message
	for _, data := range photos {
		m := &message{photo: s.sizes(data), album: album}
		m.Picture = data
		list = append(list, s.write(user, chat, m))
	}
	return list
}

// EditPhoto exchanges the photo of a person's message.
func (s *Server) EditPhoto(at Message, photo []byte) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.chat(at.Chat).find(at.ID)
	m.photo, m.Picture = s.sizes(photo), photo
	s.rewritten(m)
}

// EditText changes the text of a person's message.
func (s *Server) EditText(at Message, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.chat(at.Chat).find(at.ID)
	m.Text, m.spans = text, nil
	s.rewritten(m)
}

// rewritten tells the bot of an edit. The caller holds mu.
func (s *Server) rewritten(m *message) {
	m.Edits++
	// Telegram counts whole seconds; here every edit has a date of its own.
	m.edited = m.date + int64(m.Edits)
	s.addUpdate("edited_message", s.json(m))
}

// sizes stores a photo and returns it in several sizes. Telegram promises no order, so the largest
// is neither first nor last. The caller holds mu.
func (s *Server) sizes(photo []byte) []any {
	s.t.Helper()
	config, _, err := image.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		s.t.Fatalf("fake Telegram: only pictures can be sent as photos: %v", err)
	}
	var list []any
	for _, shrink := range []int{4, 1, 2} {
		data := photo
		if shrink > 1 {
			data = thumbnail()
		}
		id, f := s.addFile("photos", data, len(data))
		list = append(list, map[string]any{
			"file_id": id, "file_unique_id": f.unique, "file_size": f.size,
			"width": config.Width / shrink, "height": config.Height / shrink,
		})
	}
	return list
}

// SendDocument sends a file as it is. The MIME type may be empty: not all apps give one.
func (s *Server) SendDocument(user, chat int64, name, mimeType string, data []byte) Message {
	return s.sendDocument(user, chat, name, mimeType, data, len(data))
}

// SendLargeDocument sends a file of which only the size matters, in bytes.
func (s *Server) SendLargeDocument(user, chat int64, name, mimeType string, size int) Message {
	return s.sendDocument(user, chat, name, mimeType, nil, size)
}

func (s *Server) sendDocument(user, chat int64, name, mimeType string, data []byte, size int) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, f := s.addFile("documents", data, size)
	document := map[string]any{"file_id": id, "file_unique_id": f.unique, "file_name": name, "file_size": size}
	if mimeType != "" {
		document["mime_type"] = mimeType
	}
	return s.write(user, chat, &message{document: document})
}

// Remove deletes a message for everybody. The bot is not told.
func (s *Server) Remove(at Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(at.Chat).remove(at.ID)
	s.change()
}

// A query is a press that waits for its answer.
type query struct {
	answered bool
	expired  bool
	notice   string
}

// Press taps a button of a message and returns the press's ID. Like a real client, it can send
// any data, whether there is such a button or not. Where the message has been deleted, the bot
// gets an inaccessible one, with date 0.
func (s *Server) Press(user int64, at Message, data string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(at.Chat)
	var body any
	if m := c.find(at.ID); m != nil {
		body = s.json(m)
	} else {
		body = map[string]any{
			"message_id": at.ID, "date": 0,
			"chat": describe(at.Chat, c),
		}
	}
	return s.query(user, map[string]any{"message": body, "data": data})
}

// PressInline taps a button of a message that was sent through another chat, of which the bot gets
// no more than an ID.
func (s *Server) PressInline(user int64, data string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.query(user, map[string]any{"inline_message_id": rand.Text(), "data": data})
}

// query tells the bot of a press. The caller holds mu.
func (s *Server) query(user int64, body map[string]any) string {
	id := fmt.Sprintf("4382%d", len(s.queries)+1)
	s.queries[id] = &query{}
	body["id"], body["from"], body["chat_instance"] = id, s.person(user), "-3717"
	s.addUpdate("callback_query", body)
	return id
}

// answerCallbackQuery ends the press: once, and not too late.
func (s *Server) answerCallbackQuery(r request) (any, *refusal) {
	q, ok := s.queries[r.params["callback_query_id"]]
	if !ok || q.answered || q.expired {
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	}
	if units(r.params["text"]) > 200 {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	q.answered, q.notice = true, r.params["text"]
	s.change()
	return true, nil
}

// WaitForNotice waits until the bot has answered a press, and returns what its sender sees for a
// moment; empty where that is nothing.
func (s *Server) WaitForNotice(press string) string {
	s.t.Helper()
	var notice string
	s.WaitFor("the answer to a press", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		q := s.queries[press]
		notice = q.notice
		return q.answered
	})
	return notice
}
