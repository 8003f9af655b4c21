package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
)

func TestAdapterLeavesAnswersToThePage(t *testing.T) {
	a := web.New(web.Config{}, newFakeBot())
	if a.Name() != "web" || a.Exclusive() {
		t.Errorf("Name is %q, Exclusive %v", a.Name(), a.Exclusive())
	}
	chat := deepskin.Address{Platform: "web", Chat: "somebody"}
	at, err := a.Send(t.Context(), chat, bot.Reply{Text: "Looking…"})
	if err != nil || at.Platform != "web" || at.Chat != "somebody" || at.Message == "" {
		t.Errorf("Send gave %+v, %v", at, err)
	}
	if err := a.Edit(t.Context(), at, bot.Reply{Text: "Done."}); err != nil {
		t.Errorf("Edit: %v", err)
	}
	if err := a.Delete(t.Context(), at); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := a.Fetch(t.Context(), "anything"); !errors.Is(err, deepskin.ErrGone) {
		t.Errorf("Fetch gave %v, want ErrGone", err)
	}
}

func TestRunSaysWhyItCannotListen(t *testing.T) {
	s := serve(t, web.Config{})
	taken := strings.TrimPrefix(s.url, "http://")
	err := web.New(web.Config{Addr: taken}, newFakeBot()).Run(context.Background(), newFakeBot())
	if err == nil || !strings.Contains(err.Error(), "listen for the web page") {
		t.Errorf("Run on a taken address: %v", err)
	}
}

func TestPageAndItsFilesAreOursAndGuarded(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	for path, contentType := range map[string]string{
		"/":               "text/html; charset=utf-8",
		"/page/app.js":    "text/javascript; charset=utf-8",
		"/page/api.js":    "text/javascript; charset=utf-8",
		"/page/answer.js": "text/javascript; charset=utf-8",
		"/page/style.css": "text/css; charset=utf-8",
		"/page/icon.svg":  "image/svg+xml",
		"/sw.js":          "text/javascript; charset=utf-8",

		"/page/words/en.json":   "application/json",
		"/page/app.webmanifest": "application/manifest+json",
		"/page/icon-192.png":    "image/png",
		"/openapi.json":         "application/openapi+json",
	} {
		res, body := v.get(path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %s, %s", path, res.Status, res.Header.Get("Content-Type"))
		}
		if strings.HasPrefix(contentType, "text/") && (strings.Contains(body, "http://") || strings.Contains(body, "https://")) {
			t.Errorf("%s names another host", path)
		}
		if len(res.Cookies()) > 0 {
			t.Errorf("%s sets a cookie before anything was sent", path)
		}
		checkGuards(t, res)
	}

	res, _ := v.get("/page/app.js")
	again, _ := v.do(http.MethodGet, "/page/app.js", nil, "If-None-Match", res.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("an unchanged file came again: %s", again.Status)
	}
}

func TestPageCanBeInstalled(t *testing.T) {
	v := serve(t, web.Config{}).visitor(t)
	_, body := v.get("/page/app.webmanifest")
	var manifest struct {
		Name, Display string
		StartURL      string `json:"start_url"`
		Icons         []struct{ Src, Sizes, Type, Purpose string }
	}
	if err := json.Unmarshal([]byte(body), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name == "" || manifest.Display != "standalone" || manifest.StartURL != "/" {
		t.Errorf("the manifest is %s", body)
	}
	sizes := map[string]bool{}
	for _, icon := range manifest.Icons {
		res, content := v.get(icon.Src)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != icon.Type {
			t.Errorf("%s: %s, %s", icon.Src, res.Status, res.Header.Get("Content-Type"))
		}
		sizes[icon.Purpose+icon.Sizes] = true
		if icon.Type != "image/png" {
			continue
		}
		found, err := png.DecodeConfig(strings.NewReader(content))
		if err != nil || fmt.Sprintf("%dx%d", found.Width, found.Height) != icon.Sizes {
			t.Errorf("%s is %d x %d, want %s; %v", icon.Src, found.Width, found.Height, icon.Sizes, err)
		}
	}
	if !sizes["192x192"] || !sizes["512x512"] || !sizes["maskable512x512"] {
		t.Errorf("the icons have the sizes %v", sizes)
	}
}

// checkGuards checks the headers that every answer carries.
func checkGuards(t testing.TB, res *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", res.Request.URL.Path, name, got, want)
		}
	}
	csp := res.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: the content security policy is %q", res.Request.URL.Path, csp)
	}
	if !strings.Contains(res.Header.Get("Permissions-Policy"), "geolocation=()") {
		t.Errorf("%s: no permissions policy", res.Request.URL.Path)
	}
	if res.Header.Get("Cache-Control") == "" {
		t.Errorf("%s: no word on caching", res.Request.URL.Path)
	}
}

func TestOpenAPIDocumentHoldsEveryRoute(t *testing.T) {
	s := serve(t, web.Config{})
	_, body := s.visitor(t).get("/openapi.json")
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Errorf("version is %q", document.OpenAPI)
	}
	for path, methods := range map[string][]string{
		"/v1/cases":              {"post"},
		"/v1/cases/{id}":         {"get", "delete"},
		"/v1/cases/{id}/events":  {"get"},
		"/v1/cases/{id}/photo":   {"get"},
		"/v1/cases/{id}/heatmap": {"get"},
		"/v1/cases/{id}/verdict": {"post"},
	} {
		if len(document.Paths[path]) != len(methods) {
			t.Errorf("%s has %d operations, want %d", path, len(document.Paths[path]), len(methods))
		}
		for _, method := range methods {
			if document.Paths[path][method] == nil {
				t.Errorf("%s %s is missing", method, path)
			}
		}
	}
	for _, want := range []string{"multipart/form-data", "text/event-stream", "image/jpeg", "application/problem+json", "deepskin_session", "Idempotency-Key"} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not mentioned", want)
		}
	}
}

// checkProblem checks that an answer is a problem with words, and returns those.
func checkProblem(t testing.TB, res *http.Response, body string, status int) string {
	t.Helper()
	var problem struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if res.StatusCode != status {
		t.Errorf("%s %s: %s: %s; want %d", res.Request.Method, res.Request.URL.Path, res.Status, body, status)
	}
	if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: a problem of type %q", res.Request.Method, res.Request.URL.Path, got)
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Errorf("%s %s: %v in %q", res.Request.Method, res.Request.URL.Path, err, body)
	}
	if problem.Status != res.StatusCode || problem.Title == "" || problem.Detail == "" {
		t.Errorf("%s %s: an incomplete problem: %s", res.Request.Method, res.Request.URL.Path, body)
	}
	checkGuards(t, res)
	return problem.Detail
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/nothing", http.StatusNotFound},
		{http.MethodGet, "/page/", http.StatusNotFound},
		{http.MethodGet, "/docs", http.StatusNotFound},
		{http.MethodPut, "/v1/cases", http.StatusMethodNotAllowed},
		{http.MethodGet, "/v1/cases", http.StatusMethodNotAllowed},
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
	} {
		res, body := v.do(c.method, c.path, nil)
		checkProblem(t, res, body, c.status)
		if c.status == http.StatusMethodNotAllowed && res.Header.Get("Allow") == "" {
			t.Errorf("%s %s: no word on what is allowed", c.method, c.path)
		}
	}
}

// The team's pages are somebody else's, with headers of their own; without them there is nothing.
func TestTheTeamsPagesHaveTheirPlace(t *testing.T) {
	team := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "theirs")
		fmt.Fprint(w, "team at ", r.URL.Path)
	})
	with, without := serve(t, web.Config{Team: team}).visitor(t), serve(t, web.Config{}).visitor(t)
	for _, path := range []string{"/team/login", "/review", "/review/x/photo", "/dashboard", "/dashboard/style.css"} {
		res, body := with.get(path)
		if body != "team at "+path || res.Header.Get("Content-Security-Policy") != "theirs" {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
		if res, body = without.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s without a team: %s %s", path, res.Status, body)
		}
	}
	for _, path := range []string{"/teams", "/reviews", "/v1/team"} {
		if res, body := with.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
	}
}
