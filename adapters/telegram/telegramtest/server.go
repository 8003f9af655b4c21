// Package telegramtest is a fake of Telegram's Bot API for tests, written from Telegram's
// documentation and strict where Telegram is strict.
//
// It speaks real HTTP on the loopback interface, so that the bot may be a process of its own, or
// several. People are played by methods such as SendPhoto and Press; what the bot sent is seen by
// Messages and WaitForMessages, and all that it ever showed by Threads. Private chats have the same
// number as their person.
//
// Groups, topics and what is said there are made by NewGroup, NewTopic and Post. Where the bot sets a
// webhook, the server calls it.
//
// It knows the methods that DeepSkin uses, refuses unknown parameters, and takes uploads only, no
// file IDs or URLs, where the bot sends a picture.
package telegramtest

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Username is the name of the bot, without the at sign.
const Username = "deepskin_test_bot"

const botID = 7000000001

// A Server is one fake Telegram with one bot. It is closed at the end of the test. Its methods may
// be called at the same time.
type Server struct {
	t     testing.TB
	http  *httptest.Server
	token string
	// done is closed when the test ends, to let go of long polls.
	done chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	patience time.Duration

	updates    []update
	nextUpdate int
	allowed    map[string]bool // nil before the first poll: everything
	polls      []*poll         // those under way, the one that is served last
	maxPollers int
	conflicts  int
	webhook    string
	hook       *hook                // who calls it; nil where a test set it
	hosts      map[string]string    // addresses of webhooks' hosts
	unpushed   int                  // calls of the webhook that brought no 2xx
	commands   map[string][]Command // by language code, empty for everybody else

	chats       map[int64]*chat
	nextMessage int
	nextFile    int
	files       map[string]*file // by ID
	paths       map[string]*file
	downloads   int // how often each new file can be had; zero: without end
	queries     map[string]*query
	reads       map[int64]string // the language of people's apps

	limits   Limits
	recent   []time.Time // calls within the last second that count towards Limits.Overall
	faults   map[string][]Fault
	disturb  func(method string) Fault
	calls    map[string]int
	refused  int
	disobeys int
}

type chat struct {
	kind     string
	topics   map[int]bool // of a forum
	movedTo  int64        // where a group became a supergroup
	actions  []string
	recent   []time.Time // messages of the last minute, in groups
	blocked  bool
	messages []*message
	deleted  []*message
	bucket   bucket
	unknown  int
	// told is until when the bot was told to send nothing here.
	told time.Time
}

// New starts a server that the end of the test stops.
func New(t testing.TB) *Server {
	s := &Server{
		t:           t,
		token:       "7000000001:" + rand.Text() + "_test-x",
		done:        make(chan struct{}),
		changed:     make(chan struct{}),
		patience:    30 * time.Second,
		nextUpdate:  840000001,
		nextMessage: 1,
		chats:       map[int64]*chat{},
		files:       map[string]*file{},
		paths:       map[string]*file{},
		queries:     map[string]*query{},
		limits:      Limits{ChatRate: 1, ChatBurst: 5, Overall: 30, Group: 20},
		hosts:       map[string]string{},
		commands:    map[string][]Command{},
		reads:       map[int64]string{},
		faults:      map[string][]Fault{},
		calls:       map[string]int{},
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connection{}, c)
	}
	s.http.Start()
	t.Cleanup(func() {
		close(s.done)
		s.http.Close()
	})
	return s
}

// URL is the server's address, without a path.
func (s *Server) URL() string { return s.http.URL }

// Endpoint is the pattern of a method's URL, with the token and the method to fill in, as libraries
// want it.
func (s *Server) Endpoint() string { return s.http.URL + "/bot%s/%s" }

// Token is the bot's token. It is another one for each server.
func (s *Server) Token() string { return s.token }

// A Command is a line in the bot's menu.
type Command struct{ Name, Description string }

// Commands returns the bot's menu that a person sees whose app is in a language, as last set: that of
// the language, or else the one for everybody.
func (s *Server) Commands(language string) []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	if menu, ok := s.commands[language]; ok {
		return menu
	}
	return s.commands[""]
}

// SetWebhook sets a webhook, as a former installation of the bot may have left it.
func (s *Server) SetWebhook(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = url
}

// Webhook returns the URL of the webhook, empty where there is none.
func (s *Server) Webhook() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.webhook
}

// SetPatience sets how long WaitFor... waits before the test fails: 30 s at first. It only bounds a
// test that fails anyway.
func (s *Server) SetPatience(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = d
}

// WaitFor waits until done returns true; done is called whenever something has changed, though less
// often where it takes long. The test fails, with what was waited for, when it takes far too long.
func (s *Server) WaitFor(what string, done func() bool) {
	s.t.Helper()
	s.mu.Lock()
	timeout := time.After(s.patience)
	s.mu.Unlock()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		begun := time.Now()
		if done() {
			return
		}
		// Looking through thousands of messages at every change would slow the bot down.
		rest := 4 * time.Since(begun)
		select {
		case <-changed:
			time.Sleep(rest)
		case <-timeout:
			s.t.Fatalf("fake Telegram: waited in vain for %s", what)
		}
	}
}

// change wakes whoever waits. The caller holds mu.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// chat returns a chat, which comes into being when somebody writes there. The caller holds mu.
func (s *Server) chat(id int64) *chat {
	c, ok := s.chats[id]
	if !ok {
		kind := "private"
		if id < 0 {
			kind = "supergroup"
		}
		c = &chat{kind: kind}
		s.chats[id] = c
	}
	return c
}
