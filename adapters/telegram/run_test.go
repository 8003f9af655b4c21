package telegram_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// TestRedelivery shows that an update whose handling fails comes again, after a restart too, and
// that Telegram keeps it until then.
func TestRedelivery(t *testing.T) {
	s := telegramtest.New(t)
	first, _ := adapter(t, quick(s))
	var tries atomic.Int32
	down := make(chan struct{}, 1000)
	stop := run(t, first, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		tries.Add(1)
		select {
		case down <- struct{}{}:
		default:
		}
		return bot.Reply{}, errors.New("store is down")
	}})
	photoMessage := s.SendPhoto(ann, ann, photo(t, 10))
	for range 3 {
		<-down
	}
	stop()
	if got := s.Unconfirmed(); got != 1 {
		t.Fatalf("%d updates wait after a stop, want the one that failed", got)
	}

	second, _ := adapter(t, quick(s))
	var events []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := second.Run(ctx, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		events = append(events, m.Event)
		if m.At != addressOf(photoMessage) {
			t.Errorf("another message came: %#v", m)
		}
		if len(events) < 3 {
			return bot.Reply{}, errors.New("store is still down")
		}
		// The stop comes before the next poll, which would have confirmed the update.
		cancel()
		return bot.Reply{Text: "kept"}, nil
	}})
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	if got := s.FromBot(ann); len(got) != 1 || got[0].Text != "kept" {
		t.Errorf("the chat shows %v after the stop, want the reply", got)
	}
	if len(events) != 3 || events[0] != events[1] || events[1] != events[2] {
		t.Errorf("the update came as %q, want the same three times", events)
	}
	if got := s.Unconfirmed(); got != 0 {
		t.Errorf("%d updates wait after they were handled", got)
	}
}

func TestRunPreparesTheBot(t *testing.T) {
	s := telegramtest.New(t)
	s.SetWebhook("https://example.org/old")
	// None of this must stop it.
	s.Fail("getMe", telegramtest.Fault{HangUp: true}, telegramtest.Fault{Status: 502}, telegramtest.Fault{Status: 500})
	s.Fail("setMyCommands", telegramtest.Fault{Status: 400, Description: "Bad Request: " + secret})
	s.Fail("getUpdates", telegramtest.Fault{Status: 502}, telegramtest.Fault{HangUp: true}, telegramtest.Fault{LoseAnswer: true})
	a, _ := adapter(t, quick(s))
	greet(s, ann)
	run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "hello"}, nil
	}})
	s.WaitForText(ann, "hello")
	if got := s.Webhook(); got != "" {
		t.Error("the webhook is still there")
	}
	if got := len(s.FromBot(ann)); got != 1 {
		t.Errorf("the bot answered %d times", got)
	}
}

func TestWebhookIsLeftAloneWhereThereIsNone(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	run(t, a, silent)
	s.WaitFor("the first poll", s.Polling)
	if got := s.Calls("deleteWebhook"); got != 0 {
		t.Errorf("deleteWebhook was called %d times", got)
	}
}

func TestTwoPollers(t *testing.T) {
	s := telegramtest.New(t)
	first, log1 := adapter(t, quick(s))
	second, log2 := adapter(t, quick(s))
	stop := run(t, first, silent)
	s.WaitFor("the first poll", s.Polling)
	run(t, second, silent)
	const complaint = "another poller"
	s.WaitFor("a conflict in the log", func() bool {
		return strings.Contains(log1.String(), complaint) || strings.Contains(log2.String(), complaint)
	})
	stop()
	greet(s, ann)
	s.WaitForConfirmation()
}

func TestWrongToken(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.Token = "7000000001:" + strings.Repeat("W", 35)
	a, _ := adapter(t, c)
	_, checkErr := a.Check(t.Context())
	for _, err := range []error{a.Run(t.Context(), silent), checkErr} {
		if !errors.Is(err, telegram.ErrToken) {
			t.Errorf("got %v, want ErrToken", err)
		} else {
			checkSecrets(t, "error", err.Error(), c.Token)
		}
	}
}

func TestTokenRevokedWhilePolling(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	s.Fail("getUpdates", telegramtest.Fault{Status: http.StatusUnauthorized, Description: "Unauthorized"})
	if err := a.Run(t.Context(), silent); !errors.Is(err, telegram.ErrToken) {
		t.Errorf("Run: %v, want ErrToken", err)
	}
}

func TestCheck(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	if name, err := a.Check(t.Context()); err != nil || name != telegramtest.Username {
		t.Errorf("Check: %q, %v", name, err)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		config telegram.Config
	}{
		{"no token", telegram.Config{}},
		{"no token's form", telegram.Config{Token: "my-secret-words"}},
		{"token with an escape", telegram.Config{Token: "1:my-secret-words%zz"}},
		{"endpoint without places", telegram.Config{Token: "1:a", APIEndpoint: "http://localhost"}},
		{"endpoint with a third place", telegram.Config{Token: "1:a", APIEndpoint: "http://%s/bot%s/%s"}},
		{"negative wait", telegram.Config{Token: "1:a", MaxWait: -1}},
	}
	for _, test := range tests {
		_, err := telegram.New(test.config)
		if err == nil {
			t.Errorf("%s: no error", test.name)
			continue
		}
		checkSecrets(t, test.name, err.Error(), "1:"+secret)
	}
}

// TestRunStopsWhileTheNetworkIsDown shows that a context's end is no error, whatever Run is doing.
func TestRunStopsWhileTheNetworkIsDown(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.APIEndpoint = "http://127.0.0.1:1/bot%s/%s"
	a, l := adapter(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, silent) }()
	for !strings.Contains(l.String(), "cannot be reached") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
