// Package dashboard is the page on which the team sees how the service is doing: how many photos come,
// what becomes of them, what people say of the answers, and whether the photos are still like those that
// the model was measured on. The same drift is told as metrics.
package dashboard

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"deepskin"
	"deepskin/internal/watch"
)

// A Store is what there is to show. *store.Store implements it.
type Store interface {
	// Days returns the counts of each day since the beginning of one, the oldest first.
	Days(ctx context.Context, since time.Time) ([]watch.Day, error)
	// Thumbs counts the verdicts on answers to photos that came since a time, by model.
	Thumbs(ctx context.Context, since time.Time) ([]watch.Thumbs, error)
	// Models returns the cards of the models, the last served first.
	Models(ctx context.Context) ([]watch.Card, error)
	// OpenReviews returns how many answers wait for the team's decision.
	OpenReviews(ctx context.Context) (int, error)
	// Agreement says how far reviewers agreed whose votes are from since a time.
	Agreement(ctx context.Context, since time.Time) (deepskin.Agreement, error)
}

// A Queue is what the workers have to do. *queue.Queue implements it.
type Queue interface {
	// Backlog returns how many jobs are waiting or being worked on.
	Backlog(ctx context.Context) (int, error)
	// Workers returns how many workers live.
	Workers(ctx context.Context) (int, error)
}

// Config is what the dashboard needs. All of it is required but Now.
type Config struct {
	Store Store
	Queue Queue
	// Frame writes the page around a body, which needs the style sheet at StylePath.
	Frame func(w http.ResponseWriter, status int, body template.HTML) error
	// Logger is told of what could not be shown.
	Logger *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// StylePath is where the dashboard's style sheet is served.
const StylePath = "/dashboard/style.css"

//go:embed files
var files embed.FS

// Ranges are the numbers of days that can be looked at; the second is what is shown at first.
var ranges = []int{7, 30, 90, 365}

// A Dashboard serves /dashboard and what is below it.
type Dashboard struct {
	Config
	mux *http.ServeMux
}

// New returns a dashboard.
func New(c Config) *Dashboard {
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &Dashboard{Config: c, mux: http.NewServeMux()}
	d.mux.HandleFunc("GET /dashboard", d.show)
	d.mux.HandleFunc("GET "+StylePath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "files/style.css")
	})
	return d
}

// ServeHTTP implements http.Handler.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

func (d *Dashboard) show(w http.ResponseWriter, r *http.Request) {
	days, err := strconv.Atoi(r.FormValue("days"))
	if err != nil || !slices.Contains(ranges, days) {
		days = ranges[1]
	}
	status, body := http.StatusOK, template.HTML("")
	found, err := d.look(r.Context(), days)
	if err == nil {
		body, err = render("dashboard.html", found.view())
	}
	if err != nil {
		if r.Context().Err() != nil {
			return // nobody waits any more
		}
		d.Logger.ErrorContext(r.Context(), "the dashboard could not be shown", "error", err)
		status = http.StatusInternalServerError
		body = `<h1>Dashboard</h1><p>The figures cannot be had just now. The log says why.</p>`
	}
	if err := d.Frame(w, status, body); err != nil {
		d.Logger.ErrorContext(r.Context(), "the dashboard's frame could not be shown", "error", err)
	}
}

var templates = template.Must(template.New("").ParseFS(files, "files/*.html"))

func render(name string, data any) (template.HTML, error) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name, data); err != nil {
		return "", fmt.Errorf("lay out the dashboard: %w", err)
	}
	return template.HTML(body.String()), nil //nolint:gosec // a template escaped what is in it
}
