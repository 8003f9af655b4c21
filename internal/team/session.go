package team

import (
	"errors"
	"net/http"
	"time"

	"deepskin"
)

// sessionCookie is the name of the cookie that holds a session's token. Where there is https, the
// prefix has browsers refuse a cookie of that name from anybody but this very host.
func (p *Pages) sessionCookie() string {
	if p.Secure {
		return "__Host-deepskin_team"
	}
	return "deepskin_team"
}

// setCookie sets a cookie that scripts and other sites cannot use; a negative time removes it.
func (p *Pages) setCookie(w http.ResponseWriter, name, value, path string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(lasts / time.Second),
		HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteStrictMode,
	})
}

// known serves those who are logged in, and tells others how to log in.
func (p *Pages) known(serve func(http.ResponseWriter, *http.Request, deepskin.TeamSession)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(p.sessionCookie())
		if err != nil {
			p.stranger(w, r)
			return
		}
		session, err := p.Logins.TeamSession(r.Context(), cookie.Value, p.Now())
		switch {
		case errors.Is(err, deepskin.ErrNotFound):
			p.stranger(w, r)
		case err != nil:
			p.failed(w, r, "look up a session", err)
		default:
			serve(w, r, session)
		}
	})
}

// stranger answers whoever is not logged in. A browser that follows a link from elsewhere keeps the
// cookie back, so the page offers the way from here, too.
func (p *Pages) stranger(w http.ResponseWriter, r *http.Request) {
	v := loginView{}
	if r.Method == http.MethodGet {
		v.Back = r.URL.Path
	}
	p.askLogin(w, http.StatusForbidden, v)
}
