package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
)

func TestUploadMakesACase(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	photo := drawSpot(color.Black)
	// Any order of the fields will do, and others do no harm.
	body, contentType := form(t, field{"photo", string(photo)}, field{"note", "x"}, field{"consent", "true"})
	res, text := v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s", res.Status, text)
	}
	checkGuards(t, res)
	var got struct {
		ID           deepskin.CaseID
		Status       deepskin.Status
		Case, Events string
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	id, c := s.bot.only(t)
	if !bytes.Equal(c.photo, photo) {
		t.Error("the photo arrived changed")
	}
	path := "/v1/cases/" + string(id)
	if got.ID != id || got.Status != deepskin.Pending || got.Case != path || got.Events != path+"/events" || res.Header.Get("Location") != path {
		t.Errorf("answer is %s, Location %q; want case %s", text, res.Header.Get("Location"), id)
	}
	if c.at.Platform != "web" || c.at.Chat == "" || strings.Contains(c.at.Chat+c.at.Message, c.owner.ID) {
		t.Error("the address does not name the session, or opens it")
	}
}

func TestSessionCookie(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	upload := func(headers ...string) *http.Cookie {
		t.Helper()
		body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
		res, text := v.do(http.MethodPost, "/v1/cases", body, append(headers, "Content-Type", contentType)...)
		if res.StatusCode != http.StatusAccepted || len(res.Cookies()) != 1 {
			t.Fatalf("%s, %d cookies: %s", res.Status, len(res.Cookies()), text)
		}
		return res.Cookies()[0]
	}
	first := upload()
	if !first.HttpOnly || first.SameSite != http.SameSiteStrictMode || first.Path != "/" || first.Secure || first.MaxAge < 300*24*3600 {
		t.Errorf("cookie is %+v", first)
	}
	if len(first.Value) != 43 {
		t.Errorf("the token has %d characters, want 43 for 256 bits", len(first.Value))
	}
	if again := upload(); again.Value != first.Value {
		t.Error("a second upload opened another session")
	}
	if secure := upload("X-Forwarded-Proto", "https"); !secure.Secure {
		t.Error("the cookie is not secure behind TLS")
	}

	for _, forged := range []string{"x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("*", 43)} {
		stranger := s.visitor(t)
		body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
		res, _ := stranger.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType, "Cookie", "deepskin_session="+forged)
		if len(res.Cookies()) != 1 || res.Cookies()[0].Value == forged {
			t.Errorf("the forged token %q opened a session", forged)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	v.send([]byte("to get a session"))
	send := func(v *visitor, key string) string {
		t.Helper()
		body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
		res, text := v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType, "Idempotency-Key", key)
		if res.StatusCode != http.StatusAccepted {
			t.Fatalf("%s: %s", res.Status, text)
		}
		return res.Header.Get("Location")
	}
	first := send(v, "a")
	if again := send(v, "a"); again != first {
		t.Error("the same key made a second case")
	}
	if other := send(v, "b"); other == first {
		t.Error("another key made no case of its own")
	}
	if stranger := send(s.visitor(t), "a"); stranger == first {
		t.Error("the same key of another session met the first one's case")
	}
	if first == "" || s.bot.count() != 4 {
		t.Errorf("there are %d cases, want 4", s.bot.count())
	}
}

func TestUploadsThatAreNotTaken(t *testing.T) {
	s := serve(t, web.Config{})
	multi := func(fields ...field) func(*testing.T) (io.Reader, string) {
		return func(t *testing.T) (io.Reader, string) { return form(t, fields...) }
	}
	plain := func(contentType, body string) func(*testing.T) (io.Reader, string) {
		return func(*testing.T) (io.Reader, string) { return strings.NewReader(body), contentType }
	}
	big := strings.Repeat("x", 21<<20)
	for _, c := range []struct {
		name   string
		body   func(*testing.T) (io.Reader, string)
		status int
		words  string
	}{
		{"no consent", multi(field{"photo", "x"}), 422, "agree"},
		{"consent refused", multi(field{"consent", "false"}, field{"photo", "x"}), 422, "agree"},
		{"consent that only begins well", multi(field{"consent", "trueish-and-more"}, field{"photo", "x"}), 422, "agree"},
		{"no photo", multi(field{"consent", "true"}), 422, "no photo"},
		{"empty photo", multi(field{"consent", "true"}, field{"photo", ""}), 422, "empty"},
		{"two photos", multi(field{"consent", "true"}, field{"photo", "x"}, field{"photo", "y"}), 422, "one photo"},
		{"two photos, the first empty", multi(field{"consent", "true"}, field{"photo", ""}, field{"photo", "y"}), 422, "one photo"},
		{"21 MB", multi(field{"consent", "true"}, field{"photo", big}), 413, "20 MB"},
		{"21 MB of unknown length", func(t *testing.T) (io.Reader, string) {
			body, contentType := form(t, field{"consent", "true"}, field{"photo", big})
			return io.MultiReader(body), contentType
		}, 413, "20 MB"},
		{"one byte over 20 MB", multi(field{"consent", "true"}, field{"photo", big[:20<<20+1]}), 413, "20 MB"},
		{"JSON", plain("application/json", `{"photo":"x"}`), 415, "form"},
		{"no content type", plain("", "x"), 415, "form"},
		{"form without boundary", plain("multipart/form-data", "x"), 415, "form"},
		{"another kind of form", plain("application/x-www-form-urlencoded", "consent=true&photo=x"), 415, "form"},
		{"cut off", plain("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"photo\"\r\n\r\nabc"), 400, "a part of it is missing"},
		{"a form without fields", plain("multipart/form-data; boundary=b", "nonsense"), 422, "agree"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := s.visitor(t)
			body, contentType := c.body(t)
			res, text := v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
			if words := checkProblem(t, res, text, c.status); !strings.Contains(words, c.words) {
				t.Errorf("the words are %q, want %q in them", words, c.words)
			}
			if len(res.Cookies()) > 0 {
				t.Error("a session was opened for nothing")
			}
		})
	}
	if s.bot.count() != 0 {
		t.Errorf("%d cases were made", s.bot.count())
	}
}

func TestExactly20MBAreTaken(t *testing.T) {
	s := serve(t, web.Config{})
	s.visitor(t).send(bytes.Repeat([]byte{'x'}, 20<<20))
	if _, c := s.bot.only(t); len(c.photo) != 20<<20 {
		t.Errorf("%d bytes arrived", len(c.photo))
	}
}

func TestBotTurnsPhotosAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		reply  bot.Reply
		err    error
		status int
		retry  string
		words  string
	}{
		{"too many of this sender", bot.Reply{Text: "Please come back in a minute.", RetryAfter: 59*time.Second + 1}, nil, 429, "60", "in a minute"},
		{"no case, only words", bot.Reply{Text: "That was no photo."}, nil, 422, "", "no photo"},
		{"busy", bot.Reply{}, fmt.Errorf("enqueue: %w", deepskin.ErrBusy), 503, "5", "a lot to do"},
		{"broken", bot.Reply{}, errors.New("dial redis.internal:6379"), 503, "5", "our side"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, web.Config{})
			s.bot.on(func(bot.Message) (bot.Reply, error) { return c.reply, c.err })
			body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
			res, text := s.visitor(t).do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
			if words := checkProblem(t, res, text, c.status); !strings.Contains(words, c.words) {
				t.Errorf("the words are %q", words)
			}
			if got := res.Header.Get("Retry-After"); got != c.retry {
				t.Errorf("Retry-After is %q, want %q", got, c.retry)
			}
			if strings.Contains(text, "redis") {
				t.Errorf("internals leak: %s", text)
			}
		})
	}
}

func TestUploadsWaitForRoom(t *testing.T) {
	s := serve(t, web.Config{UploadMemory: 1}) // Room for one.
	entered, release := make(chan struct{}), make(chan struct{})
	s.bot.on(func(bot.Message) (bot.Reply, error) {
		close(entered)
		<-release
		return bot.Reply{Text: "Enough."}, nil
	})
	first := make(chan int, 1)
	body, contentType := form(t, field{"consent", "true"}, field{"photo", "x"})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/cases", io.MultiReader(body)) // Of unknown length.
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	client := s.visitor(t).http
	go func() {
		res, err := client.Do(req)
		if err != nil {
			t.Errorf("the first upload: %v", err)
			first <- 0
			return
		}
		_ = res.Body.Close()
		first <- res.StatusCode
	}()
	<-entered

	body, contentType = form(t, field{"consent", "true"}, field{"photo", "x"})
	res, text := s.visitor(t).do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
	if words := checkProblem(t, res, text, http.StatusServiceUnavailable); !strings.Contains(words, "a lot to do") || res.Header.Get("Retry-After") == "" {
		t.Errorf("the words are %q, Retry-After %q", words, res.Header.Get("Retry-After"))
	}
	close(release)
	if status := <-first; status != http.StatusUnprocessableEntity {
		t.Errorf("the first upload: %d", status)
	}
	s.bot.on(nil)
	s.visitor(t).send([]byte("x")) // There is room again.
}

// Whoever uploads slowly, as often as they can, leaves room for others.
func TestOneAddressDoesNotTakeAllRoom(t *testing.T) {
	s := serve(t, web.Config{UploadsPerNetwork: 2})
	entered, release := make(chan string, 3), make(chan struct{})
	s.bot.on(func(m bot.Message) (bot.Reply, error) {
		entered <- m.Network
		<-release
		return bot.Reply{Text: "Enough."}, nil
	})
	upload := func(from string) int {
		body, contentType := form(t, field{"consent", "true"}, field{"photo", "x"})
		res, _ := s.visitor(t).do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType, "X-Forwarded-For", from)
		return res.StatusCode
	}
	var busy sync.WaitGroup
	for _, from := range []string{"203.0.113.9", "203.0.113.9", "203.0.113.10"} {
		busy.Go(func() {
			if status := upload(from); status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", from, status)
			}
		})
		if network := <-entered; network != from+"/32" {
			t.Errorf("the bot hears of %q, want %s", network, from)
		}
	}
	if status := upload("203.0.113.9"); status != http.StatusServiceUnavailable {
		t.Errorf("the third of an address: %d", status)
	}
	close(release)
	busy.Wait()
	if status := upload("203.0.113.9"); status != http.StatusUnprocessableEntity { // there is room again
		t.Errorf("the next: %d", status)
	}
	if network := <-entered; network == "" {
		t.Error("the bot hears nothing of the address")
	}
	if status := upload(""); status != http.StatusUnprocessableEntity {
		t.Errorf("from nobody knows where: %d", status)
	}
	if network := <-entered; network != "" {
		t.Errorf("the bot hears of %q", network)
	}
}

func TestSlowUploadIsEnded(t *testing.T) {
	s := serve(t, web.Config{UploadTimeout: 50 * time.Millisecond})
	reader, writer := io.Pipe()
	defer writer.Close()
	go func() {
		// One part begins and never ends.
		_, _ = io.WriteString(writer, "--b\r\nContent-Disposition: form-data; name=\"photo\"\r\n\r\nabc")
	}()
	res, text := s.visitor(t).do(http.MethodPost, "/v1/cases", reader, "Content-Type", "multipart/form-data; boundary=b")
	checkProblem(t, res, text, http.StatusRequestTimeout)
}

func TestOtherSitesCannotAct(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	s.bot.settle(id, answered)
	path := "/v1/cases/" + string(id)
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example"}} {
		body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
		res, text := v.do(http.MethodPost, "/v1/cases", body, append(header, "Content-Type", contentType)...)
		checkProblem(t, res, text, http.StatusForbidden)
		res, text = v.do(http.MethodPost, path+"/verdict", strings.NewReader(`{"agrees":true}`), append(header, "Content-Type", "application/json")...)
		checkProblem(t, res, text, http.StatusForbidden)
		res, text = v.do(http.MethodDelete, path, nil, header...)
		checkProblem(t, res, text, http.StatusForbidden)
	}
	if _, c := s.bot.only(t); c.view.Case.Verdict != nil {
		t.Error("a verdict came through")
	}
}
