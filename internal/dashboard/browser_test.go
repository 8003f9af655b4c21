package dashboard_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deepskin/internal/browsertest"
	"deepskin/internal/dashboard"
	"deepskin/internal/site"
	"deepskin/internal/team"
)

// The page in a real browser, in the frame of the team's pages, under a policy without scripts.
func TestPageInABrowser(t *testing.T) {
	d := newDashboard(newYear(t).store, queue{jobs: 3, workers: 2}, t.Output())
	d.Frame = func(w http.ResponseWriter, status int, body template.HTML) error {
		return team.Render(w, status, team.Page{Title: "Dashboard", Path: "/dashboard", Body: body, Styles: []string{dashboard.StylePath}})
	}
	mux := http.NewServeMux()
	mux.Handle("/dashboard", d)
	mux.Handle("/dashboard/", d)
	mux.Handle("/team/", team.New(team.Config{}))
	mux.HandleFunc("/page/icon.svg", func(w http.ResponseWriter, _ *http.Request) { // the page's
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`))
	})
	server := httptest.NewServer(site.Secure(site.Policy{
		Content: "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'", Referrer: "same-origin",
	}, mux))
	t.Cleanup(server.Close)

	page := browsertest.Open(t, server.URL+"/dashboard?days=30")
	page.See("h1")
	page.Inspect("dashboard-30")
	page.Click("summary")
	page.See("details[open] table")
	page.Click(".ranges a:last-child")
	page.See(".ranges a:last-child[aria-current]")
	page.Inspect("dashboard-365")
	for _, r := range page.Requests() {
		if !strings.HasPrefix(r.URL, server.URL) {
			t.Errorf("the page asks elsewhere: %s", r.URL)
		}
	}
}
