package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"

	"deepskin"
)

// cookieName is the cookie that holds a session's token. The token is 256 random bits; whoever
// has it is the owner of the session's cases.
const cookieName = "deepskin_session"

// cookieAge is the longest that browsers keep a cookie, 400 days, in seconds. Each upload
// renews it.
const cookieAge = 400 * 24 * 60 * 60

// A session is the token as it comes with a request.
type session string

// sender returns the session's owner, and false where the token has not the form that
// openSession gives.
func (s session) sender() (deepskin.Sender, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(s))
	if err != nil || len(b) != 32 {
		return deepskin.Sender{}, false
	}
	return deepskin.Sender{Platform: platform, ID: string(s)}, true
}

// openSession returns the request's sender, a new one if there is none yet, and sets or renews
// the cookie. It serves uploads only, not the page: a browser that follows a link from
// elsewhere keeps the SameSite=Strict cookie back, and a new one would then replace it.
func openSession(w http.ResponseWriter, r *http.Request, s session) deepskin.Sender {
	sender, ok := s.sender()
	if !ok {
		var token [32]byte
		_, _ = rand.Read(token[:]) // Never fails.
		sender = deepskin.Sender{Platform: platform, ID: base64.RawURLEncoding.EncodeToString(token[:])}
	}
	http.SetCookie(w, &http.Cookie{
		Name:     cookieName,
		Value:    sender.ID,
		Path:     "/",
		MaxAge:   cookieAge,
		HttpOnly: true,
		Secure:   r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
		SameSite: http.SameSiteStrictMode,
	})
	return sender
}
