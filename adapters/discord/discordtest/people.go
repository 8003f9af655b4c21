package discordtest

import (
	"slices"
)

// A Person uses Discord. The bot is one too, but only the server plays it.
type Person struct {
	ID, Name string

	s      *Server
	locale string
	dm     *Channel
	// needsGuild says that the bot can write to them only while they share a guild. Whoever was never
	// in one has installed the application for themselves.
	needsGuild bool
	closed     bool
}

// AddPerson makes an account, whose language is "en-US".
func (s *Server) AddPerson(name string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Person{ID: s.id(), Name: name, s: s, locale: "en-US"}
	s.people[p.ID] = p
	return p
}

// SetLocale sets the language of the person's Discord, one of Discord's: "fr" say.
func (p *Person) SetLocale(locale string) {
	p.s.t.Helper()
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if !slices.Contains(locales, locale) {
		p.s.fatal("Discord has no language %q", locale)
	}
	p.locale = locale
}

// CloseDM lets the person take no direct messages of the bot any more.
func (p *Person) CloseDM() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.closed = true
}

// Leave lets the person leave a guild.
func (p *Person) Leave(g *Guild) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	delete(g.members, p)
}

// reachable reports whether the bot can write to the person. The caller holds mu.
func (p *Person) reachable() bool {
	shared := slices.ContainsFunc(p.s.guilds, func(g *Guild) bool {
		_, member := g.members[p]
		return member && g.hasBot
	})
	return !p.closed && (shared || !p.needsGuild)
}

// json returns the user as the API has it.
func (p *Person) json() map[string]any {
	return map[string]any{
		"id": p.ID, "username": p.Name, "global_name": p.Name, "discriminator": "0", "avatar": nil,
		"bot": p == p.s.bot, "public_flags": 0,
	}
}

// DM returns the direct messages between the person and the bot.
func (p *Person) DM() *Channel {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.openDM()
}

// openDM is DM. The caller holds mu.
func (p *Person) openDM() *Channel {
	if p.dm == nil {
		p.dm = &Channel{ID: p.s.id(), s: p.s, person: p}
		p.s.channels[p.dm.ID] = p.dm
	}
	return p.dm
}

// enter ends the test where the person cannot see a channel. The caller holds mu.
func (p *Person) enter(c *Channel) {
	p.s.t.Helper()
	if c.removed || !c.seenBy(p) {
		p.s.fatal("%s cannot see that channel", p.Name)
	}
}

// Send writes a message with files, if any.
func (p *Person) Send(c *Channel, text string, files ...File) Message {
	p.s.t.Helper()
	return p.send(c, "", text, files)
}

// Reply answers a message, whose author it mentions.
func (p *Person) Reply(to Message, text string, files ...File) Message {
	p.s.t.Helper()
	p.s.mu.Lock()
	c := p.s.channels[to.Channel]
	p.s.mu.Unlock()
	return p.send(c, to.ID, text, files)
}

func (p *Person) send(c *Channel, answers, text string, files []File) Message {
	s := p.s
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.enter(c)
	m := &message{channel: c, author: p, content: text, reference: answers}
	m.files = s.attachAll("attachments/"+c.ID, files)
	m.pings = s.pings(&problems{}, payload{}, m)
	s.add(m)
	return s.snapshot(m)
}

// Edit changes the text of a message of the person.
func (p *Person) Edit(at Message, text string) {
	s := p.s
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := p.own(at)
	m.content = text
	m.edits++
	s.rewritten(m)
}

// Delete deletes a message of the person, with its files.
func (p *Person) Delete(at Message) {
	p.s.t.Helper()
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.remove(p.own(at))
}

// own returns a message that is the person's to change. The caller holds mu.
func (p *Person) own(at Message) *message {
	p.s.t.Helper()
	m := p.s.messages[at.ID]
	if m == nil || m.author != p || m.deleted {
		p.s.fatal("%s has no such message", p.Name)
	}
	return m
}

// Remove deletes any message, as a moderator can.
func (s *Server) Remove(at Message) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[at.ID]
	if m == nil || m.deleted {
		s.fatal("there is no such message")
	}
	s.remove(m)
}

func (s *Server) getUser(r *request) (any, *refusal) {
	id := r.param("user")
	if id == "@me" {
		return s.bot.json(), nil
	}
	p, ok := s.people[id]
	if !ok {
		return nil, unknownUser
	}
	return p.json(), nil
}

func (s *Server) createDM(r *request) (any, *refusal) {
	var form struct {
		Recipient snowflake `json:"recipient_id"`
	}
	if refused := r.decode(&form); refused != nil {
		return nil, refused
	}
	p, ok := s.people[string(form.Recipient)]
	if !ok || p == s.bot {
		return nil, invalidRecipient
	}
	return p.openDM().json(), nil
}

func (s *Server) getApplication(*request) (any, *refusal) {
	return map[string]any{
		"id": s.bot.ID, "name": s.bot.Name, "icon": nil, "description": "", "bot_public": true,
		"bot_require_code_grant": false, "verify_key": "", "team": nil, "flags": s.applicationFlags(), "bot": s.bot.json(),
	}, nil
}
