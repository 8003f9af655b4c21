package discordtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"deepskin/adapters/discord/discordtest"
)

// A socket is a plain gateway connection.
type socket struct {
	t  *testing.T
	ws *websocket.Conn
}

// A frame is what the gateway sends.
type frame struct {
	Op       int             `json:"op"`
	Data     json.RawMessage `json:"d"`
	Sequence int             `json:"s"`
	Type     string          `json:"t"`
}

// dial connects and reads the greeting.
func dial(t *testing.T, s *discordtest.Server) *socket {
	t.Helper()
	var gateway struct{ URL string }
	call(t, s, "GET", "/gateway/bot", "").into(t, &gateway)
	return dialURL(t, gateway.URL+"?v=10&encoding=json")
}

func dialURL(t *testing.T, url string) *socket {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatalf("connect to the gateway: %v", err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = ws.Close() })
	c := &socket{t, ws}
	if hello := c.read(); hello.Op != 10 || !strings.Contains(string(hello.Data), `"heartbeat_interval":41250`) {
		t.Fatalf("the gateway says %+v", hello)
	}
	return c
}

func (c *socket) send(op int, data string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"op":%d,"d":%s}`, op, data)); err != nil {
		c.t.Fatalf("send operation %d: %v", op, err)
	}
}

func (c *socket) read() frame {
	c.t.Helper()
	// Only a test that fails anyway waits so long.
	_ = c.ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	var f frame
	if err := c.ws.ReadJSON(&f); err != nil {
		c.t.Fatalf("read from the gateway: %v", err)
	}
	return f
}

// want reads the next event and returns what it says.
func (c *socket) want(kind string, sequence int) json.RawMessage {
	c.t.Helper()
	f := c.read()
	if f.Op != 0 || f.Type != kind || f.Sequence != sequence {
		c.t.Fatalf("the gateway sent %+v %s, want %s with number %d", f, f.Data, kind, sequence)
	}
	return f.Data
}

// code reads until the gateway closes the connection and returns why; zero where it does not say.
func (c *socket) code() int {
	c.t.Helper()
	_ = c.ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		_, _, err := c.ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
			return closed.Code
		case err != nil:
			return 0
		}
	}
}

func identify(s *discordtest.Server, intents int) string {
	return fmt.Sprintf(`{"token":%q,"intents":%d,"properties":{"os":"linux"}}`, s.Token(), intents)
}

// ready identifies and returns the session's ID and where to resume it.
func (c *socket) ready(s *discordtest.Server, intents int) (id, url string) {
	c.t.Helper()
	c.send(2, identify(s, intents))
	var ready struct {
		ID  string `json:"session_id"`
		URL string `json:"resume_gateway_url"`
	}
	if err := json.Unmarshal(c.want("READY", 1), &ready); err != nil {
		c.t.Fatal(err)
	}
	return ready.ID, ready.URL + "?v=10&encoding=json"
}

func (c *socket) resume(s *discordtest.Server, id string, sequence int) {
	c.t.Helper()
	c.send(6, fmt.Sprintf(`{"token":%q,"session_id":%q,"seq":%d}`, s.Token(), id, sequence))
}

func TestGatewayClosesOn(t *testing.T) {
	s := discordtest.New(t)
	tests := []struct {
		name string
		op   int
		data string
		code int
	}{
		{"bad token", 2, `{"token":"x","intents":0,"properties":{}}`, discordtest.CloseBadToken},
		{"no intents", 2, fmt.Sprintf(`{"token":%q,"properties":{}}`, s.Token()), discordtest.CloseDecodeError},
		{"unknown intents", 2, identify(s, 1<<30), discordtest.CloseInvalidIntents},
		{"intents that it does not have", 2, identify(s, discordtest.IntentGuildMembers), discordtest.CloseDisallowedIntents},
		{"no JSON", 2, `{`, discordtest.CloseDecodeError},
		{"too much", 1, `"` + strings.Repeat("x", 4096) + `"`, discordtest.CloseDecodeError},
		{"no session yet", 3, `{}`, discordtest.CloseNotAuthenticated},
		{"bad token to resume", 6, `{"token":"x","session_id":"x","seq":1}`, discordtest.CloseBadToken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, s)
			c.send(test.op, test.data)
			if got := c.code(); got != test.code {
				t.Errorf("closed with %d, want %d", got, test.code)
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		c := dial(t, s)
		c.ready(s, 0)
		c.send(2, identify(s, 0))
		if got := c.code(); got != discordtest.CloseAlready {
			t.Errorf("closed with %d", got)
		}
	})
	t.Run("sequence of the future", func(t *testing.T) {
		c := dial(t, s)
		id, url := c.ready(s, 0)
		c = dialURL(t, url)
		c.resume(s, id, 99)
		if got := c.code(); got != discordtest.CloseInvalidSequence {
			t.Errorf("closed with %d", got)
		}
	})
	t.Run("version", func(t *testing.T) {
		c := dialURL(t, strings.Replace(s.URL(), "http", "ws", 1)+"/gateway/?v=6&encoding=json")
		if got := c.code(); got != discordtest.CloseInvalidVersion {
			t.Errorf("closed with %d", got)
		}
	})
	s.AllowIntents(0)
	c := dial(t, s)
	c.send(2, identify(s, discordtest.IntentMessageContent))
	if got := c.code(); got != discordtest.CloseDisallowedIntents {
		t.Errorf("without the content of messages: closed with %d", got)
	}
	s.Fail(discordtest.Connect, discordtest.Fault{Status: http.StatusServiceUnavailable})
	var gateway struct{ URL string }
	call(t, s, "GET", "/gateway", "").into(t, &gateway)
	if _, resp, err := websocket.DefaultDialer.Dial(gateway.URL, nil); err == nil || resp == nil || resp.StatusCode != 503 {
		t.Errorf("a refused connection: %v", err)
	}
}

// TestIntents tells which events come, and what of messages can be read in them.
func TestIntents(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("photos")
	ann := s.AddPerson("ann")
	guild.Join(ann)
	all := discordtest.IntentGuilds | discordtest.IntentGuildMessages | discordtest.IntentDirectMessages
	reads, blind, deaf := dial(t, s), dial(t, s), dial(t, s)
	reads.ready(s, all|discordtest.IntentMessageContent)
	reads.want("GUILD_CREATE", 2)
	blind.ready(s, all)
	blind.want("GUILD_CREATE", 2)
	deaf.ready(s, 0)
	if s.Connections() != 3 || s.MaxConnections() != 3 || s.Identifies() != 3 || s.Intents() != all|discordtest.IntentMessageContent {
		t.Errorf("%d connections, %d identified, intents %b", s.Connections(), s.Identifies(), s.Intents())
	}
	file := discordtest.File{Name: "a.png", Data: photo(t, 9, 9)}
	posted := call(t, s, "POST", "/channels/"+room.ID+"/messages", `{"content":"own"}`)
	sent := []struct {
		name    string
		message discordtest.Message
		hidden  bool
	}{
		{"the bot's own", s.Message(posted.ID), false},
		{"in a guild", ann.Send(room, "text", file), true},
		{"that mentions the bot", ann.Send(room, "text <@"+s.BotID()+">", file), false},
		{"that answers the bot", ann.Reply(s.Message(posted.ID), "text", file), false},
		{"direct", ann.Send(ann.DM(), "text", file), false},
	}
	for i, m := range sent {
		for _, c := range []*socket{reads, blind} {
			var got struct {
				ID, Content string
				Attachments []any
				GuildID     string `json:"guild_id"`
				Author      struct{ ID string }
				Member      *struct{ Roles []string }
			}
			if err := json.Unmarshal(c.want("MESSAGE_CREATE", i+3), &got); err != nil {
				t.Fatal(err)
			}
			direct := m.message.Channel != room.ID
			if got.ID != m.message.ID || got.Author.ID != m.message.Author || direct != (got.GuildID == "") || direct != (got.Member == nil) {
				t.Errorf("a message %s came as %+v", m.name, got)
			}
			content := ""
			if c == reads || !m.hidden {
				content = m.message.Content
			}
			if got.Content != content || len(got.Attachments) != 0 != (len(m.message.Attachments) != 0 && content != "") {
				t.Errorf("a message %s reads %q with %d files", m.name, got.Content, len(got.Attachments))
			}
		}
	}
	ann.Edit(sent[1].message, "other")
	ann.Delete(sent[1].message)
	room.Rename("pictures")
	room.Remove()
	guild.RemoveBot()
	for i, kind := range []string{"MESSAGE_UPDATE", "MESSAGE_DELETE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "GUILD_DELETE"} {
		blind.want(kind, i+8)
	}
	// Nobody has to ask for interactions, and nothing else came before.
	register(t, s, `[{"name":"help","description":"Help"}]`)
	ann.Run(ann.DM(), "help")
	deaf.want("INTERACTION_CREATE", 2)
}

// TestResume loses a connection, and gets all that was missed.
func TestResume(t *testing.T) {
	s := discordtest.New(t)
	ann := s.AddPerson("ann")
	c := dial(t, s)
	id, url := c.ready(s, discordtest.IntentDirectMessages)
	c.send(1, "1")
	if f := c.read(); f.Op != 11 {
		t.Errorf("a heartbeat was answered with %+v", f)
	}
	ann.Send(ann.DM(), "one")
	c.want("MESSAGE_CREATE", 2)
	s.Drop()
	if got := c.code(); got != 0 {
		t.Errorf("closed with %d", got)
	}
	ann.Send(ann.DM(), "two")
	ann.Send(ann.DM(), "three")
	c = dialURL(t, url)
	c.resume(s, id, 2)
	for i, text := range []string{"two", "three"} {
		if got := c.want("MESSAGE_CREATE", i+3); !strings.Contains(string(got), text) {
			t.Errorf("message %d is %s", i, got)
		}
	}
	c.want("RESUMED", 5)
	if s.Resumes() != 1 || s.Connections() != 1 || s.MaxConnections() != 1 {
		t.Errorf("%d resumed, %d connected", s.Resumes(), s.Connections())
	}

	s.Reconnect()
	if f := c.read(); f.Op != 7 {
		t.Errorf("asked to reconnect by %+v", f)
	}
	s.CloseGateway(discordtest.CloseUnknownError)
	if got := c.code(); got != discordtest.CloseUnknownError {
		t.Errorf("closed with %d", got)
	}
	c = dialURL(t, url)
	c.resume(s, id, 5)
	c.want("RESUMED", 6)

	// Who leaves in order is forgotten.
	if err := c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")); err != nil {
		t.Fatal(err)
	}
	c.code()
	s.WaitFor("the end of the connection", func() bool { return s.Connections() == 0 })
	c = dialURL(t, url)
	c.resume(s, id, 6)
	if f := c.read(); f.Op != 9 || string(f.Data) != "false" {
		t.Errorf("a forgotten session was answered with %+v", f)
	}
	// The same connection will do to begin anew.
	c.ready(s, discordtest.IntentDirectMessages)
	s.ForgetSessions()
	if f := c.read(); f.Op != 9 {
		t.Errorf("the end of the session was told by %+v", f)
	}
}

// TestGreetings does to a bot what makes libraries stumble.
func TestGreetings(t *testing.T) {
	s := discordtest.New(t)
	s.Greet(discordtest.AskToReconnect, discordtest.AskToIdentify, discordtest.HangUp, discordtest.Silence)
	for _, op := range []int{7, 9} {
		c := dial(t, s)
		c.send(2, identify(s, 0))
		if f := c.read(); f.Op != op || s.Connections() != 0 {
			t.Errorf("greeted with %+v, want operation %d", f, op)
		}
	}
	c := dial(t, s)
	c.send(2, identify(s, 0))
	if got := c.code(); got != 0 {
		t.Errorf("closed with %d, want no word", got)
	}
	c = dial(t, s)
	c.send(2, identify(s, 0))
	c.send(1, "null")
	if f := c.read(); f.Op != 11 {
		t.Errorf("after a silent greeting came %+v", f)
	}
	dial(t, s).ready(s, 0)
}

// TestFreeze has a connection that is dead without being closed; what is missed can be had later.
func TestFreeze(t *testing.T) {
	s := discordtest.New(t)
	ann := s.AddPerson("ann")
	c := dial(t, s)
	id, url := c.ready(s, discordtest.IntentDirectMessages)
	s.Freeze()
	c.send(1, "1")
	ann.Send(ann.DM(), "one")
	if s.Connections() != 0 {
		t.Error("a frozen connection counts")
	}
	again := dialURL(t, url)
	again.resume(s, id, 1)
	again.want("MESSAGE_CREATE", 2)
	again.want("RESUMED", 3)
	if err := c.ws.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	var f frame
	if err := c.ws.ReadJSON(&f); err == nil {
		t.Errorf("the frozen connection said %+v", f)
	}
}

// TestEventFaults has events come in another order, twice, and from nowhere.
func TestEventFaults(t *testing.T) {
	s := discordtest.New(t)
	ann := s.AddPerson("ann")
	c := dial(t, s)
	c.ready(s, discordtest.IntentDirectMessages)
	next := func(sequence int) string {
		t.Helper()
		var m struct{ Content string }
		if err := json.Unmarshal(c.want("MESSAGE_CREATE", sequence), &m); err != nil {
			t.Fatal(err)
		}
		return m.Content
	}
	s.SwapNext()
	ann.Send(ann.DM(), "one")
	ann.Send(ann.DM(), "two")
	same(t, "swapped", []string{next(2), next(3)}, []string{"two", "one"})
	s.DeliverTwice(true)
	ann.Send(ann.DM(), "three")
	s.DeliverTwice(false)
	ann.Send(ann.DM(), "four")
	same(t, "twice", []string{next(4), next(5), next(6)}, []string{"three", "three", "four"})
	s.SendEvent("MESSAGE_CREATE", `{"content":"five"}`)
	same(t, "made up", []string{next(7)}, []string{"five"})
}
