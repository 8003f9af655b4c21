package web_test

import (
	"image/color"
	"net/http"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
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
