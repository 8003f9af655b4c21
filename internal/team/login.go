package team

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"deepskin"
	"deepskin/internal/site"
)

const (
	// LinkTime is how long a link can be used.
	LinkTime = 15 * time.Minute
	// SessionTime is how long somebody stays logged in.
	SessionTime = 12 * time.Hour
)

// maxForm is how many bytes a form may have.
const maxForm = 4 << 10

// Link notes a one-time link for a reviewer and returns it. The public URL is where browsers reach the
// pages, "https://deepskin.example" say.
//
// The token is in the fragment, which browsers keep to themselves: no log on the way, no preview of a
// chat and no other site gets to see it.
func Link(ctx context.Context, logins Logins, publicURL string, reviewer deepskin.Sender, now time.Time) (string, error) {
	token := rand.Text()
	if err := logins.AddTeamLink(ctx, token, reviewer, now, now.Add(LinkTime)); err != nil {
		return "", fmt.Errorf("make a link to the team's pages: %w", err)
	}
	return strings.TrimRight(publicURL, "/") + "/team/login#" + token, nil
}

// A loginView is what the page with the login shows.
type loginView struct {
	// Problem is why the last try did not work; empty where there was none.
	Problem string
	// LoggedOut says that a session has just ended.
	LoggedOut bool
	// Back is the page that asked for a login; empty for none.
	Back string
}

func (p *Pages) showLogin(w http.ResponseWriter, r *http.Request) {
	p.askLogin(w, http.StatusOK, loginView{LoggedOut: r.URL.Query().Has("out")})
}

func (p *Pages) askLogin(w http.ResponseWriter, status int, v loginView) {
	p.show(w, status, false, "login.html", v, Page{Title: "Log in", Scripts: []string{"/team/login.js"}})
}

// login uses up a link. A request that only looks at it, as the preview of a chat does, is none of
// these.
func (p *Pages) login(w http.ResponseWriter, r *http.Request) {
	from, _ := site.Client(r)
	if wait := p.failures.wait(from, p.Now()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		p.askLogin(w, http.StatusTooManyRequests, loginView{Problem: "There were too many tries. Please wait a minute."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	link := strings.TrimSpace(r.PostFormValue("link"))
	link = link[strings.LastIndex(link, "#")+1:] // The whole link is fine, too.
	token, now := rand.Text(), p.Now()
	session, err := p.Logins.OpenTeamSession(r.Context(), link, token, now, now.Add(SessionTime))
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		p.failures.note(from, now)
		p.Logger.Warn("a link to the team's pages was refused")
		p.askLogin(w, http.StatusForbidden, loginView{
			Problem: "This link does not work. Each link works once, for 15 minutes, and a new one takes the place of the one before.",
		})
	case err != nil:
		p.failed(w, r, "log in", err)
	default:
		p.endSession(r)
		p.setCookie(w, p.sessionCookie(), token, "/", SessionTime)
		p.Logger.Info("a reviewer logged in", "reviewer", session.Key)
		http.Redirect(w, r, "/review", http.StatusSeeOther)
	}
}

func (p *Pages) logout(w http.ResponseWriter, r *http.Request) {
	p.endSession(r)
	p.setCookie(w, p.sessionCookie(), "", "/", -time.Second)
	p.setCookie(w, skippedCookie, "", "/review", -time.Second)
	http.Redirect(w, r, "/team/login?out", http.StatusSeeOther)
}

// endSession ends the session that a request comes with, if there is one. Should that fail, the cookie
// goes all the same, and the session ends with its time.
func (p *Pages) endSession(r *http.Request) {
	cookie, err := r.Cookie(p.sessionCookie())
	if err != nil {
		return
	}
	if err := p.Logins.EndTeamSession(r.Context(), cookie.Value); err != nil {
		p.Logger.Error("a session of the team could not be ended", "err", err)
	}
}

// failed answers where something of ours is broken, and tells operators of what was being done.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, doing string, err error) {
	if r.Context().Err() == nil { // Else the client went away, and nobody is in trouble.
		p.Logger.Error("team page failed", "doing", doing, "err", err)
	}
	p.trouble(w)
}
