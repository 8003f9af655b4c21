package discordtest

import (
	"encoding/json"
	"time"
)

// A Greeting is what a bot gets that identifies itself or resumes.
type Greeting int

const (
	// Welcome is READY, or all missed events and RESUMED, as it should be.
	Welcome Greeting = iota
	// AskToReconnect is operation 7 in place of a welcome.
	AskToReconnect
	// AskToIdentify is operation 9 in place of a welcome: the session is not known.
	AskToIdentify
	// Silence is no welcome at all.
	Silence
	// HangUp ends the connection without a word.
	HangUp
)

// Greet sets how the next bots are greeted; later ones are welcome.
func (s *Server) Greet(next ...Greeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.greeting = next
}

// greet greets a bot and reports whether it is welcome. The caller holds mu.
func (s *Server) greet(l *link) bool {
	g := &s.gateway
	if len(g.greeting) == 0 {
		return true
	}
	greeting := g.greeting[0]
	g.greeting = g.greeting[1:]
	switch greeting {
	case AskToReconnect:
		l.op(opReconnect, nil)
	case AskToIdentify:
		l.op(opInvalidSession, false)
	case HangUp:
		l.cut()
	case Welcome, Silence:
	}
	return greeting == Welcome
}

// Connections returns how many bots are connected and welcome, for each session one.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, l := range s.gateway.links {
		if l.session != nil && l.session.link == l && !l.frozen {
			n++
		}
	}
	return n
}

// MaxConnections returns how many there ever were at the same time.
func (s *Server) MaxConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.most
}

// WaitForConnection waits until a bot is connected and welcome.
func (s *Server) WaitForConnection() {
	s.t.Helper()
	s.WaitFor("the bot to connect to the gateway", func() bool { return s.Connections() > 0 })
}

// Identifies returns how often a bot identified itself, in vain too.
func (s *Server) Identifies() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.identifies
}

// Resumes returns how often a bot tried to go on with a session, in vain too.
func (s *Server) Resumes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.resumes
}

// Intents returns what the bots that have a session asked for, all of them together.
func (s *Server) Intents() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.gateway.sessions {
		all |= n.intents
	}
	return all
}

// AllowIntents sets which of the privileged intents the application has: that for the content of
// messages at first. Who asks for others is turned away with CloseDisallowedIntents.
func (s *Server) AllowIntents(intents int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.allowed = validIntents&^privileged | intents
}

// SetHeartbeat sets how often bots that connect from now on are to send a heartbeat: every 41.25 s
// at first.
func (s *Server) SetHeartbeat(interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.interval = interval
}

// each does something with every connection that there is.
func (s *Server) each(do func(*link)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.gateway.links {
		do(l)
	}
	s.change()
}

// Drop cuts all gateway connections without a word. Their sessions can be resumed.
func (s *Server) Drop() { s.each((*link).cut) }

// CloseGateway closes all gateway connections with a code. Their sessions can be resumed.
func (s *Server) CloseGateway(code int) { s.each(func(l *link) { l.close(code) }) }

// Reconnect asks all bots to reconnect and to resume.
func (s *Server) Reconnect() { s.each(func(l *link) { l.op(opReconnect, nil) }) }

// Freeze lets all gateway connections go on without a word: no heartbeat is acknowledged and no event
// comes. New connections are well.
func (s *Server) Freeze() { s.each(func(l *link) { l.frozen = true }) }

// ForgetSessions makes an end of all sessions, so that none can be resumed, and tells the bots which
// are connected, by operation 9.
func (s *Server) ForgetSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.gateway.sessions {
		if n.link != nil {
			n.link.session = nil
			n.link.op(opInvalidSession, false)
		}
	}
	clear(s.gateway.sessions)
	s.change()
}

// DeliverTwice lets each event come twice from now on, or no more.
func (s *Server) DeliverTwice(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.twice = on
}

// SwapNext lets the next event of each session come after the one that follows it.
func (s *Server) SwapNext() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.gateway.sessions {
		n.swap = true
	}
}

// SendEvent sends an event of any content to all sessions, such as Discord might think of one day:
// kind is its name, "MESSAGE_CREATE" say, and body its JSON.
func (s *Server) SendEvent(kind, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch(kind, 0, func(int) any { return json.RawMessage(body) })
}
