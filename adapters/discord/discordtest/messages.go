package discordtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The flags of a message that matter here.
const (
	ephemeralFlag = 1 << 6
	loadingFlag   = 1 << 7
	// layoutFlag asks for the newer components.
	layoutFlag = 1 << 15
)

// A Message is a message as it is shown in a channel.
type Message struct {
	ID string
	// Channel and Author are IDs.
	Channel, Author string
	// FromBot says that the bot sent it, not a person.
	FromBot bool
	// ReplyTo is the ID of the message that it answers, empty for none.
	ReplyTo string
	// Interaction is the ID of the command, press or modal that it answers, empty for none.
	Interaction string
	// Content is the text above the embeds.
	Content string
	Embeds  []Embed
	// Attachments are the files that are shown by themselves, not those in embeds.
	Attachments []Attachment
	// Buttons are the rows below the message.
	Buttons [][]Button
	// OnlyFor is the ID of the person who alone sees the message, empty where all do.
	OnlyFor string
	// Thinking says that the bot has put off its answer.
	Thinking bool
	// Pings are the IDs of the people whom the message notifies by naming them.
	Pings []string
	// Edits is how often the message has been changed. That an answer which was put off comes does
	// not count.
	Edits int
	// Shown is all that the message has shown, its present content last.
	Shown []Showing
	// Deleted says that the channel shows the message no more.
	Deleted bool
}

// A Showing is what a message showed from some moment on.
type Showing struct {
	At time.Time
	// Text is all words, as Message.Text has them; Content and Embeds are where they stand.
	Text     string
	Content  string
	Embeds   []Embed
	Buttons  [][]Button
	Thinking bool
}

// Text returns all words of the message, those of its embeds too, line by line.
func (m Message) Text() string {
	lines := []string{m.Content}
	for _, e := range m.Embeds {
		lines = append(lines, e.Text())
	}
	return joinLines(lines)
}

// Button returns the button with a label, and whether there is one.
func (m Message) Button(label string) (Button, bool) {
	for _, b := range slices.Concat(m.Buttons...) {
		if b.Label == label {
			return b, true
		}
	}
	return Button{}, false
}

// A message is one with what people do not see.
type message struct {
	id          string
	channel     *Channel
	author      *Person
	content     string
	embeds      []embed
	rows        [][]Button
	files       []*attachment
	reference   string
	pings       []string
	onlyFor     *Person
	loading     bool
	interaction *Interaction
	created     time.Time
	edited      time.Time
	edits       int
	shown       []Showing
	deleted     bool
}

func (s *Server) fromBot(m *message) bool { return m.author == s.bot }

// snapshot returns the message as it is shown now. The caller holds mu.
func (s *Server) snapshot(m *message) Message {
	public := Message{
		ID: m.id, Channel: m.channel.ID, Author: m.author.ID, FromBot: s.fromBot(m), ReplyTo: m.reference,
		Content: m.content, Buttons: m.rows, Thinking: m.loading, Pings: m.pings, Edits: m.edits,
		Shown: slices.Clip(m.shown), Deleted: m.deleted,
	}
	for _, e := range m.embeds {
		public.Embeds = append(public.Embeds, e.public())
	}
	for _, a := range m.loose() {
		public.Attachments = append(public.Attachments, Attachment{ID: a.id, Name: a.name, Data: a.data, URL: a.url(s, "cdn.discordapp.com")})
	}
	if m.onlyFor != nil {
		public.OnlyFor = m.onlyFor.ID
	}
	if m.interaction != nil {
		public.Interaction = m.interaction.ID
	}
	return public
}

// loose returns the files that no embed shows.
func (m *message) loose() []*attachment {
	return slices.DeleteFunc(slices.Clone(m.files), func(a *attachment) bool {
		return slices.ContainsFunc(m.embeds, func(e embed) bool {
			return e.Image.hides(a) || e.Thumbnail.hides(a)
		})
	})
}

// noteShown adds the present content to what the message has shown. The caller holds mu.
func (s *Server) noteShown(m *message) {
	now := s.snapshot(m)
	m.shown = append(m.shown, Showing{
		At: time.Now(), Text: now.Text(), Content: now.Content, Embeds: now.Embeds, Buttons: now.Buttons, Thinking: now.Thinking,
	})
}

// add puts a message into its channel and tells the bot. The caller holds mu.
func (s *Server) add(m *message) {
	m.id, m.created = s.id(), s.now()
	s.noteShown(m)
	s.messages[m.id] = m
	m.channel.messages = append(m.channel.messages, m)
	s.tell("MESSAGE_CREATE", m)
	s.change()
}

// rewritten notes and tells that a message has been changed. The caller holds mu.
func (s *Server) rewritten(m *message) {
	m.edited = s.now()
	s.noteShown(m)
	s.tell("MESSAGE_UPDATE", m)
	s.change()
}

// remove deletes a message. Its files are gone with it. The caller holds mu.
func (s *Server) remove(m *message) {
	m.deleted = true
	for _, a := range m.files {
		a.gone = true
	}
	s.tell("MESSAGE_DELETE", m)
	s.change()
}

// tell makes an event of what happened to a message. Of those for one person alone there is none.
// The caller holds mu.
func (s *Server) tell(event string, m *message) {
	if m.onlyFor != nil || !m.channel.seenByBot() {
		return
	}
	intent := IntentGuildMessages
	if m.channel.guild == nil {
		intent = IntentDirectMessages
	}
	s.dispatch(event, intent, func(intents int) any {
		if event == "MESSAGE_DELETE" {
			return m.channel.where(map[string]any{"id": m.id, "channel_id": m.channel.ID})
		}
		body := s.messageJSON(m, intents&IntentMessageContent != 0)
		if m.channel.guild != nil {
			body["member"] = m.channel.guild.memberJSON(m.author, false)
		}
		return m.channel.where(body)
	})
}

// messageJSON returns the message as the API has it. Whoever does not read all content sees that of
// direct messages, of the bot's own and of those that mention it. The caller holds mu.
func (s *Server) messageJSON(m *message, readsAll bool) map[string]any {
	flags := 0
	if m.onlyFor != nil {
		flags |= ephemeralFlag
	}
	if m.loading {
		flags |= loadingFlag
	}
	kind := 0
	body := map[string]any{
		"id": m.id, "channel_id": m.channel.ID, "author": m.author.json(), "timestamp": timestamp(m.created),
		"edited_timestamp": nil, "tts": false, "mention_everyone": false, "mention_roles": []any{}, "pinned": false,
		"content": "", "embeds": []any{}, "attachments": []any{}, "components": []any{}, "flags": flags,
	}
	mentions := []any{}
	for _, id := range m.pings {
		mentions = append(mentions, s.people[id].json())
	}
	body["mentions"] = mentions
	if !m.edited.IsZero() {
		body["edited_timestamp"] = timestamp(m.edited)
	}
	if i := m.interaction; i != nil {
		body["webhook_id"], body["application_id"] = s.bot.ID, s.bot.ID
		body["interaction_metadata"] = map[string]any{"id": i.ID, "type": i.kind, "user": i.person.json()}
		if i.kind == commandKind {
			kind = 20
		}
	}
	if m.reference != "" {
		kind = 19
		body["message_reference"] = m.channel.where(map[string]any{"type": 0, "message_id": m.reference, "channel_id": m.channel.ID})
		body["referenced_message"] = nil
		if answered := s.messages[m.reference]; !answered.deleted {
			// One level only: what that message answers is not told.
			shallow := *answered
			shallow.reference = ""
			body["referenced_message"] = s.messageJSON(&shallow, readsAll)
		}
	}
	body["type"] = kind
	if readsAll || s.fromBot(m) || m.channel.guild == nil || slices.Contains(m.pings, s.bot.ID) {
		body["content"], body["components"] = m.content, rowsJSON(m.rows)
		embeds, files := []any{}, []any{}
		for _, e := range m.embeds {
			embeds = append(embeds, e.json(s))
		}
		for _, a := range m.loose() {
			files = append(files, a.json(s))
		}
		body["embeds"], body["attachments"] = embeds, files
	}
	return body
}

// Messages returns what a channel shows now, oldest first, those for one person alone too.
func (s *Server) Messages(c *Channel) []Message {
	return slices.DeleteFunc(s.everything(c), func(m Message) bool { return m.Deleted })
}

// FromBot returns what the bot shows in a channel now, oldest first.
func (s *Server) FromBot(c *Channel) []Message {
	return slices.DeleteFunc(s.Messages(c), func(m Message) bool { return !m.FromBot })
}

// Sees returns what the person sees in a channel now, oldest first: nothing where they are no member.
func (p *Person) Sees(c *Channel) []Message {
	list := p.s.Messages(c)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.DeleteFunc(list, func(m Message) bool { return !c.seenBy(p) || m.OnlyFor != "" && m.OnlyFor != p.ID })
}

// Message returns a message as it is now, or was when it was deleted.
func (s *Server) Message(id string) Message {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.messages[id]
	if !ok {
		s.fatal("there has never been a message %q", id)
	}
	return s.snapshot(m)
}

// everything returns all messages that a channel has ever had, in the order in which they came.
func (s *Server) everything(c *Channel) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range c.messages {
		list = append(list, s.snapshot(m))
	}
	return list
}

// Threads returns what the bot has said about each message of a person, and about each interaction,
// in a channel, deleted messages too, by the ID of that message or interaction. A thread is what
// answers it, what replies to such an answer and so on; a message that has been edited is one. Under
// "" is what answers nothing.
func (s *Server) Threads(c *Channel) map[string][]Message {
	threads := map[string][]Message{}
	begins := map[string]string{} // by each message's ID, that of the beginning of its thread
	for _, m := range s.everything(c) {
		if !m.FromBot {
			begins[m.ID] = m.ID
			threads[m.ID] = nil
			continue
		}
		first := cmp.Or(m.Interaction, begins[m.ReplyTo])
		begins[m.ID] = first
		threads[first] = append(threads[first], m)
	}
	return threads
}

// WaitForMessages waits until the bot's messages in a channel are as the test wants them, and returns
// them.
func (s *Server) WaitForMessages(c *Channel, what string, want func(fromBot []Message) bool) []Message {
	s.t.Helper()
	var list []Message
	s.WaitFor(what, func() bool {
		list = s.FromBot(c)
		return want(list)
	})
	return list
}

// WaitForText waits for a message of the bot that contains the text, in an embed or above, and
// returns the last such.
func (s *Server) WaitForText(c *Channel, text string) Message {
	s.t.Helper()
	var found Message
	s.WaitForMessages(c, fmt.Sprintf("a message with %q", text), func(fromBot []Message) bool {
		for _, m := range fromBot {
			if strings.Contains(m.Text(), text) {
				found = m
			}
		}
		return found.ID != ""
	})
	return found
}
