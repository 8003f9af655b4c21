package telegramtest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"time"
)

// NewGroup makes a supergroup that the bot is a member of, and in which it sees everything.
func (s *Server) NewGroup() int64 { return s.newGroup("supergroup", -1002000000000) }

// NewBasicGroup makes a group that can become a supergroup.
func (s *Server) NewBasicGroup() int64 { return s.newGroup("group", -3000000) }

func (s *Server) newGroup(kind string, number int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := number - int64(len(s.chats))
	s.chats[id] = &chat{kind: kind}
	s.tellMembership(id, s.chats[id])
	return id
}

// NewTopic makes a supergroup a forum, and returns the number of a new topic.
func (s *Server) NewTopic(group int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(group)
	if c.topics == nil {
		c.topics = map[int]bool{}
	}
	thread := s.nextMessage
	s.nextMessage++
	c.topics[thread] = true
	return thread
}

// Upgrade makes a group a supergroup and returns its new number. The messages stay behind.
func (s *Server) Upgrade(group int64) int64 {
	to := s.NewGroup()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(group).movedTo = to
	return to
}

// A Post is what a person sends to a group. What names the bot and what is a command is marked so.
type Post struct {
	User, Chat int64
	// Text is the caption where there is a photo.
	Text  string
	Photo []byte
	// ReplyTo and Thread are as in Message.
	ReplyTo, Thread int
	// Album is the media_group_id, empty for none.
	Album string
}

var marked = map[string]*regexp.Regexp{
	"bot_command": regexp.MustCompile(`^/[a-zA-Z0-9_]+(@[a-zA-Z0-9_]+)?`),
	"mention":     regexp.MustCompile(`(^|\s)@[a-zA-Z0-9_]+`),
}

// Post sends what a person says in a group.
func (s *Server) Post(p Post) Message {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &message{album: p.Album}
	m.Text, m.ReplyTo, m.Thread = p.Text, p.ReplyTo, p.Thread
	for kind, form := range marked {
		for _, at := range form.FindAllStringIndex(p.Text, -1) {
			name := p.Text[at[0]:at[1]]
			blank := len(name) - len(regexp.MustCompile(`^\s`).ReplaceAllString(name, ""))
			m.spans = append(m.spans, span{kind, units(p.Text[:at[0]+blank]), units(name[blank:])})
		}
	}
	if p.Photo != nil {
		m.photo, m.Picture = s.sizes(p.Photo), p.Photo
	}
	return s.write(p.User, p.Chat, m)
}

// SendOther sends something that is neither text nor photo: kind is the field's name, "sticker" say,
// and content its JSON.
func (s *Server) SendOther(user, chat int64, kind, content string) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(user, chat, &message{other: map[string]any{kind: json.RawMessage(content)}})
}

// describe returns a chat as Telegram describes it.
func describe(id int64, c *chat) map[string]any {
	if c.kind == "private" {
		return map[string]any{"id": id, "type": c.kind, "first_name": "Person"}
	}
	body := map[string]any{"id": id, "type": c.kind, "title": "Group"}
	if c.topics != nil {
		body["is_forum"] = true
	}
	return body
}

// tellMembership tells the bot whether it is in a chat. The caller holds mu.
func (s *Server) tellMembership(id int64, c *chat) {
	now, before := "member", "kicked"
	if c.blocked {
		now, before = before, now
	}
	member := func(status string) map[string]any {
		return map[string]any{"status": status, "user": map[string]any{"id": botID, "is_bot": true, "first_name": "DeepSkin"}}
	}
	s.addUpdate("my_chat_member", map[string]any{
		"chat": describe(id, c), "from": s.person(1), "date": time.Now().Unix(),
		"old_chat_member": member(before), "new_chat_member": member(now),
	})
}

// thread reads the topic that a message is to go to.
func (r request) thread(c *chat) (int, *refusal) {
	text, ok := r.params["message_thread_id"]
	if !ok {
		return 0, nil
	}
	thread, err := strconv.Atoi(text)
	if err != nil || !c.topics[thread] {
		return 0, badRequest("message thread not found")
	}
	return thread, nil
}

// sendChatAction shows that the bot types. It does not count towards the limits.
func (s *Server) sendChatAction(r request) (any, *refusal) {
	c, _, refused := s.reachable(r)
	if refused != nil {
		return nil, refused
	}
	if r.params["action"] != "typing" {
		return nil, badRequest("wrong parameter action in request")
	}
	if _, refused := r.thread(c); refused != nil {
		return nil, refused
	}
	c.actions = append(c.actions, r.params["action"])
	s.change()
	return true, nil
}

// Actions returns what the bot showed to be doing in a chat.
func (s *Server) Actions(chat int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chat(chat).actions
}
