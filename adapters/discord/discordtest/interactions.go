package discordtest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The kinds of interactions.
const (
	commandKind = 2
	pressKind   = 3
	submitKind  = 5
)

// tokenLife is how long the bot can answer an interaction after its first answer.
const tokenLife = 15 * time.Minute

// An Interaction is a command, a press of a button or a submitted modal, as its sender sees it.
type Interaction struct {
	ID string

	s        *Server
	kind     int
	token    string
	person   *Person
	channel  *Channel
	about    *message // to which the button belongs; nil for none
	sent     time.Time
	answered int      // the type of the first answer
	original *message // nil where the first answer was a modal
	modal    *Modal
	said     []*message // by answers and follow-ups
}

// An Option is what a person fills in with a command.
type Option struct {
	name  string
	kind  int
	value any
}

// Text fills in a text option.
func Text(name, value string) Option { return Option{name, textOption, value} }

// Flag fills in a yes-or-no option.
func Flag(name string, value bool) Option { return Option{name, flagOption, value} }

// Attach fills in a file.
func Attach(name string, file File) Option { return Option{name, fileOption, file} }

// Run runs a slash command, which must be one of the bot's there.
func (p *Person) Run(c *Channel, name string, options ...Option) *Interaction {
	s := p.s
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.enter(c)
	registered := s.command(p, c, name)
	list, files := []any{}, map[string]any{}
	for _, o := range options {
		value := o.value
		if file, ok := value.(File); ok {
			a := s.attachAll("ephemeral-attachments/"+s.bot.ID, []File{file})[0]
			files[a.id] = a.json(s)
			value = a.id
		}
		list = append(list, map[string]any{"name": o.name, "type": o.kind, "value": value})
	}
	if problem := registered.fits(options); problem != "" {
		s.fatal("/%s: %s", name, problem)
	}
	data := map[string]any{"id": registered.id, "name": name, "type": 1}
	if len(list) > 0 {
		data["options"] = list
	}
	if len(files) > 0 {
		data["resolved"] = map[string]any{"attachments": files}
	}
	if registered.guild != "" {
		data["guild_id"] = registered.guild
	}
	return s.interact(&Interaction{kind: commandKind, person: p, channel: c}, data)
}

// Press presses a button of a message, which the person must see as it is now.
func (p *Person) Press(at Message, customID string) *Interaction {
	p.s.t.Helper()
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.s.messages[at.ID]
	if m == nil || m.deleted || !m.channel.seenBy(p) || m.onlyFor != nil && m.onlyFor != p {
		p.s.fatal("%s sees no such message", p.Name)
	}
	if !slices.ContainsFunc(slices.Concat(m.rows...), func(b Button) bool { return b.CustomID == customID && !b.Disabled }) {
		p.s.fatal("the message has no button %q to press", customID)
	}
	return p.press(m, customID)
}

// Forge sends a press of any message that there ever was, with any data. Discord's own clients do no
// such thing, and Discord lets little of it through; a bot had better not rely on that.
func (p *Person) Forge(at Message, customID string) *Interaction {
	p.s.t.Helper()
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.s.messages[at.ID]
	if m == nil {
		p.s.fatal("there has never been such a message")
	}
	return p.press(m, customID)
}

// press tells the bot of a press. The caller holds mu.
func (p *Person) press(m *message, customID string) *Interaction {
	return p.s.interact(&Interaction{kind: pressKind, person: p, channel: m.channel, about: m}, map[string]any{
		"custom_id": customID, "component_type": buttonKind, "id": 2,
	})
}

// Submit fills in the modal that an interaction opened, by the custom IDs of its inputs, and sends it.
// What is not named stays as it is. Discord lets the sender only.
func (p *Person) Submit(opened *Interaction, values map[string]string) *Interaction {
	s := p.s
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if opened.modal == nil || opened.person != p {
		s.fatal("%s has no modal to submit", p.Name)
	}
	filled := map[string]string{}
	for _, in := range opened.modal.Inputs {
		value, ok := values[in.CustomID]
		if !ok {
			value = in.Value
		}
		if n := len([]rune(value)); n > in.Max || n < in.Min && n > 0 || n == 0 && in.Required {
			s.fatal("%q takes %d to %d characters, not %d", in.Label, in.Min, in.Max, n)
		}
		filled[in.CustomID] = value
	}
	for id := range values {
		if _, ok := filled[id]; !ok {
			s.fatal("the modal has no input %q", id)
		}
	}
	modal := opened.modal
	opened.modal = nil
	return p.submit(opened.channel, opened.about, modal.CustomID, filled)
}

// ForgeSubmit sends a modal that nobody opened.
func (p *Person) ForgeSubmit(c *Channel, customID string, values map[string]string) *Interaction {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.submit(c, nil, customID, values)
}

// submit tells the bot of a filled modal. The caller holds mu.
func (p *Person) submit(c *Channel, about *message, customID string, values map[string]string) *Interaction {
	rows := []any{}
	for id, value := range values {
		rows = append(rows, map[string]any{"type": rowKind, "components": []any{
			map[string]any{"type": inputKind, "custom_id": id, "value": value},
		}})
	}
	return p.s.interact(&Interaction{kind: submitKind, person: p, channel: c, about: about}, map[string]any{
		"custom_id": customID, "components": rows,
	})
}

// interact tells the bot of an interaction. The caller holds mu.
func (s *Server) interact(i *Interaction, data map[string]any) *Interaction {
	i.ID, i.s, i.sent = s.id(), s, s.now()
	i.token = base64.RawURLEncoding.EncodeToString([]byte("interaction:" + i.ID + ":" + rand.Text()))
	s.interactions[i.ID] = i
	user, c := i.person.json(), i.channel
	body := map[string]any{
		"id": i.ID, "application_id": s.bot.ID, "type": i.kind, "token": i.token, "version": 1, "data": data,
		"channel_id": c.ID, "channel": c.json(), "locale": i.person.locale, "entitlements": []any{},
		"app_permissions": strconv.FormatUint(c.permissions(), 10), "attachment_size_limit": maxUpload,
	}
	if c.guild != nil {
		member := c.guild.memberJSON(i.person, true)
		member["user"] = user
		body["member"], body["guild_id"], body["guild_locale"], body["context"] = member, c.guild.ID, "en-US", 0
		body["guild"] = map[string]any{"id": c.guild.ID, "locale": "en-US", "features": []any{}}
		body["authorizing_integration_owners"] = map[string]any{"0": c.guild.ID}
	} else {
		body["user"], body["context"] = user, 1
		body["authorizing_integration_owners"] = map[string]any{"0": "0"}
	}
	if i.about != nil {
		body["message"] = s.messageJSON(i.about, true)
	}
	s.dispatch("INTERACTION_CREATE", 0, func(int) any { return body })
	s.change()
	return i
}

// Failed reports whether the person reads that the application did not respond: it took too long.
func (i *Interaction) Failed() bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.late()
}

// late reports whether the first answer comes, or would come, too late. The caller holds mu.
func (i *Interaction) late() bool {
	return i.answered == 0 && i.s.now().Sub(i.sent) > i.s.answerWithin
}

// Callback returns the type of the first answer, zero while there is none: 4 for a message, 5 for one
// that is put off, 6 for none to be seen, 7 for a change of the message with the button, 9 for a modal.
func (i *Interaction) Callback() int {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.answered
}

// Modal returns the modal that the interaction opened, and whether it waits to be submitted.
func (i *Interaction) Modal() (Modal, bool) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	if i.modal == nil {
		return Modal{}, false
	}
	return *i.modal, true
}

// Answers returns the messages that answered the interaction, follow-ups too, oldest first, as they
// are now or were when they were deleted.
func (i *Interaction) Answers() []Message {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	var list []Message
	for _, m := range i.said {
		list = append(list, i.s.snapshot(m))
	}
	return list
}

// WaitForCallback waits for the first answer and returns its type, as Callback does.
func (i *Interaction) WaitForCallback() int {
	i.s.t.Helper()
	i.s.WaitFor(fmt.Sprintf("the first answer to interaction %s", i.ID), func() bool { return i.Callback() != 0 })
	return i.Callback()
}

// WaitForAnswer waits for the newest message that answers the interaction to be more than put off,
// and returns it.
func (i *Interaction) WaitForAnswer() Message {
	i.s.t.Helper()
	var newest Message
	i.s.WaitFor(fmt.Sprintf("the answer to interaction %s", i.ID), func() bool {
		list := i.Answers()
		if len(list) > 0 {
			newest = list[len(list)-1]
		}
		return newest.ID != "" && !newest.Thinking
	})
	return newest
}
