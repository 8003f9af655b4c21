// Package team is the web pages of the team: who has a one-time link logs in, looks at the photos that
// people reported and votes on what they show.
//
// A session says who votes and nothing else: it lasts for SessionTime, also where its reviewer loses
// the role that brought the link meanwhile.
package team

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"path"
	"time"

	"deepskin"
	"deepskin/internal/site"
)

// Logins keeps links and sessions. *store.Store implements it.
type Logins interface {
	// AddTeamLink notes a one-time link, whose token opens a session of the reviewer's until it
	// expires. An earlier link of the same reviewer works no longer.
	AddTeamLink(ctx context.Context, token string, reviewer deepskin.Sender, now, expires time.Time) error
	// OpenTeamSession uses a link up and opens a session with a token of its own. It returns
	// deepskin.ErrNotFound for a link that is unknown, used up or expired.
	OpenTeamSession(ctx context.Context, link, token string, now, expires time.Time) (deepskin.TeamSession, error)
	// TeamSession returns the session with a token, or deepskin.ErrNotFound where there is none, or
	// no longer.
	TeamSession(ctx context.Context, token string, now time.Time) (deepskin.TeamSession, error)
	// EndTeamSession ends the session with a token, if there is one.
	EndTeamSession(ctx context.Context, token string) error
}

// Reviews is what there is to vote on. *store.Store implements it. What is not there, or no longer, is
// deepskin.ErrNotFound.
type Reviews interface {
	// ReviewLine returns the reviews that wait for this reviewer's vote, at most limit, the first in
	// line first.
	ReviewLine(ctx context.Context, reviewer deepskin.Sender, limit int) ([]deepskin.ReviewTask, error)
	// ReviewTask returns what a reviewer sees of one review.
	ReviewTask(ctx context.Context, reviewer deepskin.Sender, id deepskin.CaseID) (deepskin.ReviewTask, error)
	// Vote records what a reviewer says of a photo.
	Vote(ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time) (deepskin.VoteOutcome, error)
	// OpenReviews returns how many answers wait for the team's decision.
	OpenReviews(ctx context.Context) (int, error)
	// Photo returns a kept photo, a JPEG, or deepskin.ErrGone.
	Photo(ctx context.Context, id deepskin.CaseID) ([]byte, error)
}

// Config is what the pages need. Logins, Reviews, Heatmap and Logger are required.
type Config struct {
	Logins  Logins
	Reviews Reviews
	// Heatmap draws a grid over a photo and returns a JPEG.
	Heatmap func(photo []byte, grid deepskin.Grid) ([]byte, error)
	// Secure says that browsers reach the pages by https, and are to send their cookie by nothing
	// else.
	Secure bool
	// Dashboard serves /dashboard and what is below it to those who are logged in; its pages can stand
	// in the same frame by Render. Nil means that there is none.
	Dashboard http.Handler
	// Logger takes what operators should know, and who logged in, saw which photo and voted what, by the
	// reviewer's key.
	Logger *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Pages serves /team, /review, /dashboard and what is below them.
type Pages struct {
	Config
	failures throttle
	handler  http.Handler
}

// policy lets the pages use their own files and forms, and nothing else. The referrer goes nowhere else
// either, but without any, browsers would say that our forms come from nowhere.
var policy = site.Policy{
	Content: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	Referrer:    "same-origin",
	Permissions: "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

// New returns the pages.
func New(c Config) *Pages {
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &Pages{Config: c}
	mux := http.NewServeMux()
	routeFiles(mux)
	mux.HandleFunc("GET /team/login", p.showLogin)
	mux.HandleFunc("POST /team/login", p.login)
	mux.HandleFunc("POST /team/logout", p.logout)
	mux.Handle("GET /review", p.known(p.review))
	mux.Handle("POST /review/vote", p.known(p.vote))
	mux.Handle("POST /review/skip", p.known(p.skip))
	mux.Handle("POST /review/again", p.known(p.again))
	mux.Handle("GET /review/{id}/photo", p.known(p.photo))
	mux.Handle("GET /review/{id}/heatmap", p.known(p.heatmap))
	if c.Dashboard != nil {
		dashboard := p.known(func(w http.ResponseWriter, r *http.Request, _ deepskin.TeamSession) { c.Dashboard.ServeHTTP(w, r) })
		mux.Handle("/dashboard", dashboard)
		mux.Handle("/dashboard/", dashboard)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, http.StatusNotFound, "There is nothing here", "The team's pages are at /review.")
	})
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, http.StatusForbidden, "This did not come from here", "Another page asked for this. Nothing was done.")
	}))
	apologise := func(w http.ResponseWriter, _ *http.Request) { p.trouble(w) }
	p.handler = site.Secure(policy, site.RecoverPanics(c.Logger, apologise, ours.Handler(mux)))
	return p
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

//go:embed files
var files embed.FS

// routeFiles serves style and scripts.
func routeFiles(mux *http.ServeMux) {
	for _, name := range []string{"style.css", "login.js", "review.js"} {
		content, err := files.ReadFile(path.Join("files", name))
		if err != nil {
			panic(err) // Cannot be: it is in the binary.
		}
		mux.Handle("GET /team/"+name, site.File(name, content))
	}
}

// trouble answers where something of ours is broken.
func (p *Pages) trouble(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5") // seconds
	p.say(w, http.StatusServiceUnavailable, "Something went wrong", "It is our fault. Please try again in a moment.")
}
