package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"deepskin/adapters/internal/remote"
)

// Operations of the gateway.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opACK            = 11
)

// Codes with which Discord closes a connection. After the first ones the session is gone as well; the
// others are for an operator to mend.
var (
	sessionOver = []int{4007, 4009}
	misset      = []int{4010, 4011, 4012, 4013}
)

// maxBeat is the longest interval between heartbeats that makes sense, in milliseconds: Discord's is 41,250.
const maxBeat = 10 * 60 * 1000

const (
	closedForToken  = 4004
	closedForIntent = 4014
)

// maxEvent bounds what Discord may send at once, in bytes.
const maxEvent = 8 << 20

// How a connection ends, other than by failing.
var (
	errReconnect      = errors.New("discord asks to reconnect")
	errInvalidSession = errors.New("discord does not know the session any more")
)

// A closeError is the code with which Discord closed a connection.
type closeError int

func (e closeError) Error() string {
	return fmt.Sprintf("discord closed the gateway with code %d", int(e))
}

// A gateway takes events from Discord, over as many connections as that takes. What came while there
// was none comes as soon as there is one again, unless Discord has given the session up.
type gateway struct {
	adapter *Adapter
	dialer  websocket.Dialer
	// event gets each event, in order. It must not block.
	event func(kind string, data json.RawMessage)
	// begun is called when a session begins, before its events; what came before it may be lost.
	begun func()

	// The session, empty where there is none. Only one connection at a time uses it.
	session  string
	resumeAt string // the URL
	sequence int64
	// welcome says that the last connection came about.
	welcome bool
}

// A frame is what goes over the gateway, both ways.
type frame struct {
	Op       int             `json:"op"`
	Data     json.RawMessage `json:"d"`
	Sequence int64           `json:"s,omitempty"`
	Type     string          `json:"t,omitempty"`
}

// run takes events until ctx ends, and returns nil then. It returns an error only where an operator
// has to mend something.
func (g *gateway) run(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; failures++ {
		g.welcome = false
		err := g.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if g.welcome {
			failures = 0
		}
		var closed closeError
		switch {
		case errors.As(err, &closed) && closed == closedForToken, errors.Is(err, ErrToken):
			return fmt.Errorf("connect to the gateway: %w", ErrToken)
		case closed == closedForIntent:
			return fmt.Errorf("connect to the gateway: %w", ErrIntent)
		case slices.Contains(misset, int(closed)):
			return fmt.Errorf("connect to the gateway: %w", closed)
		case slices.Contains(sessionOver, int(closed)), errors.Is(err, errInvalidSession):
			g.session, g.sequence = "", 0
			failures = max(failures, 2) // Discord wants a pause before a new session
		case failures > 2:
			g.resumeAt = "" // perhaps it is that host that cannot be reached
		}
		wait := g.adapter.pauses.After(failures)
		g.adapter.config.Logger.WarnContext(ctx, "the gateway is connected again", "error", err, "wait", wait)
		if remote.Sleep(ctx, wait) != nil {
			return nil
		}
	}
	return nil
}

// connect opens a connection and takes events from it until it ends, which is always an error.
func (g *gateway) connect(ctx context.Context) error {
	at, err := g.address(ctx)
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, g.adapter.config.CallTimeout)
	defer cancel()
	ws, resp, err := g.dialer.DialContext(opening, at, nil)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return fmt.Errorf("discord gateway: open a connection: %w", remote.WithoutURL(err))
	}
	ws.SetReadLimit(maxEvent)
	l := &link{ws: ws, ended: make(chan struct{}), sequence: g.sequence}
	var hearts sync.WaitGroup
	defer hearts.Wait()
	defer l.end()
	// In order only where the conversation ends: to Discord that means that the session is over.
	stop := context.AfterFunc(ctx, l.bye)
	defer stop()

	_ = ws.SetReadDeadline(time.Now().Add(g.adapter.config.CallTimeout))
	hello, err := l.read()
	if err != nil {
		return err
	}
	var beat struct {
		Millis int64 `json:"heartbeat_interval"`
	}
	if hello.Op != opHello || json.Unmarshal(hello.Data, &beat) != nil || beat.Millis <= 0 || beat.Millis > maxBeat {
		return errors.New("discord gateway: it does not say hello")
	}
	interval := time.Duration(beat.Millis) * time.Millisecond
	if err := g.introduce(l); err != nil {
		return err
	}
	hearts.Go(func() { l.beat(interval) })
	for {
		f, err := l.read()
		if err != nil {
			return err
		}
		if err := g.obey(l, f, interval); err != nil {
			return err
		}
	}
}

// address returns the URL to connect to.
func (g *gateway) address(ctx context.Context) (string, error) {
	at := g.resumeAt
	if g.session == "" || at == "" {
		var answer struct {
			URL string `json:"url"`
		}
		err := g.adapter.attempt(ctx, call{method: http.MethodGet, route: "gateway", url: discordgo.EndpointGateway, result: &answer})
		if err != nil {
			return "", err
		}
		at = answer.URL
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return "", errors.New("discord gateway: the answer has no URL")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = url.Values{"v": {discordgo.APIVersion}, "encoding": {"json"}}.Encode()
	return u.String(), nil
}

// introduce says who we are: anew, or who comes back for the rest of a session.
func (g *gateway) introduce(l *link) error {
	if g.session != "" {
		return l.send(opResume, map[string]any{
			"token": g.adapter.config.Token, "session_id": g.session, "seq": g.sequence,
		})
	}
	return l.send(opIdentify, map[string]any{
		"token": g.adapter.config.Token, "intents": g.adapter.intents(),
		"properties": map[string]string{"os": runtime.GOOS, "browser": "deepskin", "device": "deepskin"},
	})
}

// obey does what a frame asks for. An error ends the connection.
func (g *gateway) obey(l *link, f frame, interval time.Duration) error {
	switch f.Op {
	case opDispatch:
		return g.dispatch(l, f, interval)
	case opHeartbeat:
		return l.send(opHeartbeat, l.last())
	case opACK:
		if g.welcome {
			l.patience(interval)
		}
	case opReconnect:
		return errReconnect
	case opInvalidSession:
		var resumable bool
		_ = json.Unmarshal(f.Data, &resumable)
		if resumable {
			return errReconnect
		}
		return errInvalidSession
	}
	return nil
}

func (g *gateway) dispatch(l *link, f frame, interval time.Duration) error {
	g.sequence = f.Sequence
	l.note(f.Sequence)
	switch f.Type {
	case "READY":
		var ready struct {
			Session  string `json:"session_id"`
			ResumeAt string `json:"resume_gateway_url"`
		}
		if err := json.Unmarshal(f.Data, &ready); err != nil || ready.Session == "" {
			return errors.New("discord gateway: a session has no ID")
		}
		g.session, g.resumeAt = ready.Session, ready.ResumeAt
		g.welcomed(l, interval)
		g.begun()
	case "RESUMED":
		g.welcomed(l, interval)
	default:
		g.event(f.Type, f.Data)
	}
	return nil
}

// welcomed notes that the connection came about: from now on it lives by its heartbeats.
func (g *gateway) welcomed(l *link, interval time.Duration) {
	g.welcome = true
	l.patience(interval)
	g.adapter.config.Logger.Info("the gateway is connected")
}

// A link is one connection.
type link struct {
	ws    *websocket.Conn
	ended chan struct{}
	once  sync.Once

	mu       sync.Mutex // of writing
	sequence int64
}

// read returns the next frame.
func (l *link) read() (frame, error) {
	_, data, err := l.ws.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return frame{}, closeError(closed.Code) // its text is Discord's
	case err != nil:
		return frame{}, fmt.Errorf("discord gateway: read: %w", err)
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		return frame{}, fmt.Errorf("discord gateway: a frame has an unexpected form: %T", err)
	}
	return f, nil
}

// send writes a frame.
func (l *link) send(op int, data any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if err := l.ws.WriteJSON(map[string]any{"op": op, "d": data}); err != nil {
		return fmt.Errorf("discord gateway: write: %w", err)
	}
	return nil
}

// patience gives Discord time to acknowledge one more heartbeat, and some for slow machines. A
// connection that says nothing for longer is dead, whatever the network thinks.
func (l *link) patience(interval time.Duration) {
	_ = l.ws.SetReadDeadline(time.Now().Add(2*interval + time.Second))
}

// beat sends heartbeats until the connection ends. The first comes at a random moment, so that not all
// bots beat at once after Discord was down.
func (l *link) beat(interval time.Duration) {
	wait := rand.N(interval)
	for {
		select {
		case <-l.ended:
			return
		case <-time.After(wait):
		}
		if l.send(opHeartbeat, l.last()) != nil {
			l.end() // reading ends with it
			return
		}
		wait = interval
	}
}

// last is the number of the last event, as a heartbeat has it.
func (l *link) last() any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sequence == 0 {
		return nil
	}
	return l.sequence
}

func (l *link) note(sequence int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence = sequence
}

// bye ends the connection in order, and with it the session.
func (l *link) bye() {
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(time.Second))
	l.end()
}

// end ends the connection without a word, so that the session can go on over another one.
func (l *link) end() {
	l.once.Do(func() {
		close(l.ended)
		_ = l.ws.Close()
	})
}
