package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// connected returns an adapter that does not poll, and a Telegram where Ann and Ben have written.
func connected(t *testing.T) (*telegramtest.Server, bot.Adapter) {
	t.Helper()
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	greet(s, ann, ben)
	return s, a
}

func TestTexts(t *testing.T) {
	s, a := connected(t)
	tests := []struct {
		name, title, text string
		want              string
	}{
		{"plain", "", "Hello.\n\nBye.", "Hello.\n\nBye."},
		{"title", "Title", "Hello.", "Title\n\nHello."},
		{"markup is not ours", "<i>1 & 2</i>", `a < b > c & d &lt; "e" </b> <script>`, `<i>1 & 2</i>` + "\n\n" + `a < b > c & d &lt; "e" </b> <script>`},
		{"spaces around", " Title ", "\n\n Hello. \n", "Title\n\nHello."},
		{"broken UTF-8", "", "a\xffb", "a\uFFFDb"},
		{"as long as can be", "", strings.Repeat("x", 4096), strings.Repeat("x", 4096)},
		{"one too long", "", strings.Repeat("x", 4097), strings.Repeat("x", 4095) + "…"},
		{"markup does not count", "", strings.Repeat("<", 4096), strings.Repeat("<", 4096)},
		{"characters of two units", "", strings.Repeat("🙂", 3000), strings.Repeat("🙂", 2047) + "…"},
		{"long with title", "🙂", strings.Repeat("ä", 5000), "🙂\n\n" + strings.Repeat("ä", 4096-4-1) + "…"},
		{"long title", strings.Repeat("T", 5000), "Hello.", strings.Repeat("T", 4095) + "…"},
	}
	for _, test := range tests {
		at, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Title: test.title, Text: test.text})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		messages := s.FromBot(ann)
		m := messages[len(messages)-1]
		if m.Text != test.want {
			t.Errorf("%s: shown as %.80q (%d units), want %.80q", test.name, m.Text, len(utf16.Encode([]rune(m.Text))), test.want)
		}
		if at != addressOf(m) {
			t.Errorf("%s: the address is not the message's", test.name)
		}
		if bold := strings.Join(m.Bold, ""); (test.title == "") != (bold == "") || !strings.HasPrefix(m.Text, bold) {
			t.Errorf("%s: %.80q is bold", test.name, m.Bold)
		}
	}
}

func TestButtonsThatAskAreLeftOutInGroups(t *testing.T) {
	s, a := connected(t)
	form := bot.Button{Label: "In words", Data: "note", Ask: &bot.Question{Title: "Note", Label: "What was it?"}}
	group := s.NewGroup()
	for _, chat := range []int64{ann, group} {
		_, err := a.Send(t.Context(), chatOf(chat), bot.Reply{Text: "Choose.", Buttons: [][]bot.Button{
			{form}, {{Label: "👍", Data: "up"}, form},
		}})
		if err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	want := []telegramtest.Button{{Text: "👍", Data: "up"}}
	if got := s.FromBot(group)[0].Buttons; len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("the buttons in a group are %v, want %v only", got, want)
	}
	if got := s.FromBot(ann)[0].Buttons; len(got) != 2 || len(got[1]) != 2 {
		t.Errorf("the buttons in a private chat are %v", got)
	}
}

func TestPictures(t *testing.T) {
	s, a := connected(t)
	first, second := photo(t, 10), photo(t, 20)
	buttons := [][]bot.Button{{{Label: "👍", Data: "up"}}}
	steps := []struct {
		name    string
		reply   bot.Reply
		text    string
		picture []byte
	}{
		{"text", bot.Reply{Title: "One", Text: "Looking…"}, "One\n\nLooking…", nil},
		{"text becomes picture", bot.Reply{Title: "Two", Text: "a < b", Picture: first, Buttons: buttons}, "Two\n\na < b", first},
		{"same picture again", bot.Reply{Title: "Two", Text: "a < b", Picture: first, Buttons: buttons}, "Two\n\na < b", first},
		{"another picture", bot.Reply{Text: "Three", Picture: second}, "Three", second},
		{"another caption", bot.Reply{Text: "Four", Buttons: buttons}, "Four", second},
		{"same caption again", bot.Reply{Text: "Four", Buttons: buttons}, "Four", second},
		{"long caption", bot.Reply{Text: strings.Repeat("ä", 1500)}, strings.Repeat("ä", 1023) + "…", second},
		{"picture alone", bot.Reply{Picture: first}, "", first},
		{"silence", bot.Reply{}, "", first},
	}
	at, err := a.Send(t.Context(), chatOf(ann), steps[0].reply)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	for _, step := range steps[1:] {
		if err := a.Edit(t.Context(), at, step.reply); err != nil {
			t.Errorf("%s: %v", step.name, err)
			continue
		}
		m := s.FromBot(ann)[0]
		if m.Text != step.text || !bytes.Equal(m.Picture, step.picture) || len(m.Buttons) != len(step.reply.Buttons) {
			t.Errorf("%s: shows %.40q, a picture of %d bytes and %d buttons", step.name, m.Text, len(m.Picture), len(m.Buttons))
		}
	}
	if got := len(s.FromBot(ann)); got != 1 {
		t.Errorf("there are %d messages, want the one that was edited", got)
	}

	at, err = a.Send(t.Context(), chatOf(ben), bot.Reply{Text: strings.Repeat("🙂", 1000), Picture: first, Buttons: buttons})
	if err != nil {
		t.Fatalf("send a picture: %v", err)
	}
	m := s.FromBot(ben)[0]
	if at != addressOf(m) || m.Text != strings.Repeat("🙂", 511)+"…" || !bytes.Equal(m.Picture, first) || len(m.Buttons) != 1 {
		t.Errorf("the picture came as %.40q with %d bytes", m.Text, len(m.Picture))
	}
}

func TestWhatIsGone(t *testing.T) {
	s, a := connected(t)
	ctx := t.Context()
	hello := bot.Reply{Text: "hello"}
	at, err := a.Send(ctx, chatOf(ann), hello)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	// Deleting twice is no error; editing what is gone is one that can be told.
	for range 2 {
		if err := a.Delete(ctx, at); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if got := s.FromBot(ann); len(got) != 0 {
		t.Errorf("the chat shows %v", got)
	}
	notFound := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		} else {
			checkSecrets(t, what, err.Error(), s.Token())
		}
	}
	notFound("edit a deleted message", a.Edit(ctx, at, hello))
	notFound("edit a person's message", a.Edit(ctx, addressOf(s.Messages(ann)[0]), hello))
	_, err = a.Send(ctx, chatOf(cas), hello)
	notFound("write to a stranger", err)

	// A reply to a message that is gone is still sent.
	if _, err := a.Send(ctx, at, hello); err != nil {
		t.Errorf("reply to a deleted message: %v", err)
	}
	if m := s.FromBot(ann); len(m) != 1 || m[0].ReplyTo != 0 {
		t.Errorf("the chat shows %v", m)
	}

	at = addressOf(s.FromBot(ann)[0])
	s.Block(ann)
	_, err = a.Send(ctx, chatOf(ann), hello)
	notFound("write to somebody who blocked the bot", err)
	notFound("edit there", a.Edit(ctx, at, bot.Reply{Text: "other"}))
	if err := a.Delete(ctx, at); err != nil {
		t.Errorf("delete there: %v", err)
	}
}

func TestForeignAddresses(t *testing.T) {
	s, a := connected(t)
	for _, at := range []deepskin.Address{
		{},
		{Platform: "web", Chat: "1", Message: "1"},
		{Platform: "telegram", Chat: "@name", Message: "1"},
		{Platform: "telegram", Chat: "1", Message: `1},"x":{`},
	} {
		if _, err := a.Send(t.Context(), at, bot.Reply{Text: "x"}); err == nil {
			t.Errorf("Send to %#v: no error", at)
		}
		if a.Edit(t.Context(), at, bot.Reply{Text: "x"}) == nil || a.Delete(t.Context(), at) == nil {
			t.Errorf("Edit or Delete at %#v: no error", at)
		}
	}
	if a.Edit(t.Context(), chatOf(ann), bot.Reply{Text: "x"}) == nil || a.Delete(t.Context(), chatOf(ann)) == nil {
		t.Error("a chat was edited or deleted")
	}
	for _, b := range []bot.Button{{Label: "x"}, {Data: "x"}, {Label: "x", Data: strings.Repeat("x", 65)}} {
		if _, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "x", Buttons: [][]bot.Button{{b}}}); err == nil {
			t.Errorf("button %v: no error", b)
		}
	}
	if at, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Title: "x"}); err != nil || at != chatOf(ann) {
		t.Errorf("silence: %#v, %v", at, err)
	}
	if calls := s.AllCalls(); len(calls) != 0 {
		t.Errorf("Telegram was called: %v", calls)
	}
}

// TestRepeats shows which calls are made again after a failure: those that do no harm.
func TestRepeats(t *testing.T) {
	failures := map[string]telegramtest.Fault{
		"502":         {Status: http.StatusBadGateway},
		"500":         {Status: http.StatusInternalServerError, Description: "Internal Server Error"},
		"hang-up":     {HangUp: true},
		"lost answer": {LoseAnswer: true},
	}
	for name, fault := range failures {
		t.Run(name, func(t *testing.T) {
			s, a := connected(t)
			ctx := t.Context()
			at, err := a.Send(ctx, chatOf(ann), bot.Reply{Text: "first"})
			if err != nil {
				t.Fatalf("Send: %v", err)
			}
			s.Fail("editMessageText", fault, fault)
			s.Fail("editMessageMedia", fault, fault)
			s.Fail("deleteMessage", fault, fault)
			s.Fail("sendMessage", fault)
			s.Fail("sendPhoto", fault)
			if err := a.Edit(ctx, at, bot.Reply{Text: "second"}); err != nil {
				t.Errorf("Edit: %v", err)
			}
			if err := a.Edit(ctx, at, bot.Reply{Text: "third", Picture: photo(t, 10)}); err != nil {
				t.Errorf("Edit into a picture: %v", err)
			}
			if m := s.FromBot(ann); len(m) != 1 || m[0].Text != "third" || m[0].Edits != 2 {
				t.Errorf("the chat shows %d messages", len(m))
			}
			if err := a.Delete(ctx, at); err != nil {
				t.Errorf("Delete: %v", err)
			}
			for _, r := range []bot.Reply{{Text: "once"}, {Text: "once", Picture: photo(t, 10)}} {
				_, err := a.Send(ctx, chatOf(ben), r)
				if err == nil {
					t.Error("a message that may not have arrived is taken for sent")
				} else {
					checkSecrets(t, "error", err.Error(), s.Token())
				}
			}
			if sent, photos := s.Calls("sendMessage"), s.Calls("sendPhoto"); sent != 2 || photos != 1 {
				t.Errorf("%d texts and %d pictures were tried, want 2 and 1", sent, photos)
			}
		})
	}
}

func TestRepeatsEnd(t *testing.T) {
	s, a := connected(t)
	at, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "first"})
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	for range 100 {
		s.Fail("editMessageText", telegramtest.Fault{Status: http.StatusBadGateway})
	}
	if err := a.Edit(t.Context(), at, bot.Reply{Text: "second"}); err == nil {
		t.Error("Edit: no error from a server that is down")
	}
	if got := s.Calls("editMessageText"); got != 5 {
		t.Errorf("%d attempts, want 5", got)
	}
}

// TestUnheardMessageIsSentAgain shows that a message that never left is tried again.
func TestUnheardMessageIsSentAgain(t *testing.T) {
	s := telegramtest.New(t)
	greet(s, ann)
	c := quick(s)
	var dials atomic.Int32
	c.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) < 3 {
				address = "127.0.0.1:1" // nobody listens there
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	a, _ := adapter(t, c)
	if _, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "hello"}); err != nil {
		t.Errorf("Send: %v", err)
	}
	if got := len(s.FromBot(ann)); got != 1 {
		t.Errorf("%d messages came", got)
	}
}

// TestContextReachesTheRequests lets every request hang until its context ends it.
func TestContextReachesTheRequests(t *testing.T) {
	arrived := make(chan struct{})
	c := telegramConfig(t, func(_ http.ResponseWriter, r *http.Request) {
		// The server sees the end of the connection only once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-t.Context().Done():
		}
	})
	a, _ := adapter(t, c)
	at := chatOf(ann)
	at.Message = "1"
	calls := map[string]func(context.Context) error{
		"Send": func(ctx context.Context) error {
			_, err := a.Send(ctx, at, bot.Reply{Text: secret})
			return err
		},
		"Send a picture": func(ctx context.Context) error {
			_, err := a.Send(ctx, at, bot.Reply{Picture: photo(t, 1)})
			return err
		},
		"Edit":   func(ctx context.Context) error { return a.Edit(ctx, at, bot.Reply{Text: secret}) },
		"Delete": func(ctx context.Context) error { return a.Delete(ctx, at) },
		"Fetch": func(ctx context.Context) error {
			_, err := a.Fetch(ctx, "file")
			return err
		},
		"Check": func(ctx context.Context) error {
			_, err := a.Check(ctx)
			return err
		},
	}
	for name, call := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- call(ctx) }()
		<-arrived
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		} else {
			checkSecrets(t, name, err.Error(), c.Token)
		}
	}
}

// TestDeadNetworkTellsNoSecrets collects the errors of all calls when nothing listens, and when a
// client's own errors quote the URL.
func TestDeadNetworkTellsNoSecrets(t *testing.T) {
	s := telegramtest.New(t)
	dead := quick(s)
	dead.APIEndpoint = "http://127.0.0.1:1/bot%s/%s"
	talkative := quick(s)
	talkative.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("cannot reach " + r.URL.String())
	})}
	redirecting := telegramConfig(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusTemporaryRedirect)
	})
	at := chatOf(ann)
	at.Message = "77"
	for name, c := range map[string]struct {
		a     bot.Adapter
		token string
	}{
		"dead":        {first(adapter(t, dead)), dead.Token},
		"talkative":   {first(adapter(t, talkative)), talkative.Token},
		"redirecting": {first(adapter(t, redirecting)), redirecting.Token},
	} {
		ctx := t.Context()
		_, sent := c.a.Send(ctx, at, bot.Reply{Text: secret})
		_, pictured := c.a.Send(ctx, at, bot.Reply{Text: secret, Picture: photo(t, 1)})
		_, fetched := c.a.Fetch(ctx, "file")
		for what, err := range map[string]error{
			"Send": sent, "Send a picture": pictured, "Fetch": fetched,
			"Edit":   c.a.Edit(ctx, at, bot.Reply{Text: secret}),
			"Delete": c.a.Delete(ctx, at),
		} {
			if err == nil {
				t.Errorf("%s, %s: no error", name, what)
				continue
			}
			checkSecrets(t, name+", "+what, err.Error(), c.token)
		}
		run, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		if err := c.a.Run(run, silent); err != nil {
			t.Errorf("%s, Run: %v", name, err)
		}
		cancel()
	}
}

// TestUnknownErrorsTellNoSecrets shows that Telegram's own words, which quote messages, stay out.
func TestUnknownErrorsTellNoSecrets(t *testing.T) {
	s, a := connected(t)
	s.Fail("sendMessage", telegramtest.Fault{Status: 400, Description: `Bad Request: can't parse entities: Unsupported start tag "` + secret + `"`})
	_, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "x"})
	if err == nil {
		t.Fatal("no error")
	}
	checkSecrets(t, "error", err.Error(), s.Token())
	if want := "telegram sendMessage: 400 Bad Request"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}
