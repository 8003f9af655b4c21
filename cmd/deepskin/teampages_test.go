package main

import (
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/web/client"
)

// A teamBrowser is a browser on the team's pages.
type teamBrowser struct {
	t    *testing.T
	url  string
	http *http.Client
}

// browse logs in with a link, which may begin with another address than the one by which the browser
// reaches the service.
func browse(t *testing.T, front *httptest.Server, link string) teamBrowser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := teamBrowser{t, front.URL, &http.Client{Jar: jar, Transport: front.Client().Transport}}
	if page := b.post("/team/login", "link", link); !strings.Contains(page, "Log out") {
		t.Fatalf("the link %q does not open the team's pages: %s", link, page)
	}
	return b
}

func (b teamBrowser) read(res *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(page)
}

func (b teamBrowser) get(path string) string { b.t.Helper(); return b.read(b.http.Get(b.url + path)) }

func (b teamBrowser) post(path string, fields ...string) string {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.read(b.http.PostForm(b.url+path, form))
}

// TestTeamPages has two reviewers decide on a photo from the page: one comes by Discord, the other by the
// command line.
func TestTeamPages(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	guild := fake.AddGuild("clinic")
	team := guild.AddChannel("team")
	role := guild.AddRole("reviewers", 0)
	rita, ben := fake.AddPerson("rita"), fake.AddPerson("ben")
	guild.Join(rita, role)
	guild.Join(ben)
	const public = "https://deep_skin.example"
	env := withDiscord(fake, environ(t, map[string]string{
		"DISCORD_TEAM_CHANNEL": team.ID, "DISCORD_REVIEWER_ROLE": role.ID, "DEEPSKIN_PUBLIC_URL": public + "/",
	}))
	s := start(t, env)
	fake.WaitForConnection()

	visitor := client.New(s.url)
	c := ask(t, visitor, photo(t, 1))
	if err := visitor.Judge(t.Context(), c.ID, deepskin.Verdict{Truth: deepskin.TruthMalignant, Keep: new(true)}); err != nil {
		t.Fatal(err)
	}

	if got := ben.Run(team, "team").WaitForAnswer(); got.OnlyFor != ben.ID || !strings.Contains(got.Text(), "Only reviewers") {
		t.Errorf("somebody without the role reads %s", describe(got))
	}
	answer := rita.Run(team, "team").WaitForAnswer()
	at := strings.Index(answer.Text(), public+"/team/login#")
	if answer.OnlyFor != rita.ID || at < 0 {
		t.Fatalf("the reviewer reads %s", describe(answer))
	}
	out, log, err := program(t, env, "login-link", "--reviewer", "ann-from-the-lab")
	if err != nil || !strings.HasPrefix(out, public+"/team/login#") {
		t.Fatalf("login-link: %v\n%s%s", err, out, log)
	}
	if page := (teamBrowser{t, s.url, http.DefaultClient}).get("/review"); !strings.Contains(page, "How to get a link") {
		t.Errorf("a stranger reads %s", page)
	}

	// The public address is https, so browsers send their cookie by nothing else.
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(front.Close)
	fromDiscord := browse(t, front, strings.Fields(answer.Text()[at:])[0])
	fromServer := browse(t, front, out)
	for _, b := range []teamBrowser{fromDiscord, fromServer} {
		page := b.get("/review")
		if !strings.Contains(page, string(c.ID)) || !strings.Contains(page, "A doctor said malignant") || !strings.Contains(page, c.Model) {
			t.Errorf("the reviewer reads %s", page)
		}
		for _, what := range []string{"photo", "heatmap"} {
			if _, err := jpeg.Decode(bytes.NewReader([]byte(b.get("/review/" + string(c.ID) + "/" + what)))); err != nil {
				t.Errorf("the %s: %v", what, err)
			}
		}
		if page := b.post("/review/vote", "case", string(c.ID), "decision", "no_lesion"); !strings.Contains(page, "Noted: No skin spot") {
			t.Errorf("after the vote the reviewer reads %s", page)
		}
	}
	fake.WaitFor("the decision", func() bool {
		p := posts(fake, team)
		return len(p) == 1 && strings.Contains(p[0].Text(), "Decided: No skin spot.")
	})
	for _, secret := range []string{rita.ID, "ann-from-the-lab", team.ID, strings.TrimSpace(out), fake.Token()} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if n := strings.Count(s.log.String(), "a reviewer voted"); n != 2 {
		t.Errorf("the log has %d votes", n)
	}
}

func TestPublicURL(t *testing.T) {
	for _, wrong := range []string{"deepskin.example", "ftp://deepskin.example", "https://", "https://deepskin.example/folder", "https://a@b.example", "https://b.example/?x"} {
		_, err := readSettings(map[string]string{"DEEPSKIN_PUBLIC_URL": wrong})
		if err == nil || !strings.Contains(err.Error(), "DEEPSKIN_PUBLIC_URL") {
			t.Errorf("%q gives %v", wrong, err)
		}
	}
	for _, test := range []struct{ addr, public, want string }{
		{":8080", "", "http://localhost:8080"},
		{"127.0.0.1:9000", "", "http://localhost:9000"},
		{":8080", "https://deepskin.example:8443", "https://deepskin.example:8443"},
	} {
		s, err := readSettings(map[string]string{"DEEPSKIN_ADDR": test.addr, "DEEPSKIN_PUBLIC_URL": test.public})
		if err != nil || s.publicURL() != test.want {
			t.Errorf("%+v: %q, %v", test, s.publicURL(), err)
		}
	}
}
