package discord_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin/adapters/discord"
	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
)

func TestSettings(t *testing.T) {
	good := discord.Config{Token: "MTEx.abc.def"}
	for name, change := range map[string]func(*discord.Config){
		"no token":          func(c *discord.Config) { c.Token = "" },
		"a word before it":  func(c *discord.Config) { c.Token = "Bot MTEx.abc.def" },
		"a name":            func(c *discord.Config) { c.Channels = []string{"photos"} },
		"an empty channel":  func(c *discord.Config) { c.Channels = []string{""} },
		"a role by name":    func(c *discord.Config) { c.ReviewerRole = "@reviewer" },
		"a team by URL":     func(c *discord.Config) { c.TeamChannel = "https://discord.com/channels/1/2" },
		"a negative time":   func(c *discord.Config) { c.MaxWait = -1 },
		"no URL of a proxy": func(c *discord.Config) { c.API = "localhost:80" },
	} {
		c := good
		change(&c)
		if _, err := discord.New(c); err == nil || c.Token != "" && strings.Contains(err.Error(), c.Token) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err := discord.New(good)
	if err != nil || a.Name() != "discord" || !a.Exclusive() || a.TeamChat().Chat != "" || a.TeamChat().Platform != "" {
		t.Errorf("New: %v", err)
	}
}

// TestCheck is what doctor shows.
func TestCheck(t *testing.T) {
	w := newWorld(t)
	self, err := w.adapter(t).Check(t.Context())
	if err != nil || self.ID != w.BotID() || self.Name == "" || !self.ReadsContent {
		t.Errorf("Check: %+v, %v", self, err)
	}
	for _, test := range []struct {
		channels    []string
		team        string
		permissions string
	}{
		// To see, write, embed, attach and read what was.
		{[]string{w.photos.ID}, "", "117760"}, {nil, w.team.ID, "117760"}, {nil, "", "0"},
	} {
		w.config.Channels, w.config.TeamChannel = test.channels, test.team
		link, err := url.Parse(w.adapter(t).InviteURL(self))
		q := link.Query()
		if err != nil || link.Host != "discord.com" || q.Get("client_id") != w.BotID() || q.Get("permissions") != test.permissions ||
			q.Get("scope") != "bot applications.commands" {
			t.Errorf("the link is %v, %v", link, err)
		}
	}
	w.AllowIntents(0)
	if _, err := w.adapter(t).Check(t.Context()); err != nil {
		t.Errorf("without channels: %v", err)
	}
	w.config.Channels = []string{w.photos.ID}
	if _, err := w.adapter(t).Check(t.Context()); !errors.Is(err, discord.ErrIntent) {
		t.Errorf("without the intent: %v", err)
	}
	w.config.Token = "MTE.wrong.token"
	if _, err := w.adapter(t).Check(t.Context()); !errors.Is(err, discord.ErrToken) {
		t.Errorf("with another token: %v", err)
	}
}

// TestHandlersThatFail keep an event until the bot takes it. A panic costs only its own event.
func TestHandlersThatFail(t *testing.T) {
	w := newWorld(t)
	var failures atomic.Int32
	failures.Store(3)
	h := handler{
		OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
			if m.Command == "privacy" {
				panic(secret)
			}
			if failures.Add(-1) >= 0 {
				return bot.Reply{}, errors.New("store is down")
			}
			return bot.Reply{Text: "kept"}, nil
		},
		OnPress: func(context.Context, bot.Press) (bot.PressReply, error) { panic(fmt.Errorf("panic %s", secret)) },
	}
	w.run(t, w.adapter(t), h)
	w.ann.Run(w.hall, "privacy").WaitForCallback()
	if got := w.ann.Run(w.hall, "help").WaitForAnswer(); got.Text() != "kept" {
		t.Errorf("the answer is %+v", got)
	}
	w.WaitFor("the panic in the log", func() bool { return strings.Contains(w.log.String(), `"panic":"string"`) })
}

// TestFirstAnswerDoesNotWait has the bot take its time: nobody reads that it did not respond.
func TestFirstAnswerDoesNotWait(t *testing.T) {
	w := newWorld(t)
	hold := make(chan struct{})
	w.run(t, w.adapter(t), handler{OnMessage: func(ctx context.Context, m bot.Message) (bot.Reply, error) {
		select {
		case <-hold:
		case <-ctx.Done():
		}
		return bot.Reply{Text: "at last"}, nil
	}})
	var all []*discordtest.Interaction
	for range 100 { // more than are handled at a time
		all = append(all, w.ann.Run(w.hall, "help"))
	}
	for _, i := range all {
		if i.WaitForCallback() != 5 {
			t.Fatalf("the first answer is of type %d", i.Callback())
		}
	}
	close(hold)
	for _, i := range all {
		if i.WaitForAnswer().Text() != "at last" {
			t.Error("an answer is missing")
		}
	}
}

// TestInteractionsTooLate are dropped: their sender has read that the bot did not respond.
func TestInteractionsTooLate(t *testing.T) {
	w := newWorld(t)
	got := make(chan string, 10)
	w.run(t, w.adapter(t), counter(got))
	w.SetAnswerWithin(-time.Second)
	i := w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 1)))
	w.WaitFor("the refusal", func() bool { return w.Calls("POST /interactions/{interaction}/{token}/callback") == 1 })
	w.SetAnswerWithin(time.Hour)
	// An answer that may or may not have got through is given again.
	w.Fail("POST /interactions/{interaction}/{token}/callback", discordtest.Fault{LoseAnswer: true}, discordtest.Fault{Status: 502})
	second := w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 2)))
	if event := next(t, got); !strings.Contains(event, second.ID) || len(i.Answers()) != 0 {
		t.Errorf("the bot got %q", event)
	}
}

// TestEnd stops in the middle: what the bot has is still answered.
func TestEnd(t *testing.T) {
	w := newWorld(t)
	began, hold := make(chan struct{}), make(chan struct{})
	stop := w.run(t, w.adapter(t), handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		close(began)
		<-hold
		return bot.Reply{Text: "goodbye"}, nil
	}})
	w.ann.Send(w.ann.DM(), "hello")
	<-began
	time.AfterFunc(50*time.Millisecond, func() { close(hold) })
	stop()
	if got := w.FromBot(w.ann.DM()); len(got) != 1 || got[0].Text() != "goodbye" {
		t.Errorf("the bot said %+v", got)
	}
	w.WaitFor("the end of the connection", func() bool { return w.Connections() == 0 })
}

// TestLostLease falls silent at once, and another process goes on, which finds what was posted between.
func TestLostLease(t *testing.T) {
	w := newWorld(t)
	first, second := w.adapter(t), w.adapter(t)
	ctx, lose := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		ended <- first.Run(ctx, handler{OnMessage: func(ctx context.Context, _ bot.Message) (bot.Reply, error) {
			close(began)
			<-ctx.Done()
			return bot.Reply{Text: "from the first"}, nil
		}})
	}()
	w.WaitForConnection()
	w.ann.Send(w.ann.DM(), "hello")
	<-began
	lose(bot.ErrLeaseLost)
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	w.WaitFor("the end of the connection", func() bool { return w.Connections() == 0 })
	sent := w.ann.Send(w.photos, "", jpg(t, 1))
	got := make(chan string, 10)
	w.run(t, second, counter(got))
	if event := next(t, got); !strings.Contains(event, sent.ID) {
		t.Errorf("the second process gets %q", event)
	}
	if said := w.FromBot(w.ann.DM()); len(said) != 0 || w.MaxConnections() != 1 {
		t.Errorf("the first process still said %+v; %d at once", said, w.MaxConnections())
	}
}

// TestManyPhotos sends 200 photos in 20 channels with Discord's usual limits, 50 of them by one person
// at once. Each has one acknowledgement and one edit, and Discord never says that it is too much.
func TestManyPhotos(t *testing.T) {
	w := newWorld(t)
	w.SetPatience(2 * time.Minute)
	w.SetLimits(discordtest.Limits{Messages: 5, Per: 200 * time.Millisecond, Global: 50})
	w.config.Rate = 0 // as it is
	registry := prometheus.NewRegistry()
	w.config.Metrics = registry
	channels := []*discordtest.Channel{w.photos}
	for n := range 19 {
		c := w.guild.AddChannel(fmt.Sprint("photos-", n))
		channels = append(channels, c)
		w.config.Channels = append(w.config.Channels, c.ID)
	}
	a := w.adapter(t)
	w.run(t, a, echo(a))
	begun := w.AllCalls()
	for n := range 200 {
		c := channels[0]
		if n >= 50 {
			c = channels[n%20]
		}
		w.ann.Send(c, "", jpg(t, 1))
	}
	answered := func() int {
		n := 0
		for _, c := range channels {
			for _, m := range w.FromBot(c) {
				if m.Edits == 1 && strings.Contains(m.Text(), "Lower risk") {
					n++
				}
			}
		}
		return n
	}
	w.WaitFor("200 answers", func() bool { return answered() == 200 })
	for route, want := range map[string]int{
		"POST /channels/{channel}/messages": 200, "PATCH /channels/{channel}/messages/{message}": 200, discordtest.Download: 200,
	} {
		if got := w.Calls(route) - begun[route]; got != want {
			t.Errorf("%s: %d calls, want %d", route, got, want)
		}
	}
	if w.Refused() != 0 {
		t.Errorf("%d calls were too many for Discord", w.Refused())
	}
	if n, err := testutil.GatherAndCount(registry, "deepskin_platform_updates_total", "deepskin_platform_wait_seconds_total"); n != 2 || err != nil {
		t.Errorf("%d metrics, %v", n, err)
	}
}
