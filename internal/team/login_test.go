package team_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/team"
)

func TestALinkOpensOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	link := w.link(t, rita)
	if !strings.HasPrefix(link, w.url+"/team/login#") || len(token(t, link)) != 26 {
		t.Fatalf("the link is %q", link)
	}
	v := w.visitor(t)
	for range 3 { // as often as the previews of chats like
		res, page := v.get("/team/login")
		says(t, res, page, http.StatusOK, "one-time link", "login-link", "/team</code>")
	}
	res, page := v.post("/team/login", "link", " "+link+"\n") // pasted, by a browser without scripts
	says(t, res, page, http.StatusOK, "Nothing waits for you", "Log out")
	res, page = v.get("/review")
	says(t, res, page, http.StatusOK, "Nothing waits for you")

	other := w.visitor(t)
	res, page = other.post("/team/login", "link", token(t, link))
	says(t, res, page, http.StatusForbidden, "This link does not work", "once, for 15 minutes")
	res, page = other.get("/review")
	says(t, res, page, http.StatusForbidden, "How to get a link", `href="/review"`)
	if got := w.logs.String(); !strings.Contains(got, "logged in") || !strings.Contains(got, "refused") ||
		strings.Contains(got, rita.ID) || strings.Contains(got, token(t, link)) {
		t.Errorf("the log is %s", got)
	}
}

func TestALinkThatDoesNotWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	expired := w.link(t, rita)
	w.pass(team.LinkTime)
	replaced := w.link(t, rita)
	w.link(t, rita)
	for name, link := range map[string]string{
		"expired": expired, "replaced": replaced, "empty": "", "made up": w.url + "/team/login#ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"too long": strings.Repeat("A", 1<<20),
	} {
		v := w.visitor(t)
		res, page := v.post("/team/login", "link", link)
		says(t, res, page, http.StatusForbidden, "This link does not work")
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: there is a cookie", name)
		}
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.loggedIn(t, rita)
	w.pass(team.SessionTime - time.Minute)
	res, page := v.get("/review")
	says(t, res, page, http.StatusOK)
	w.pass(time.Minute)
	res, page = v.get("/review")
	says(t, res, page, http.StatusForbidden, "your session is over")

	v = w.loggedIn(t, rita)
	id := w.dispute(t, "", nil)
	stolen := v.http.Jar.Cookies(res.Request.URL)
	res, page = v.post("/team/logout")
	says(t, res, page, http.StatusOK, "You are logged out")
	v.http.Jar.SetCookies(res.Request.URL, stolen)
	for _, path := range []string{"/review", "/review/" + string(id) + "/photo", "/review/" + string(id) + "/heatmap"} {
		res, page = v.get(path)
		says(t, res, page, http.StatusForbidden, "How to get a link")
	}
	// Who logs in anew leaves nothing open.
	v = w.loggedIn(t, rita)
	before := v.http.Jar.Cookies(res.Request.URL)
	res, page = v.post("/team/login", "link", w.link(t, rita))
	says(t, res, page, http.StatusOK)
	v.http.Jar.SetCookies(res.Request.URL, before)
	res, page = v.get("/review")
	says(t, res, page, http.StatusForbidden)
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		secure bool
		name   string
	}{{true, "__Host-deepskin_team"}, {false, "deepskin_team"}} {
		w := newWorld(t, func(c *team.Config) { c.Secure = test.secure })
		v := w.visitor(t)
		v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, page := v.post("/team/login", "link", w.link(t, rita))
		says(t, res, page, http.StatusSeeOther)
		if len(res.Cookies()) != 1 {
			t.Fatalf("the cookies are %v", res.Cookies())
		}
		c := res.Cookies()[0]
		if c.Name != test.name || c.Secure != test.secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" ||
			c.Domain != "" || c.MaxAge != int(team.SessionTime/time.Second) || len(c.Value) != 26 {
			t.Errorf("the cookie is %+v", c)
		}
	}
}

func TestTooManyTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.visitor(t)
	try := func(link, forwarded string) (*http.Response, string) {
		return v.do(http.MethodPost, "/team/login", strings.NewReader("link="+link), "Content-Type", "application/x-www-form-urlencoded",
			"X-Forwarded-For", forwarded)
	}
	for range 10 {
		res, page := try("wrong", "192.0.2.7, 203.0.113.9")
		says(t, res, page, http.StatusForbidden)
	}
	link := token(t, w.link(t, rita))
	res, page := try(link, "192.0.2.8, 203.0.113.9") // of the list only the last entry is the proxy's
	says(t, res, page, http.StatusTooManyRequests, "too many tries")
	if res.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	for _, other := range []string{"203.0.113.10", "2001:db8::1", "no address", ""} { // others are not held up
		res, page = try("wrong", other)
		says(t, res, page, http.StatusForbidden)
	}
	for range 10 { // one network of IPv6 is one address
		try("wrong", "2001:db8:1::1")
	}
	res, page = try(link, "2001:db8:1::ffff")
	says(t, res, page, http.StatusTooManyRequests)
	w.pass(time.Minute)
	res, page = try(link, "203.0.113.9")
	says(t, res, page, http.StatusOK, "Nothing waits")
}

// Somebody on the internet who comes without a proxy cannot say that they are somebody else.
func TestAddressesAreNotMadeUp(t *testing.T) {
	t.Parallel()
	var pages http.Handler
	w := newWorld(t, func(c *team.Config) { pages = team.New(*c) })
	try := func(link string, forwarded string) int {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/team/login", strings.NewReader("link="+link))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Forwarded-For", forwarded)
		req.RemoteAddr = "198.51.100.20:4711"
		answer := httptest.NewRecorder()
		pages.ServeHTTP(answer, req)
		return answer.Code
	}
	for i := range 10 {
		if got := try("wrong", "203.0.113."+string(rune('0'+i))); got != http.StatusForbidden {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := try(token(t, w.link(t, rita)), "203.0.113.99"); got != http.StatusTooManyRequests {
		t.Errorf("the next try: %d", got)
	}
}

func TestOtherSitesAskForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.loggedIn(t, rita)
	id := string(w.dispute(t, "", nil))
	for name, header := range map[string][2]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "a sibling": {"Sec-Fetch-Site", "same-site"}, "an old browser": {"Origin", "https://evil.example"},
	} {
		for _, path := range []string{"/team/login", "/team/logout", "/review/vote", "/review/skip", "/review/again"} {
			res, page := v.do(http.MethodPost, path, strings.NewReader("case="+id+"&decision=mel&link="+token(t, w.link(t, rolf))),
				"Content-Type", "application/x-www-form-urlencoded", header[0], header[1])
			if res.StatusCode != http.StatusForbidden || !strings.Contains(page, "Nothing was done") {
				t.Errorf("%s: %s: %s", name, path, res.Status)
			}
		}
	}
	res, page := v.get("/review")
	says(t, res, page, http.StatusOK, "Log out", id)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.loggedIn(t, rita)
	id := string(w.dispute(t, "", nil))
	for _, path := range []string{"/review", "/review/" + id + "/photo", "/team/login", "/team/nothing", "/team/style.css"} {
		res, _ := v.get(path)
		h := res.Header
		caching := "private, no-store"
		if path == "/team/style.css" {
			caching = "no-cache"
		}
		if policy := h.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || h.Get("Cache-Control") != caching ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: the headers are %v", path, h)
		}
	}
}

func TestTheDashboardIsBehindTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *team.Config) {
		c.Dashboard = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/dashboard" {
				_, _ = io.WriteString(w, "below")
				return
			}
			ok(t, team.Render(w, http.StatusOK, team.Page{
				Title: "Dashboard", Path: "/dashboard", Body: "<h1>Figures</h1>", Styles: []string{"/dashboard/style.css"},
				Scripts: []string{"/dashboard/chart.js"},
			}))
		})
	})
	stranger := w.visitor(t)
	for _, path := range []string{"/dashboard", "/dashboard/style.css"} {
		res, page := stranger.get(path)
		says(t, res, page, http.StatusForbidden, "How to get a link")
	}
	v := w.loggedIn(t, rita)
	res, page := v.get("/dashboard")
	says(t, res, page, http.StatusOK, "<h1>Figures</h1>", `href="/dashboard/style.css"`, `src="/dashboard/chart.js"`,
		`<a href="/review">Review</a>`, `<a href="/dashboard" aria-current="page">Dashboard</a>`, "Log out")
	res, page = v.get("/dashboard/style.css")
	says(t, res, page, http.StatusOK, "below")
	res, page = v.get("/review")
	says(t, res, page, http.StatusOK, `<a href="/review" aria-current="page">Review</a>`, `<a href="/dashboard">Dashboard</a>`)

	bare := newWorld(t, nil)
	v = bare.loggedIn(t, rita)
	res, page = v.get("/dashboard")
	says(t, res, page, http.StatusNotFound, "nothing here")
	res, page = v.get("/review")
	says(t, res, page, http.StatusOK)
	if strings.Contains(page, "/dashboard") {
		t.Error("the navigation names a dashboard that is not there")
	}
}

// brokenLogins has no database.
type brokenLogins struct{ team.Logins }

func (brokenLogins) OpenTeamSession(context.Context, string, string, time.Time, time.Time) (deepskin.TeamSession, error) {
	return deepskin.TeamSession{}, errors.New("the disk is full")
}

func (brokenLogins) TeamSession(context.Context, string, time.Time) (deepskin.TeamSession, error) {
	panic("a secret")
}

func TestTroubleIsOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *team.Config) { c.Logins = brokenLogins{} })
	v := w.visitor(t)
	res, page := v.post("/team/login", "link", "any")
	says(t, res, page, http.StatusServiceUnavailable, "It is our fault")
	res, page = v.do(http.MethodGet, "/review", nil, "Cookie", "deepskin_team=x")
	says(t, res, page, http.StatusServiceUnavailable, "It is our fault")
	if got := w.logs.String(); !strings.Contains(got, "the disk is full") || !strings.Contains(got, "panicked") || strings.Contains(got, "a secret") {
		t.Errorf("the log is %s", got)
	}
}
