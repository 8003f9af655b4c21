package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// A roundTripper is an http.RoundTripper of one function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// telegramConfig is for a server that does what the test says, whatever is called.
func telegramConfig(t *testing.T, h http.HandlerFunc) telegram.Config {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return telegram.Config{
		Token:       "7000000001:" + strings.Repeat("k", 35),
		APIEndpoint: server.URL + "/bot%s/%s",
		Backoff:     time.Millisecond,
	}
}

func first(a *telegram.Adapter, _ *log) bot.Adapter { return a }

// received sends a photo or document and returns its source.
func received(t *testing.T, s *telegramtest.Server, a *telegram.Adapter, send func()) string {
	t.Helper()
	source := make(chan string, 1)
	stop := run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		source <- m.Photo.Source
		return bot.Reply{}, nil
	}})
	defer stop()
	send()
	return <-source
}

func TestFetch(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	data := photo(t, 77)
	small := received(t, s, a, func() { s.SendPhoto(ann, ann, data) })
	stop := received(t, s, a, func() { s.SendLargeDocument(ann, ann, "a.jpg", "image/jpeg", 20<<20+1) })

	tests := []struct {
		name   string
		source string
		method string // that goes wrong
		faults []telegramtest.Fault
		want   error
	}{
		{name: "plain", source: small},
		{name: "slow down", source: small, method: "getFile", faults: []telegramtest.Fault{{RetryAfter: 1}}},
		{name: "API down for a moment", source: small, method: "getFile", faults: []telegramtest.Fault{{Status: 502}, {HangUp: true}, {LoseAnswer: true}}},
		{name: "files down for a moment", source: small, method: "download", faults: []telegramtest.Fault{{Status: 500}, {HangUp: true}}},
		{name: "file is gone between", source: small, method: "download", faults: []telegramtest.Fault{{Status: 404}}, want: deepskin.ErrGone},
		{name: "too large", source: stop, want: deepskin.ErrTooLarge},
		{name: "no such file", source: "AgAC-" + secret, want: deepskin.ErrGone},
	}
	for _, test := range tests {
		s.Fail(test.method, test.faults...)
		got, err := a.Fetch(t.Context(), test.source)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if test.want == nil && !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, want %d", test.name, len(got), len(data))
		}
		if err != nil {
			checkSecrets(t, test.name, err.Error(), s.Token())
		}
	}
	s.ForgetFiles()
	if _, err := a.Fetch(t.Context(), small); !errors.Is(err, deepskin.ErrGone) {
		t.Errorf("an expired file: %v, want ErrGone", err)
	}
}

// TestFetchIsBounded shows that a server that sends without end is cut off after 20 MB and a byte.
func TestFetchIsBounded(t *testing.T) {
	const limit = 20 << 20
	c := telegramConfig(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/file/") {
			_, _ = io.CopyN(w, zeros{}, limit+1000)
			return
		}
		_, _ = io.WriteString(w, `{"ok":true,"result":{"file_id":"x","file_path":"photos/x.jpg"}}`)
	})
	a, _ := adapter(t, c)
	got, err := a.Fetch(t.Context(), "x")
	if err != nil || len(got) != limit+1 {
		t.Errorf("Fetch: %d bytes and %v, want %d", len(got), err, limit+1)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
