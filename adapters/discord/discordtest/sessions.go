package discordtest

import (
	"crypto/rand"
	"encoding/json"
	"slices"
)

// Intents say of what the bot wants to hear, as bits.
// https://discord.com/developers/docs/events/gateway#gateway-intents
const (
	IntentGuilds         = 1 << 0
	IntentGuildMembers   = 1 << 1
	IntentGuildPresences = 1 << 8
	IntentGuildMessages  = 1 << 9
	IntentDirectMessages = 1 << 12
	IntentMessageContent = 1 << 15

	// validIntents are all that Discord knows: 0 to 16, 20, 21, 24 and 25.
	validIntents = 1<<17 - 1 | 3<<20 | 3<<24
	privileged   = IntentGuildMembers | IntentGuildPresences | IntentMessageContent
)

// A session is what lasts over several connections.
type session struct {
	id      string
	link    *link // nil while there is no connection
	intents int
	// events are all since the session began; the first has sequence number 1.
	events []event
	// swap says that the next event is to come after the one that follows it; late is that event
	// while it waits.
	swap bool
	late *event
}

type event struct {
	kind string
	data json.RawMessage
}

// payload returns the event with a sequence number as the gateway sends it.
func (e event) payload(number int) gatewayPayload {
	return gatewayPayload{Op: opDispatch, Data: e.data, Sequence: &number, Type: &e.kind}
}

// add gives an event to a session, and sends it where there is a connection. The caller holds mu.
func (n *session) add(e event) {
	n.events = append(n.events, e)
	if n.link != nil {
		n.link.send(frame{payload: e.payload(len(n.events))})
	}
}

// dispatch makes an event, for all sessions that want to hear of it: zero is an intent that all have.
// What it says may depend on a session's intents. The caller holds mu.
func (s *Server) dispatch(kind string, intent int, body func(intents int) any) {
	for _, n := range s.gateway.sessions {
		if intent != 0 && n.intents&intent == 0 {
			continue
		}
		data, err := json.Marshal(body(n.intents))
		if err != nil {
			panic(err) // made of nothing but maps and strings
		}
		s.deliver(n, event{kind, data})
	}
}

// deliver gives an event to a session, twice or later where the test wants it so. The caller holds
// mu.
func (s *Server) deliver(n *session, e event) {
	if n.swap {
		n.swap, n.late = false, &e
		return
	}
	n.add(e)
	if s.gateway.twice {
		n.add(e)
	}
	if n.late != nil {
		n.add(*n.late)
		n.late = nil
	}
}

// identify begins a session. The caller holds mu.
func (s *Server) identify(l *link, data json.RawMessage) {
	var in struct {
		Token      string            `json:"token"`
		Intents    *int              `json:"intents"`
		Properties map[string]string `json:"properties"`
	}
	g := &s.gateway
	g.identifies++
	s.change()
	switch err := json.Unmarshal(data, &in); {
	case err != nil || in.Intents == nil || in.Properties == nil:
		l.close(CloseDecodeError)
		return
	// Libraries write the token with or without the word that the REST API wants.
	case in.Token != s.token && in.Token != "Bot "+s.token:
		l.close(CloseBadToken)
		return
	case *in.Intents&^validIntents != 0:
		l.close(CloseInvalidIntents)
		return
	case *in.Intents&privileged&^g.allowed != 0:
		l.close(CloseDisallowedIntents)
		return
	case !s.greet(l):
		return
	}
	n := &session{id: rand.Text(), link: l, intents: *in.Intents}
	g.sessions[n.id] = n
	s.enter(l, n)
	n.add(s.event("READY", s.readyJSON(n)))
	for _, guild := range s.guilds {
		if guild.hasBot && n.intents&IntentGuilds != 0 {
			n.add(s.event("GUILD_CREATE", guild.createJSON()))
		}
	}
}

// enter joins a connection and a session. The caller holds mu.
func (s *Server) enter(l *link, n *session) {
	l.session = n
	open := 0
	for _, n := range s.gateway.sessions {
		if n.link != nil {
			open++
		}
	}
	s.gateway.most = max(s.gateway.most, open)
}

func (s *Server) event(kind string, body any) event {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // made of nothing but maps and strings
	}
	return event{kind, data}
}

// readyJSON is the first event of a session. The caller holds mu.
func (s *Server) readyJSON(n *session) map[string]any {
	guilds := []any{}
	for _, g := range s.guilds {
		if g.hasBot {
			guilds = append(guilds, map[string]any{"id": g.ID, "unavailable": true})
		}
	}
	return map[string]any{
		"v": 9, "user": s.bot.json(), "guilds": guilds, "session_id": n.id, "resume_gateway_url": s.socketURL(resumePath),
		"session_type": "normal", "shard": []int{0, 1}, "private_channels": []any{}, "relationships": []any{},
		"application": map[string]any{"id": s.bot.ID, "flags": s.applicationFlags()},
	}
}

// applicationFlags say which privileged intents the application has. The caller holds mu.
func (s *Server) applicationFlags() int {
	flags := 0
	for intent, flag := range map[int]int{IntentGuildPresences: 1 << 13, IntentGuildMembers: 1 << 15, IntentMessageContent: 1 << 19} {
		if s.gateway.allowed&intent != 0 {
			flags |= flag
		}
	}
	return flags
}

// resume goes on with a session: all events come that the bot has not seen. The caller holds mu.
func (s *Server) resume(l *link, data json.RawMessage) {
	var in struct {
		Token    string `json:"token"`
		Session  string `json:"session_id"`
		Sequence int    `json:"seq"`
	}
	s.gateway.resumes++
	s.change()
	if err := json.Unmarshal(data, &in); err != nil {
		l.close(CloseDecodeError)
		return
	}
	n, ok := s.gateway.sessions[in.Session]
	switch {
	case in.Token != s.token && in.Token != "Bot "+s.token:
		l.close(CloseBadToken)
		return
	case !s.greet(l):
		return
	case !ok:
		l.op(opInvalidSession, false)
		return
	case in.Sequence < 0 || in.Sequence > len(n.events):
		l.close(CloseInvalidSequence)
		return
	}
	if n.link != nil && n.link != l {
		n.link.close(CloseUnknownError)
	}
	n.link = l
	s.enter(l, n)
	for i, missed := range slices.Clone(n.events[in.Sequence:]) {
		l.send(frame{payload: missed.payload(in.Sequence + i + 1)})
	}
	n.add(s.event("RESUMED", map[string]any{}))
}
