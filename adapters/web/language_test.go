package web_test

import (
	"errors"
	"image/color"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/bot/words"
)

// What the reader's browser or the page says goes to the bot, and what language came back is told.
func TestLanguages(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	const reads = "nl-BE,nl;q=0.9,en;q=0.5"
	var heard string
	photo := string(drawSpot(color.RGBA{110, 70, 50, 255}))
	s.bot.on(func(m bot.Message) (bot.Reply, error) {
		heard = m.Language
		return bot.Reply{Text: "Het is nu te druk", Language: "nl", RetryAfter: time.Second}, nil
	})
	body, contentType := form(t, field{"consent", "true"}, field{"photo", photo})
	res, text := v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType, "Accept-Language", reads)
	if heard != reads || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Content-Language") != "nl" {
		t.Errorf("the bot heard %q and the page %s in %q: %s", heard, res.Status, res.Header.Get("Content-Language"), text)
	}
	s.bot.on(nil)

	id := v.send([]byte(photo))
	s.bot.settle(id, func(v *bot.View) { v.Case.Status = deepskin.Expired }) // the stream ends at once
	for _, path := range []string{"", "/events"} {
		for accept, want := range map[string]string{"": "en", reads: "nl", "de": "de", "ja, fr;q=0.1": "fr"} {
			res, text := v.do(http.MethodGet, "/v1/cases/"+string(id)+path, nil, "Accept-Language", accept)
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Language") != want {
				t.Errorf("%s for %q: %s in %q, want %q: %s", path, accept, res.Status, res.Header.Get("Content-Language"), want, text)
			}
			if !strings.Contains(text, string(id)) {
				t.Errorf("%s for %q is not the case: %s", path, accept, text)
			}
		}
	}
}

// Whoever sends a photo from the page reads in their language why it was not taken.
func TestProblemsAreInTheReadersLanguage(t *testing.T) {
	usual, hurried := serve(t, web.Config{}), serve(t, web.Config{UploadTimeout: 50 * time.Millisecond})
	big := strings.Repeat("x", 20<<20+1)
	multi := func(fields ...field) func(t *testing.T) (io.Reader, string) {
		return func(t *testing.T) (io.Reader, string) { return form(t, fields...) }
	}
	cutOff := func(end bool) func(*testing.T) (io.Reader, string) {
		return func(*testing.T) (io.Reader, string) {
			begin := strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"photo\"\r\n\r\nabc")
			if end {
				return begin, "multipart/form-data; boundary=b"
			}
			never, _ := io.Pipe()
			return io.MultiReader(begin, never), "multipart/form-data; boundary=b"
		}
	}
	for _, c := range []struct {
		message string
		status  int
		body    func(*testing.T) (io.Reader, string)
		reply   func(bot.Message) (bot.Reply, error)
	}{
		{"web.consent", 422, multi(field{"photo", "x"}), nil},
		{"web.missing", 422, multi(field{"consent", "true"}), nil},
		{"refusal.empty", 422, multi(field{"consent", "true"}, field{"photo", ""}), nil},
		{"web.single", 422, multi(field{"consent", "true"}, field{"photo", "x"}, field{"photo", "y"}), nil},
		{"web.large", 413, multi(field{"consent", "true"}, field{"photo", big}), nil},
		{"web.damaged", 400, cutOff(true), nil},
		{"web.slow", 408, cutOff(false), nil},
		{"web.busy", 503, multi(field{"consent", "true"}, field{"photo", "x"}), func(bot.Message) (bot.Reply, error) {
			return bot.Reply{}, deepskin.ErrBusy
		}},
		{"web.trouble", 503, multi(field{"consent", "true"}, field{"photo", "x"}), func(bot.Message) (bot.Reply, error) {
			return bot.Reply{}, errors.New("store is down")
		}},
		{"web.trouble", 500, multi(field{"consent", "true"}, field{"photo", "x"}), func(bot.Message) (bot.Reply, error) {
			panic("a bug")
		}},
	} {
		s := usual
		if c.status == http.StatusRequestTimeout {
			s = hurried
		}
		s.bot.on(c.reply)
		for accept, tag := range map[string]string{"nl-BE,en;q=0.5": "nl", "tlh, x-nobody": "en", "es": "es"} {
			body, contentType := c.body(t)
			res, text := s.visitor(t).do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType, "Accept-Language", accept)
			got := checkProblem(t, res, text, c.status)
			if want := words.For(tag).Say(c.message); got != want || res.Header.Get("Content-Language") != tag {
				t.Errorf("%s for %q: %q in %q, want %q in %s", c.message, accept, got, res.Header.Get("Content-Language"), want, tag)
			}
		}
	}
}

// The same goes for a case that is not there, or no longer.
func TestProblemsOfCasesAreInTheReadersLanguage(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	for _, c := range []struct {
		err     error
		message string
		status  int
	}{
		{deepskin.ErrNotFound, "web.absent", 404}, {deepskin.ErrGone, "notice.gone", 410}, {deepskin.ErrBusy, "web.busy", 503},
	} {
		s.bot.fail(c.err)
		for _, r := range everyRequest {
			res, text := v.do(r.method, "/v1/cases/"+string(id)+r.path, strings.NewReader(r.body),
				"Content-Type", "application/json", "Accept-Language", "de")
			got := checkProblem(t, res, text, c.status)
			if want := words.For("de").Say(c.message); got != want || res.Header.Get("Content-Language") != "de" {
				t.Errorf("%s %s: %q in %q, want %q in German", r.method, r.path, got, res.Header.Get("Content-Language"), want)
			}
		}
	}
}
