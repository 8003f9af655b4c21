// Package discordtest is a fake of Discord for tests, written from Discord's documentation and
// strict where Discord is strict.
//
// It speaks real HTTP and WebSocket on the loopback interface: REST in the versions 9 and 10, the
// gateway, and the host of the attachments. A bot reaches it by the client that Client returns. It
// plays one application with one bot; guilds come by AddGuild, people by AddPerson, and what people
// do are methods of Person. What the bot sent is seen by Messages and Person.Sees, and all that it
// ever showed by Threads.
//
// It knows what DeepSkin uses. Of components it takes rows of buttons, and text inputs in modals;
// stickers, polls, select menus and the newer layout components are refused.
package discordtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A Server is one fake Discord with one bot. It is closed at the end of the test. Its methods, and
// those of its guilds, channels, people and interactions, may be called at the same time.
type Server struct {
	t     testing.TB
	http  *httptest.Server
	token string
	// secret signs the URLs of attachments.
	secret []byte
	// done is closed when the test ends, to let go of requests that are held.
	done  chan struct{}
	links sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	patience time.Duration
	ahead    time.Duration // how far the server's clock is ahead
	ids      uint64        // given out so far

	bot          *Person
	people       map[string]*Person
	guilds       []*Guild
	channels     map[string]*Channel
	messages     map[string]*message
	attachments  map[string]*attachment
	interactions map[string]*Interaction
	commands     map[string][]command // by guild; under "" the global ones
	answerWithin time.Duration

	gateway gateway
	limits  Limits
	windows map[string]*window // by bucket
	faults  map[string][]Fault // by route
	disturb func(route string) Fault
	unknown map[string]int // by channel
	calls   map[string]int // by route
	refused int
	ignored int
}

// New starts a server that the end of the test stops.
func New(t testing.TB) *Server {
	s := &Server{
		t:            t,
		secret:       []byte(rand.Text()),
		done:         make(chan struct{}),
		changed:      make(chan struct{}),
		patience:     30 * time.Second,
		people:       map[string]*Person{},
		channels:     map[string]*Channel{},
		messages:     map[string]*message{},
		attachments:  map[string]*attachment{},
		interactions: map[string]*Interaction{},
		commands:     map[string][]command{},
		answerWithin: 3 * time.Second,
		gateway:      newGateway(),
		limits:       Limits{Messages: 5, Per: 5 * time.Second, Global: 50},
		windows:      map[string]*window{},
		faults:       map[string][]Fault{},
		unknown:      map[string]int{},
		calls:        map[string]int{},
	}
	s.bot = &Person{ID: s.id(), Name: "deepskin", s: s}
	s.people[s.bot.ID] = s.bot
	// Bots' tokens begin with their ID.
	s.token = base64.RawURLEncoding.EncodeToString([]byte(s.bot.ID)) + ".Gfake_." + rand.Text()
	s.http = httptest.NewServer(s.handler())
	t.Cleanup(func() {
		close(s.done)
		s.mu.Lock()
		for _, l := range s.gateway.links {
			l.cut()
		}
		s.mu.Unlock()
		s.http.Close()
		s.links.Wait()
	})
	return s
}

// URL is the server's address, without a path.
func (s *Server) URL() string { return s.http.URL }

// Token is the bot's token, without the word "Bot" that the Authorization header has before it. It
// is another one for each server.
func (s *Server) Token() string { return s.token }

// BotID is the ID of the bot's user and of its application.
func (s *Server) BotID() string { return s.bot.ID }

// SetPatience sets how long WaitFor waits before the test fails: 30 s at first. It only bounds a
// test that fails anyway.
func (s *Server) SetPatience(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = d
}

// SetAnswerWithin sets how long an interaction may wait for its first answer: 3 s at first, as on
// Discord. A test that loads the machine on purpose may want more.
func (s *Server) SetAnswerWithin(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answerWithin = d
}

// Advance moves the server's clock forward, so that the tokens of interactions, the URLs of
// attachments and rate limits run out without waiting. Gateway connections do not notice.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	s.change()
}

// Wait waits until done returns true; done is called whenever something has changed, though less
// often where it takes long. It returns an error when ctx ends first.
func (s *Server) Wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		begun := time.Now()
		if done() {
			return nil
		}
		// Looking through thousands of messages at every change would slow the bot down.
		rest := 4 * time.Since(begun)
		select {
		case <-changed:
			time.Sleep(rest)
		case <-time.After(100 * time.Millisecond): // some things come with time alone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WaitFor is Wait with an end: the test fails, with what was waited for, when it takes far too long.
func (s *Server) WaitFor(what string, done func() bool) {
	s.t.Helper()
	s.mu.Lock()
	patience := s.patience
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		s.t.Fatalf("fake Discord: waited in vain for %s: %v", what, err)
	}
}

// change wakes whoever waits. The caller holds mu.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// now is the time by the server's clock. The caller holds mu.
func (s *Server) now() time.Time { return time.Now().Add(s.ahead) }

// epoch is when Discord's IDs begin, in milliseconds of Unix time.
const epoch = 1420070400000

// id returns a new snowflake: the time, and a number that makes it unique and the later one larger.
// The caller holds mu.
func (s *Server) id() string {
	s.ids++
	return strconv.FormatUint(uint64(s.now().UnixMilli()-epoch)<<22|s.ids&(1<<22-1), 10)
}

// fatal ends the test, which asked for something that nobody can do on Discord. The caller holds mu.
func (s *Server) fatal(format string, args ...any) {
	s.t.Helper()
	s.mu.Unlock()
	// The caller's deferred Unlock runs while the test's goroutine ends.
	defer s.mu.Lock()
	s.t.Fatalf("fake Discord: "+format, args...)
}

// timestamp writes a time as Discord does.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }
