package dashboard_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"deepskin/internal/browsertest"
	"deepskin/internal/dashboard"
)

// The page in a real browser, with a policy as strict as that of the team's pages.
func TestPageInABrowser(t *testing.T) {
	y := newYear(t, 15_000)
	d := newDashboard(y.store, queue{jobs: 3, workers: 2}, t.Output())
	d.Frame = func(w http.ResponseWriter, status int, body template.HTML) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		return framed.Execute(w, body)
	}
	mux := http.NewServeMux()
	mux.Handle("/", d)
	sheet, err := os.ReadFile("testdata/team.css")
	ok(t, err)
	mux.HandleFunc("GET /team.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(sheet)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'")
		mux.ServeHTTP(w, r)
	}))
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
		if len(r.URL) < len(server.URL) || r.URL[:len(server.URL)] != server.URL {
			t.Errorf("the page asks elsewhere: %s", r.URL)
		}
	}
}

var framed = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dashboard</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/team.css"><link rel="stylesheet" href="` + dashboard.StylePath + `"></head>
<body><main>{{.}}</main></body></html>`))
