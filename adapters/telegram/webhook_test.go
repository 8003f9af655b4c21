package telegram_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

const hookSecret = "a-secret_of-the-tests"

// hooked is quick with a webhook, and returns where it is listened on once it is.
func hooked(s *telegramtest.Server) (telegram.Config, chan string) {
	c := quick(s)
	c.WebhookURL, c.WebhookSecret, c.WebhookAddr = "https://bot.example.org/telegram", hookSecret, "127.0.0.1:0"
	listening := make(chan string, 10)
	c.OnListen = func(addr string) {
		s.Resolve("bot.example.org", addr)
		listening <- addr
	}
	return c, listening
}

// TestWebhook shows that an update is answered once it is kept, and comes again until then.
func TestWebhook(t *testing.T) {
	s := telegramtest.New(t)
	c, _ := hooked(s)
	a, _ := adapter(t, c)
	var failures atomic.Int32
	greet(s, ann) // waits until there is a webhook
	stop := run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		if failures.Add(1) <= 3 {
			return bot.Reply{}, errors.New("store is down")
		}
		return bot.Reply{Text: "reply to " + m.At.Message}, nil
	}})
	s.WaitForText(ann, "reply to 1")
	s.WaitForConfirmation()
	if s.Unpushed() != 3 || s.Calls("getUpdates") != 0 || s.Webhook() != c.WebhookURL {
		t.Errorf("%d calls were repeated, want 3; %d polls", s.Unpushed(), s.Calls("getUpdates"))
	}

	// Another process takes over: what comes in between waits.
	stop()
	greet(s, ann)
	s.WaitFor("a refused connection", func() bool { return s.Unpushed() > 3 })
	second, _ := hooked(s)
	b, _ := adapter(t, second)
	run(t, b, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "second"}, nil
	}})
	s.WaitForText(ann, "second")
	s.WaitForConfirmation()
}

// TestWebhookAndPolling goes from one to the other and back.
func TestWebhookAndPolling(t *testing.T) {
	s := telegramtest.New(t)
	c, _ := hooked(s)
	for i, config := range []telegram.Config{quick(s), c, quick(s)} {
		a, _ := adapter(t, config)
		stop := run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
			return bot.Reply{Text: "reply"}, nil
		}})
		greet(s, ann)
		s.WaitForMessages(ann, "a reply", func(m []telegramtest.Message) bool { return len(m) == i+1 })
		s.WaitForConfirmation()
		stop()
	}
}

func TestWebhookRefuses(t *testing.T) {
	s := telegramtest.New(t)
	c, listening := hooked(s)
	a, l := adapter(t, c)
	var kept atomic.Int32
	run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		kept.Add(1)
		return bot.Reply{}, nil
	}})
	addr := <-listening
	for name, test := range map[string]struct {
		method, path, secret, body string
		want                       int
	}{
		"no secret":        {"POST", "/telegram", "", `{"update_id":1}`, 401},
		"a wrong secret":   {"POST", "/telegram", hookSecret + "x", `{"update_id":1}`, 401},
		"a part of it":     {"POST", "/telegram", hookSecret[:5], `{"update_id":1}`, 401},
		"another path":     {"POST", "/", hookSecret, `{"update_id":1}`, 404},
		"another method":   {"GET", "/telegram", hookSecret, "", 405},
		"nothing":          {"POST", "/telegram", hookSecret, "", 200},
		"no update":        {"POST", "/telegram", hookSecret, "<html>" + secret, 200},
		"a huge update":    {"POST", "/telegram", hookSecret, strings.Repeat("x", 2<<20), 200},
		"a strange update": {"POST", "/telegram", hookSecret, `{"update_id":1,"message":["` + secret + `"]}`, 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, "http://"+addr+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", test.secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != test.want {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, test.want)
		}
	}
	if kept.Load() != 0 {
		t.Errorf("the bot was told of %d messages", kept.Load())
	}
	if strings.Contains(l.String(), hookSecret) {
		t.Error("the log holds the secret")
	}
}

// TestWebhookWithoutTheLease has the lease go while an update is handled: it is for the next process.
func TestWebhookWithoutTheLease(t *testing.T) {
	s := telegramtest.New(t)
	c, _ := hooked(s)
	first, _ := adapter(t, c)
	ctx, lose := context.WithCancelCause(t.Context())
	defer lose(nil)
	greet(s, ann)
	once := sync.OnceFunc(func() { lose(bot.ErrLeaseLost) })
	err := first.Run(ctx, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		once()
		return bot.Reply{Text: "first"}, nil
	}})
	if err != nil || s.Unconfirmed() != 1 || s.Calls("sendMessage") != 0 {
		t.Errorf("Run: %v; %d updates wait after %d messages, want 1 and 0", err, s.Unconfirmed(), s.Calls("sendMessage"))
	}
	next, _ := hooked(s)
	second, _ := adapter(t, next)
	run(t, second, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "second"}, nil
	}})
	s.WaitForText(ann, "second")
}

// TestWebhookIsSetInTheEnd shows that neither a busy port nor Telegram's trouble ends the bot.
func TestWebhookIsSetInTheEnd(t *testing.T) {
	s := telegramtest.New(t)
	c, listening := hooked(s)
	blocker, _ := adapter(t, c)
	stop := run(t, blocker, silent)
	c.WebhookAddr = <-listening
	s.Fail("setWebhook", telegramtest.Fault{Status: 502}, telegramtest.Fault{HangUp: true})
	a, l := adapter(t, c)
	run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "reply"}, nil
	}})
	s.WaitFor("the port to be found busy", func() bool {
		greet(s, ben)
		return strings.Contains(l.String(), "cannot be listened on")
	})
	stop()
	<-listening
	greet(s, ann)
	s.WaitForText(ann, "reply")
}

func TestWebhookSettings(t *testing.T) {
	good := telegram.Config{
		Token: "1:a", WebhookURL: "https://example.org/x", WebhookSecret: "s", WebhookAddr: ":0",
	}
	if _, err := telegram.New(good); err != nil {
		t.Fatalf("New: %v", err)
	}
	for name, edit := range map[string]func(*telegram.Config){
		"plain HTTP":         func(c *telegram.Config) { c.WebhookURL = "http://example.org/x" },
		"no URL":             func(c *telegram.Config) { c.WebhookURL = "https://" },
		"no secret":          func(c *telegram.Config) { c.WebhookSecret = "" },
		"a secret too long":  func(c *telegram.Config) { c.WebhookSecret = strings.Repeat("s", 257) },
		"a secret of others": func(c *telegram.Config) { c.WebhookSecret = "my secret words" },
		"no address":         func(c *telegram.Config) { c.WebhookAddr = "" },
	} {
		c := good
		edit(&c)
		if _, err := telegram.New(c); err == nil || strings.Contains(err.Error(), "my secret words") {
			t.Errorf("%s: New: %v", name, err)
		}
	}
}
