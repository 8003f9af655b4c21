package discordtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/discord/discordtest"
)

func TestLimits(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	one, two := guild.AddChannel("one"), guild.AddChannel("two")
	say := func(c *discordtest.Channel) reply {
		t.Helper()
		return call(t, s, "POST", "/channels/"+c.ID+"/messages", `{"content":"x"}`)
	}
	s.SetLimits(discordtest.Limits{Messages: 2, Per: time.Hour, Global: 1000})
	for i, want := range []string{"1", "0"} {
		got := say(one)
		if got.status != 200 || got.header.Get("X-RateLimit-Remaining") != want || got.header.Get("X-RateLimit-Limit") != "2" {
			t.Errorf("message %d: %d %v", i+1, got.status, got.header)
		}
	}
	for range 2 {
		got := say(one)
		var body struct {
			After  float64 `json:"retry_after"`
			Global *bool
		}
		got.into(t, &body)
		after, err := strconv.ParseFloat(got.header.Get("X-RateLimit-Reset-After"), 64)
		if got.status != 429 || got.header.Get("X-RateLimit-Scope") != "user" || got.header.Get("Retry-After") == "" ||
			err != nil || body.After > 3600.1 || body.After < 3000 || after < 3000 || body.Global == nil || *body.Global {
			t.Errorf("one too many: %d %s %v", got.status, got.body, got.header)
		}
	}
	if s.Refused() != 2 || s.Disobeyed() != 1 {
		t.Errorf("%d refused and %d disobeyed, want 2 and 1", s.Refused(), s.Disobeyed())
	}
	if got := say(two); got.status != 200 {
		t.Errorf("another channel: %d", got.status)
	}
	s.Advance(time.Hour)
	if got := say(one); got.status != 200 {
		t.Errorf("an hour later: %d", got.status)
	}
	s.Fail("POST /channels/{channel}/messages", discordtest.Fault{RetryAfter: 60})
	for range 2 {
		if got := say(one); got.status != 429 {
			t.Errorf("ordered refusal: %d", got.status)
		}
	}
}

// TestGlobalLimit holds only what is not an answer to an interaction.
func TestGlobalLimit(t *testing.T) {
	s := discordtest.New(t)
	s.SetLimits(discordtest.Limits{Global: 1})
	statuses := map[int]int{}
	for range 20 {
		got := call(t, s, "GET", "/users/@me", "")
		statuses[got.status]++
		if got.status == 429 && (got.header.Get("X-RateLimit-Global") != "true" || got.header.Get("X-RateLimit-Scope") != "global") {
			t.Errorf("the headers are %v", got.header)
		}
	}
	if statuses[200] < 1 || statuses[429] < 1 || statuses[200]+statuses[429] != 20 {
		t.Errorf("20 calls at once: %v", statuses)
	}
	if got := call(t, s, "POST", "/interactions/1/x/callback", `{"type":5}`); got.Code != 10062 {
		t.Errorf("an interaction: %d %s", got.status, got.body)
	}
}

// TestLibraryObeysLimits sends more than a window holds: discordgo reads the headers and waits.
func TestLibraryObeysLimits(t *testing.T) {
	s := discordtest.New(t)
	s.SetLimits(discordtest.Limits{Messages: 3, Per: 100 * time.Millisecond, Global: 1000})
	ann := s.AddPerson("ann")
	session, err := discordgo.New("Bot " + s.Token())
	if err != nil {
		t.Fatal(err)
	}
	session.Client = s.Client()
	for range 10 {
		if _, err := session.ChannelMessageSend(ann.DM().ID, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if s.Refused() != 0 || len(ann.Sees(ann.DM())) != 10 {
		t.Errorf("%d refused, %d messages", s.Refused(), len(ann.Sees(ann.DM())))
	}
}

func TestFaults(t *testing.T) {
	s := discordtest.New(t)
	unlimited(s)
	ann := s.AddPerson("ann")
	route := "POST /channels/{channel}/messages"
	do := func(ctx context.Context) (*http.Response, error) {
		session, err := discordgo.New("Bot " + s.Token())
		if err != nil {
			t.Fatal(err)
		}
		session.Client, session.MaxRestRetries = s.Client(), 0
		_, err = session.ChannelMessageSend(ann.DM().ID, "x", discordgo.WithContext(ctx))
		var rest *discordgo.RESTError
		if errors.As(err, &rest) {
			return rest.Response, err
		}
		return nil, err
	}
	s.Fail(route, discordtest.Fault{Status: 500}, discordtest.Fault{HangUp: true}, discordtest.Fault{LoseAnswer: true},
		discordtest.Fault{CutAnswer: true})
	if resp, err := do(t.Context()); err == nil || resp == nil || resp.StatusCode != 500 || resp.Header.Get("Content-Type") != "text/html" {
		t.Errorf("500: %v", err)
	}
	if resp, err := do(t.Context()); err == nil || resp != nil || len(s.FromBot(ann.DM())) != 0 {
		t.Errorf("hang up: %v, %d messages", err, len(s.FromBot(ann.DM())))
	}
	if resp, err := do(t.Context()); err == nil || resp != nil || len(s.FromBot(ann.DM())) != 1 {
		t.Errorf("lost answer: %v, %d messages", err, len(s.FromBot(ann.DM())))
	}
	if _, err := do(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) || len(s.FromBot(ann.DM())) != 2 {
		t.Errorf("half an answer: %v, %d messages", err, len(s.FromBot(ann.DM())))
	}
	if n := s.Unknown(ann.DM()); n != 2 {
		t.Errorf("%d messages of unknown fate, want 2", n)
	}
	var disturbed []string
	s.Disturb(func(route string) discordtest.Fault {
		disturbed = append(disturbed, route)
		return discordtest.Fault{Status: 500}
	})
	if resp, err := do(t.Context()); err == nil || resp == nil || resp.StatusCode != 500 || !slices.Equal(disturbed, []string{route}) {
		t.Errorf("disturbed: %v, of %v", err, disturbed)
	}
	s.Disturb(nil)
	s.Fail("", discordtest.Fault{Stall: true})
	ctx, cancel := context.WithCancel(t.Context())
	before := s.Calls(route)
	stalled := make(chan error, 1)
	go func() {
		_, err := do(ctx)
		stalled <- err
	}()
	s.WaitFor("the call", func() bool { return s.Calls(route) > before })
	cancel()
	if err := <-stalled; !errors.Is(err, context.Canceled) {
		t.Errorf("stall: %v", err)
	}
	if _, err := do(t.Context()); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}
