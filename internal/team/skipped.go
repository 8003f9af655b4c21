package team

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"deepskin"
)

// skippedCookie holds the cases that a reviewer has put off, so that any process can serve the next
// one.
const skippedCookie = "deepskin_skipped"

// maxSkipped bounds the cookie. Whoever skips more meets the first ones again.
const maxSkipped = 50

// skip puts a photo off until the others have been seen.
func (p *Pages) skip(w http.ResponseWriter, r *http.Request, _ deepskin.TeamSession) {
	id, ok := p.caseOf(w, r)
	if !ok {
		p.say(w, http.StatusBadRequest, "There is nothing to skip", "Please go back to /review and try again.")
		return
	}
	skipped := readSkipped(r)
	if !slices.Contains(skipped, id) {
		skipped = append(skipped, id)
	}
	skipped = skipped[max(0, len(skipped)-maxSkipped):]
	var list []string
	for _, id := range skipped {
		list = append(list, string(id))
	}
	p.setCookie(w, skippedCookie, strings.Join(list, "."), "/review", SessionTime)
	http.Redirect(w, r, "/review", http.StatusSeeOther)
}

// again brings back what was put off.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, _ deepskin.TeamSession) {
	p.setCookie(w, skippedCookie, "", "/review", -time.Second)
	http.Redirect(w, r, "/review", http.StatusSeeOther)
}

// readSkipped returns the cases that a reviewer has put off, oldest first.
func readSkipped(r *http.Request) []deepskin.CaseID {
	cookie, err := r.Cookie(skippedCookie)
	if err != nil {
		return nil
	}
	var list []deepskin.CaseID
	for id := range strings.SplitSeq(cookie.Value, ".") {
		if id := deepskin.CaseID(id); id.Valid() && len(list) < maxSkipped {
			list = append(list, id)
		}
	}
	return list
}
