package web_test

import (
	"bytes"
	"image/color"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/web"
)

// A stranger is a client without a session, that follows no redirects.
func stranger() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// FuzzAPI sends requests to a site with a case of somebody else. CASE in a path stands for its ID. No
// answer shows anything of it, blames us, or comes without the headers that guard browsers.
func FuzzAPI(f *testing.F) {
	s := serve(f, web.Config{})
	owner := &visitor{t: f, site: s, http: stranger()}
	id := owner.send(drawSpot(color.Black))
	s.bot.settle(id, answered)
	for _, r := range everyRequest {
		for _, session := range []string{"", strings.Repeat("A", 43), "\x00", strings.Repeat("=", 5000)} {
			f.Add(r.method, "/v1/cases/CASE"+r.path, "application/json", r.body, session, "de;q=0.9, *")
		}
	}
	for _, path := range []string{
		"/", "/../..//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page/../server.go", "//example.org", "/team/login", "/openapi.json",
		"/v1/cases", "/v1/cases/", "/v1/cases/%00", "/index.html?x=CASE", "/v1/cases/CASE%2fphoto", "/v1/cases/CASE/photo/", "/debug/pprof/",
	} {
		f.Add(http.MethodGet, path, "", "", "", "")
	}
	client := stranger()
	f.Fuzz(func(t *testing.T, method, path, contentType, body, session, language string) {
		path = strings.ReplaceAll(path, "CASE", string(id))
		req, err := http.NewRequestWithContext(t.Context(), method, s.url, strings.NewReader(body))
		if err != nil || method == http.MethodConnect {
			return // which no client could send, or is of proxies
		}
		req.URL.Opaque = "/" + strings.TrimPrefix(path, "/")
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Accept-Language", language)
		req.Header.Set("Cookie", "deepskin_session="+session)
		res, err := client.Do(req)
		if err != nil {
			return // The client found the headers or the path impossible.
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s %q: %s: %s", method, path, res.Status, answer)
		}
		if bytes.Contains(answer, []byte("harmless ones")) || bytes.HasPrefix(answer, []byte("\xff\xd8")) {
			t.Errorf("%s %q shows a stranger %q", method, path, answer)
		}
		if res.StatusCode != http.StatusBadRequest { // the server itself refuses what is no HTTP
			checkGuards(t, res)
		}
		if !s.bot.has(id) {
			t.Fatalf("%s %q deleted somebody's case", method, path)
		}
	})
}

// FuzzUpload sends forms. Whatever is taken for a photo was sent as one.
func FuzzUpload(f *testing.F) {
	s := serve(f, web.Config{})
	for _, fields := range [][]field{
		{{"consent", "true"}, {"photo", "\xff\xd8\xff"}},
		{{"photo", "x"}, {"note", "y"}, {"consent", "true"}},
		{{"photo", "x"}, {"photo", "y"}},
		{{"photo", ""}},
		{},
	} {
		body, contentType := form(f, fields...)
		whole, err := io.ReadAll(body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(contentType, whole, "a key")
		f.Add(contentType, whole[:len(whole)/2], "")
	}
	const part = "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"../../x.jpg\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF=D8"
	f.Add("multipart/form-data; boundary=b", []byte(part+"\r\n--b--\r\n"), "")
	f.Add("multipart/form-data; boundary=\"\"", []byte("--"), "")
	f.Add("multipart/mixed; boundary=b", []byte(part), "")
	client := stranger()
	f.Fuzz(func(t *testing.T, contentType string, body []byte, key string) {
		s.bot.clear()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/cases", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Idempotency-Key", key)
		res, err := client.Do(req)
		if err != nil {
			return // The client found the headers impossible.
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case res.StatusCode >= http.StatusInternalServerError:
			t.Errorf("%s: %s", res.Status, answer)
		case res.StatusCode != http.StatusAccepted:
			if n := s.bot.count(); n != 0 {
				t.Errorf("%s, but there are %d cases", res.Status, n)
			}
			return
		}
		if _, c := s.bot.only(t); len(c.photo) == 0 || len(c.photo) > len(body) {
			t.Errorf("a photo of %d bytes was read out of a form of %d", len(c.photo), len(body))
		}
	})
}
