package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
)

// A feed is an open event stream.
type feed struct {
	t     testing.TB
	lines *bufio.Scanner
	close func()
}

// follow opens the event stream of a case, with headers in pairs.
func (v *visitor) follow(id deepskin.CaseID, headers ...string) *feed {
	v.t.Helper()
	ctx, cancel := context.WithCancel(v.t.Context())
	v.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.site.url+"/v1/cases/"+string(id)+"/events", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		v.t.Fatalf("events: %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	checkGuards(v.t, res)
	return &feed{t: v.t, lines: bufio.NewScanner(res.Body), close: cancel}
}

// next returns the next event's status, ":" for a comment, or "" at the end of the stream.
func (f *feed) next() string {
	f.t.Helper()
	name := ""
	for f.lines.Scan() {
		line := f.lines.Text()
		switch {
		case strings.HasPrefix(line, ":"):
			return ":"
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			var c struct{ Status string }
			if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &c); err != nil || name != "case" {
				f.t.Fatalf("event %q with %q: %v", name, line, err)
			}
			return c.Status
		}
	}
	return ""
}

// want reads statuses in this order, comments left out.
func (f *feed) want(statuses ...string) {
	f.t.Helper()
	for _, want := range statuses {
		got := f.next()
		for got == ":" {
			got = f.next()
		}
		if got != want {
			f.t.Fatalf("the next event is %q, want %q", got, want)
		}
	}
}

func TestEventsFollowACaseToItsEnd(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	s.bot.settle(id, func(view *bot.View) { view.Case.Status = deepskin.Waiting })
	f, second := v.follow(id), v.follow(id)
	f.want("waiting")
	second.want("waiting")
	s.bot.settle(id, func(view *bot.View) { view.Case.Status = deepskin.Pending })
	f.want("pending")
	second.want("pending")
	s.bot.settle(id, answered)
	f.want("answered", "")
	second.want("answered", "")

	v.follow(id).want("answered", "") // Whoever comes late sees the end at once.
	for _, end := range []deepskin.Status{deepskin.Failed, deepskin.Expired} {
		s.bot.settle(id, func(view *bot.View) { view.Case.Status = end })
		v.follow(id).want(string(end), "")
	}
}

func TestEventsShowThatTheyAreAlive(t *testing.T) {
	s := serve(t, web.Config{Heartbeat: time.Millisecond})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	f := v.follow(id)
	f.want("pending")
	if got := f.next(); got != ":" {
		t.Errorf("a silent stream said %q, want a comment", got)
	}
	s.bot.settle(id, answered)
	f.want("answered", "")
}

// Whoever opens streams without end gets by on asking, and others still follow.
func TestOneAddressDoesNotHoldAllStreams(t *testing.T) {
	s := serve(t, web.Config{StreamsPerNetwork: 2})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	const from, one, other = "X-Forwarded-For", "203.0.113.9", "203.0.113.10"
	first, second := v.follow(id, from, one), v.follow(id, from, one)
	first.want("pending")
	second.want("pending")
	v.follow(id, from, one).want("pending", "")
	third, unknown := v.follow(id, from, other), v.follow(id)
	third.want("pending")
	unknown.want("pending")
	s.bot.settle(id, answered)
	for _, f := range []*feed{first, second, third, unknown} {
		f.want("answered", "")
	}
}

func TestEventsEndWhenTheCaseIsDeleted(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	f := v.follow(id)
	f.want("pending")
	if res, body := v.do(http.MethodDelete, "/v1/cases/"+string(id), nil); res.StatusCode != http.StatusNoContent {
		t.Fatalf("%s: %s", res.Status, body)
	}
	f.want("")
	res, body := v.get("/v1/cases/" + string(id) + "/events")
	checkProblem(t, res, body, http.StatusNotFound)
}

// watched tells when a request that asked for a case has ended.
type watched struct {
	*fakeBot
	watching atomic.Bool
	ended    chan struct{}
}

func (w *watched) Case(ctx context.Context, sender deepskin.Sender, language string, id deepskin.CaseID) (bot.View, error) {
	if w.watching.Load() {
		context.AfterFunc(ctx, func() {
			select {
			case w.ended <- struct{}{}:
			default:
			}
		})
	}
	return w.fakeBot.Case(ctx, sender, language, id)
}

func TestClientThatLeavesEndsItsStream(t *testing.T) {
	fake := newFakeBot()
	cases := &watched{fakeBot: fake, ended: make(chan struct{}, 1)}
	addr := make(chan string, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan error, 1)
	adapter := web.New(web.Config{Addr: "127.0.0.1:0", OnListen: func(a string) { addr <- a }}, cases)
	go func() { stopped <- adapter.Run(ctx, fake) }()
	s := &site{url: "http://" + <-addr, bot: fake}
	v := s.visitor(t)
	id := v.send([]byte("x"))
	cases.watching.Store(true) // Only the stream's requests from here on.
	f := v.follow(id)
	f.want("pending")
	select {
	case <-cases.ended:
		t.Error("the stream ended before its client left")
	default:
	}
	f.close()
	<-cases.ended
	cancel()
	if err := <-stopped; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestStoppingEndsStreamsAndLetsUploadsFinish(t *testing.T) {
	s := serve(t, web.Config{ShutdownTimeout: time.Minute})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	f := v.follow(id)
	f.want("pending")

	// The bot is at work on an upload when the process is told to stop.
	entered, release := make(chan struct{}), make(chan struct{})
	s.bot.on(func(bot.Message) (bot.Reply, error) {
		close(entered)
		<-release
		return bot.Reply{Case: id}, nil
	})
	uploaded := make(chan deepskin.CaseID, 1)
	go func() {
		defer close(uploaded)
		uploaded <- v.send([]byte("y"))
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		s.stop()
		close(stopped)
	}()
	f.want("")
	close(release)
	if got := <-uploaded; got != id {
		t.Errorf("the upload made %q", got)
	}
	<-stopped
}
