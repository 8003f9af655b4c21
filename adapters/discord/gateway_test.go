package discord_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/discord"
	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
)

// counter counts how often each text came.
func counter(got chan<- string) handler {
	return handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		got <- m.Event
		return bot.Reply{}, nil
	}}
}

// next returns the next event that came, and fails the test where there is more than one.
func next(t *testing.T, got <-chan string) string {
	t.Helper()
	select {
	case event := <-got:
		return event
	case <-time.After(30 * time.Second):
		t.Fatal("an event never came")
		return ""
	}
}

// TestNothingIsLost breaks the connection in each way in which a session can go on. What is sent
// meanwhile comes, once.
func TestNothingIsLost(t *testing.T) {
	w := newWorld(t)
	w.SetHeartbeat(100 * time.Millisecond)
	got := make(chan string, 100)
	w.run(t, w.adapter(t), counter(got))
	for name, lose := range map[string]func(){
		"cut":              w.Drop,
		"an unknown error": func() { w.CloseGateway(discordtest.CloseUnknownError) },
		"operation 7":      w.Reconnect,
		"operation 7 twice": func() {
			w.Greet(discordtest.AskToReconnect)
			w.Drop()
		},
		"hung up on": func() {
			w.Greet(discordtest.HangUp, discordtest.HangUp)
			w.Drop()
		},
		"no connection at first": func() {
			w.Fail(discordtest.Connect, discordtest.Fault{Status: 503}, discordtest.Fault{HangUp: true})
			w.Drop()
		},
		"a connection that froze": w.Freeze,
	} {
		resumes := w.Resumes()
		lose()
		sent := w.ann.Send(w.photos, name, jpg(t, 1))
		if event := next(t, got); !strings.Contains(event, sent.ID) {
			t.Errorf("%s: the event is not the message's", name)
		}
		w.WaitForConnection()
		if w.Resumes() == resumes {
			t.Errorf("%s: the session was not taken up again", name)
		}
	}
	if w.Identifies() != 1 || w.MaxConnections() != 1 || len(got) != 0 {
		t.Errorf("%d sessions, %d at once, %d events too many", w.Identifies(), w.MaxConnections(), len(got))
	}
}

// TestSessionsEnd ends the session in each way. Photos that were posted meanwhile are looked up, in the
// channels that are set and in direct messages, and come once.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	got := make(chan string, 100)
	w.run(t, w.adapter(t), counter(got))
	w.ann.Send(w.ann.DM(), "hello") // from now on this channel is known
	next(t, got)
	sessions := 1
	for _, test := range []struct {
		name string
		lose func()
	}{
		{"operation 9", w.ForgetSessions},
		{"unknown when resumed", func() { w.Greet(discordtest.AskToIdentify); w.Drop() }},
		{"a sequence that makes no sense", func() { w.CloseGateway(discordtest.CloseInvalidSequence) }},
		{"timed out", func() { w.CloseGateway(discordtest.CloseSessionTimedOut) }},
	} {
		// The first session to come after the loss is asked to go, so that there is time to post.
		w.Fail(discordtest.Connect, discordtest.Fault{Status: 503})
		test.lose()
		w.WaitFor(test.name+": the end of the connection", func() bool { return w.Connections() == 0 })
		photos := []discordtest.Message{w.ann.Send(w.photos, "", jpg(t, 1), jpg(t, 2)), w.ann.Send(w.ann.DM(), "", jpg(t, 3))}
		w.ann.Send(w.photos, "talk "+secret)
		w.ann.Send(w.hall, "", jpg(t, 4))
		seen := map[string]int{}
		for range 3 {
			event := next(t, got)
			for _, p := range photos {
				if strings.Contains(event, p.ID) {
					seen[p.ID]++
				}
			}
		}
		if seen[photos[0].ID] != 2 || seen[photos[1].ID] != 1 || len(got) != 0 {
			t.Errorf("%s: the photos came %v times, and %d others", test.name, seen, len(got))
		}
		w.WaitForConnection()
		if sessions++; w.Identifies() < sessions {
			t.Errorf("%s: there are %d sessions", test.name, w.Identifies())
		}
	}
}

// TestGreetings connects for the first time to a Discord that has other things to do.
func TestGreetings(t *testing.T) {
	w := newWorld(t)
	w.config.CallTimeout = 2 * time.Second // which a silent greeting takes
	w.Fail("GET /gateway", discordtest.Fault{Status: 500}, discordtest.Fault{HangUp: true})
	w.Fail("GET /applications/@me", discordtest.Fault{Status: 502}, discordtest.Fault{RetryAfter: 0.05})
	w.Fail("PUT /applications/{application}/commands", discordtest.Fault{Status: 500})
	w.Greet(discordtest.AskToReconnect, discordtest.AskToIdentify, discordtest.Silence, discordtest.HangUp)
	got := make(chan string, 10)
	stop := w.run(t, w.adapter(t), counter(got))
	sent := w.ann.Send(w.ann.DM(), "hello")
	if event := next(t, got); !strings.Contains(event, sent.ID) {
		t.Errorf("the event is %q", event)
	}
	stop()
	w.WaitFor("all that ran to end", func() bool { return running() == 0 })
}

// running counts the goroutines of the package.
func running() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "adapters/discord.") {
			n++
		}
	}
	return n
}

// TestEventsTwiceAndSwapped shows that order does not matter, and that each event counts once.
func TestEventsTwiceAndSwapped(t *testing.T) {
	w := newWorld(t)
	got := make(chan string, 100)
	w.run(t, w.adapter(t), counter(got))
	w.DeliverTwice(true)
	w.SwapNext()
	for range 5 {
		w.ann.Send(w.photos, "", jpg(t, 1))
	}
	i := w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 2)))
	i.WaitForCallback()
	w.DeliverTwice(false)
	last := w.ann.Send(w.photos, "", jpg(t, 3))
	seen := map[string]bool{}
	for len(seen) < 7 {
		event := next(t, got)
		if seen[event] {
			t.Errorf("an event came twice")
		}
		seen[event] = true
	}
	if len(got) != 0 || last.ID == "" {
		t.Errorf("%d events too many", len(got))
	}
}

// TestEventsThatMakeNoSense are passed over, and do no harm.
func TestEventsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	got := make(chan string, 10)
	w.run(t, w.adapter(t), counter(got))
	for kind, bodies := range map[string][]string{
		"MESSAGE_CREATE":      {`{}`, `[]`, `null`, `7`, `{"id":"1","channel_id":"2","author":null}`, `{"id":{},"attachments":[null]}`},
		"MESSAGE_DELETE":      {`{}`, `[]`, `null`},
		"MESSAGE_DELETE_BULK": {`{"ids":[1]}`, `{"ids":null}`},
		"INTERACTION_CREATE": {
			`{}`, `null`, `{"type":2}`, `{"type":2,"id":"1","token":"x","data":null}`, `{"type":3,"data":{"custom_id":7}}`,
			`{"type":3,"id":"../1","token":"../x","user":{"id":"1"},"data":{"custom_id":"x"}}`,
			`{"type":5,"id":"12","token":"x","user":{"id":"1"},"data":{"custom_id":"x","components":[{"type":99}]}}`,
			`{"type":2,"id":"13","token":"x","user":{"id":"1"},"data":{"name":"check","options":[{"name":"photo","type":11,"value":"5"}]}}`,
		},
		"SOMETHING_NEW": {`{"secret":"` + secret + `"}`},
	} {
		for _, body := range bodies {
			w.SendEvent(kind, body)
		}
	}
	sent := w.ann.Send(w.ann.DM(), "hello")
	if event := next(t, got); !strings.Contains(event, sent.ID) {
		t.Errorf("the event is %q", event)
	}
}

// TestTurnedAway tells what Discord does not forgive, and is not asked again.
func TestTurnedAway(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*world)
		want   error
	}{
		"an unknown token": {func(w *world) { w.config.Token = "MTE.wrong." + secret }, discord.ErrToken},
		"a missing intent": {func(w *world) { w.AllowIntents(0) }, discord.ErrIntent},
		"a token that is reset while connected": {func(w *world) {
			go func() {
				w.WaitForConnection()
				w.CloseGateway(discordtest.CloseBadToken)
			}()
		}, discord.ErrToken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.change(w)
			err := w.adapter(t).Run(t.Context(), silent)
			if !errors.Is(err, test.want) {
				t.Fatalf("Run: %v, want %v", err, test.want)
			}
			w.checkSecrets(t, "the error", err.Error())
		})
	}
}

// TestLeastIntents asks for no more than the settings need.
func TestLeastIntents(t *testing.T) {
	for channels, want := range map[int]int{
		0: discordtest.IntentDirectMessages,
		1: discordtest.IntentDirectMessages | discordtest.IntentGuildMessages | discordtest.IntentMessageContent,
	} {
		w := newWorld(t)
		w.config.Channels = w.config.Channels[:channels]
		a := w.adapter(t)
		w.run(t, a, silent)
		if got := w.Intents(); got != want {
			t.Errorf("with %d channels the intents are %b, want %b", channels, got, want)
		}
		if named := len(a.Intents()); named != 1+2*channels {
			t.Errorf("with %d channels %d intents are named", channels, named)
		}
	}
}
