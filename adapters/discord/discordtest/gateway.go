package discordtest

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	gatewayPath = "/gateway/"
	resumePath  = "/resume/"
)

// The operations of the gateway.
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opResume         = 6
	opReconnect      = 7
	opMembers        = 8
	opInvalidSession = 9
	opHello          = 10
	opACK            = 11
)

// Codes with which the gateway closes a connection.
const (
	CloseUnknownError      = 4000
	CloseUnknownOp         = 4001
	CloseDecodeError       = 4002
	CloseNotAuthenticated  = 4003
	CloseBadToken          = 4004
	CloseAlready           = 4005
	CloseInvalidSequence   = 4007
	CloseSessionTimedOut   = 4009
	CloseInvalidVersion    = 4012
	CloseInvalidIntents    = 4013
	CloseDisallowedIntents = 4014
)

// gateway is the state of all connections and sessions.
type gateway struct {
	links    []*link
	sessions map[string]*session
	allowed  int // intents
	interval time.Duration
	greeting []Greeting
	twice    bool

	identifies, resumes, most int
}

func newGateway() gateway {
	return gateway{
		sessions: map[string]*session{},
		allowed:  validIntents &^ (IntentGuildMembers | IntentGuildPresences),
		interval: 41250 * time.Millisecond,
	}
}

// A link is one gateway connection.
type link struct {
	ws      *websocket.Conn
	session *session // nil before there is one
	queue   []frame
	wake    chan struct{}
	// frozen says that the server neither listens nor speaks, but does not hang up either.
	frozen bool
	// closed says that the server has said its last word, and waits for the bot to hang up.
	closed bool
}

// A frame is what the server sends: a payload, or the end of the connection with a code.
type frame struct {
	payload any
	code    int
}

// A payload of the gateway.
type gatewayPayload struct {
	Op       int     `json:"op"`
	Data     any     `json:"d"`
	Sequence *int    `json:"s"`
	Type     *string `json:"t"`
}

// send queues a frame. The caller holds mu.
func (l *link) send(f frame) {
	if l.frozen || l.closed {
		return
	}
	l.queue = append(l.queue, f)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// op queues an operation. The caller holds mu.
func (l *link) op(op int, data any) { l.send(frame{payload: gatewayPayload{Op: op, Data: data}}) }

// close queues the end of the connection, whose session waits for another one. The caller holds mu.
func (l *link) close(code int) {
	l.send(frame{code: code})
	l.closed = !l.frozen
	if l.closed && l.session != nil && l.session.link == l {
		l.session.link = nil
	}
}

// cut ends the connection without a word.
func (l *link) cut() { _ = l.ws.NetConn().Close() }

func (s *Server) getGateway(*request) (any, *refusal) {
	return map[string]any{"url": s.socketURL(gatewayPath)}, nil
}

func (s *Server) getGatewayBot(*request) (any, *refusal) {
	return map[string]any{
		"url": s.socketURL(gatewayPath), "shards": 1,
		"session_start_limit": map[string]any{"total": 1000, "remaining": 1000 - s.gateway.identifies, "reset_after": 0, "max_concurrency": 1},
	}, nil
}

func (s *Server) socketURL(path string) string {
	return strings.Replace(s.http.URL, "http://", "ws://", 1) + path
}

// connect opens a gateway connection. It counts as a call of Connect.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	if s.fail(w, r, s.count(Connect)) {
		return
	}
	upgrader := websocket.Upgrader{}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	l := &link{ws: ws, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	select {
	case <-s.done:
		s.mu.Unlock()
		l.cut()
		return
	default:
	}
	interval := s.gateway.interval
	s.gateway.links = append(s.gateway.links, l)
	s.links.Add(2)
	l.op(opHello, map[string]any{"heartbeat_interval": interval.Milliseconds()})
	if q := r.URL.Query(); q.Get("encoding") != "json" || q.Get("v") != "9" && q.Get("v") != "10" {
		l.close(CloseInvalidVersion)
	}
	s.change()
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer s.links.Done()
		s.write(l, ended)
	}()
	defer s.links.Done()
	s.read(l, interval)
	close(ended)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.links = slices.DeleteFunc(s.gateway.links, func(other *link) bool { return other == l })
	s.change()
}

// write sends what is queued, until the connection ends.
func (s *Server) write(l *link, ended <-chan struct{}) {
	for {
		s.mu.Lock()
		queue := l.queue
		l.queue = nil
		s.mu.Unlock()
		for _, f := range queue {
			if f.code != 0 {
				_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(f.code, ""), time.Now().Add(time.Second))
				// To hang up while the bot still sends could destroy the code on its way.
				_ = l.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
				return
			}
			if err := l.ws.WriteJSON(f.payload); err != nil {
				return
			}
		}
		select {
		case <-l.wake:
		case <-ended:
			return
		}
	}
}

// maxPayload is how much the bot may send at once, in bytes.
const maxPayload = 4096

// read obeys the bot until the connection ends, or the bot has not sent a heartbeat for too long.
func (s *Server) read(l *link, interval time.Duration) {
	defer func() { _ = l.ws.Close() }()
	// Discord allows for slow networks, and here for slow machines.
	patience := 2*interval + 10*time.Second
	_ = l.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		_, data, err := l.ws.ReadMessage()
		if err != nil {
			s.ended(l, err)
			return
		}
		var in struct {
			Op   *int            `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		s.mu.Lock()
		switch err := json.Unmarshal(data, &in); {
		case l.frozen || l.closed:
		case err != nil || in.Op == nil || len(data) > maxPayload:
			l.close(CloseDecodeError)
		default:
			if *in.Op == opHeartbeat {
				_ = l.ws.SetReadDeadline(time.Now().Add(patience))
			}
			s.obey(l, *in.Op, in.Data)
		}
		s.mu.Unlock()
	}
}

// ended notes how a connection ended. A bot that closes it in order wants its session no more.
func (s *Server) ended(l *link, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		// Not queued: the connection ends before the queue is looked at.
		_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(CloseSessionTimedOut, ""), time.Now().Add(time.Second))
	}
	if l.session == nil || l.session.link != l {
		return
	}
	l.session.link = nil
	if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
		delete(s.gateway.sessions, l.session.id)
	}
}

// obey does what the bot asks for. The caller holds mu.
func (s *Server) obey(l *link, op int, data json.RawMessage) {
	switch {
	case op == opHeartbeat:
		l.op(opACK, nil)
	case op == opIdentify && l.session != nil:
		l.close(CloseAlready)
	case op == opIdentify:
		s.identify(l, data)
	case op == opResume:
		s.resume(l, data)
	case l.session == nil:
		l.close(CloseNotAuthenticated)
	case op != opPresence && op != opMembers:
		l.close(CloseUnknownOp)
	}
}
