package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// Reviewers of the team, of one ID on two platforms.
var (
	rita   = deepskin.Sender{Platform: "discord", ID: "reviewer-rita-1234"}
	ritaIn = deepskin.Sender{Platform: "team", ID: "reviewer-rita-1234"}
)

// login opens a session for a reviewer, at a time and for an hour.
func login(t testing.TB, s *store.Store, reviewer deepskin.Sender, token string, now time.Time) deepskin.TeamSession {
	t.Helper()
	ok(t, s.AddTeamLink(t.Context(), "link-to-"+token, reviewer, now, now.Add(time.Minute)))
	session, err := s.OpenTeamSession(t.Context(), "link-to-"+token, token, now, now.Add(time.Hour))
	ok(t, err)
	return session
}

func teamLinks(t *testing.T, s *store.Store) {
	ctx, soon, later := t.Context(), start.Add(time.Minute), start.Add(time.Hour)
	for name, wrong := range map[string]error{
		"without a token":    s.AddTeamLink(ctx, "", rita, start, soon),
		"without a platform": s.AddTeamLink(ctx, "link", deepskin.Sender{ID: "rita"}, start, soon),
		"without a name":     s.AddTeamLink(ctx, "link", deepskin.Sender{Platform: "team"}, start, soon),
	} {
		if wrong == nil {
			t.Errorf("%s: there is a link", name)
		}
	}
	ok(t, s.AddTeamLink(ctx, "link", rita, start, soon))
	for name, test := range map[string]struct {
		link string
		now  time.Time
	}{"an unknown link": {"lin", start}, "no link": {"", start}, "an expired one": {"link", soon}} {
		_, err := s.OpenTeamSession(ctx, test.link, "session", test.now, later)
		if !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.OpenTeamSession(ctx, "link", "", start, later); err == nil {
		t.Error("there is a session without a token")
	}
	got, err := s.OpenTeamSession(ctx, "link", "session", soon.Add(-time.Millisecond), later)
	if err != nil || got.Reviewer != rita || !got.Expires.Equal(later) || len(got.Key) != 64 {
		t.Errorf("OpenTeamSession = %+v, %v", got, err)
	}
	if again, err := s.TeamSession(ctx, "session", start); err != nil || again != got {
		t.Errorf("TeamSession = %+v, %v; want %+v", again, err, got)
	}
	_, err = s.OpenTeamSession(ctx, "link", "another", start, later)
	is(t, err, deepskin.ErrNotFound)
	for _, token := range []string{"another", "link", ""} { // a link is no session
		_, err = s.TeamSession(ctx, token, start)
		is(t, err, deepskin.ErrNotFound)
	}
	if other := login(t, s, ritaIn, "elsewhere", start); other.Key == got.Key || other.Reviewer != ritaIn {
		t.Errorf("the same ID on another platform is %+v", other)
	}
	// A new link takes the place of the one before.
	ok(t, s.AddTeamLink(ctx, "old", rita, start, soon))
	ok(t, s.AddTeamLink(ctx, "new", rita, start, soon))
	_, err = s.OpenTeamSession(ctx, "old", "replayed", start, later)
	is(t, err, deepskin.ErrNotFound)
	_, err = s.OpenTeamSession(ctx, "new", "second", start, later)
	ok(t, err)
}

func teamLinkAtOnce(t *testing.T, s *store.Store) {
	ok(t, s.AddTeamLink(t.Context(), "link", rita, start, start.Add(time.Minute)))
	var mu sync.Mutex
	var all sync.WaitGroup
	opened := 0
	for i := range 8 {
		all.Go(func() {
			_, err := s.OpenTeamSession(t.Context(), "link", fmt.Sprint("session-", i), start, start.Add(time.Hour))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				opened++
			} else if !errors.Is(err, deepskin.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if opened != 1 {
		t.Errorf("one link opened %d sessions", opened)
	}
}

func teamSessionsEnd(t *testing.T, s *store.Store) {
	ctx := t.Context()
	session := login(t, s, rita, "session", start)
	login(t, s, rita, "other", start)
	_, err := s.TeamSession(ctx, "session", session.Expires)
	is(t, err, deepskin.ErrNotFound)
	ok(t, s.EndTeamSession(ctx, "session"))
	ok(t, s.EndTeamSession(ctx, "session")) // twice is once
	_, err = s.TeamSession(ctx, "session", start)
	is(t, err, deepskin.ErrNotFound)
	_, err = s.TeamSession(ctx, "other", start)
	ok(t, err)
}

func teamSessionsFew(t *testing.T, s *store.Store) {
	login(t, s, ritaIn, "of somebody else", start)
	var tokens []string
	for i := range 8 {
		tokens = append(tokens, fmt.Sprint("session-", i))
		login(t, s, rita, tokens[i], start.Add(time.Duration(i)*time.Second))
	}
	var open []string
	for _, token := range append(tokens, "of somebody else") {
		if _, err := s.TeamSession(t.Context(), token, start.Add(time.Minute)); err == nil {
			open = append(open, token)
		}
	}
	if want := append(tokens[3:], "of somebody else"); !slices.Equal(open, want) {
		t.Errorf("open are %q, want %q", open, want)
	}
}

func teamForgotten(t *testing.T, s *store.Store) {
	ctx := t.Context()
	login(t, s, rita, "session", start)
	login(t, s, ritaIn, "other", start)
	ok(t, s.AddTeamLink(ctx, "link", rita, start, start.Add(time.Minute)))
	_, err := s.ForgetSender(ctx, rita)
	ok(t, err)
	_, err = s.TeamSession(ctx, "session", start)
	is(t, err, deepskin.ErrNotFound)
	_, err = s.OpenTeamSession(ctx, "link", "again", start, start.Add(time.Hour))
	is(t, err, deepskin.ErrNotFound)
	_, err = s.TeamSession(ctx, "other", start)
	ok(t, err)
}

// The database alone opens nothing and names nobody, and keeps nothing that has ended.
func TestTeamLoginsAreHidden(t *testing.T) {
	url := newFile(t)
	s := openURL(t, url)
	login(t, s, rita, "token-of-the-session", start)
	ok(t, s.AddTeamLink(t.Context(), "token-of-the-link", rita, start, start.Add(time.Minute)))
	beside(t, url, func(db *sql.DB) {
		for _, table := range []string{"team_links", "team_sessions"} {
			var sender, token, reviewer []byte
			ok(t, db.QueryRow(`SELECT sender, token, reviewer FROM `+table).Scan(&sender, &token, &reviewer))
			for _, secret := range []string{rita.ID, "token-of-the-session", "token-of-the-link"} {
				if slices.ContainsFunc([][]byte{sender, token, reviewer}, func(b []byte) bool { return string(b) == secret }) ||
					len(sender) != 32 || len(token) != 32 || len(reviewer) < 60 {
					t.Errorf("%s holds %q, %q, %q", table, sender, token, reviewer)
				}
			}
		}
	})
	login(t, s, ritaIn, "next", start.Add(2*time.Hour))
	if n := count(t, url, `SELECT (SELECT COUNT(*) FROM team_links) + (SELECT COUNT(*) FROM team_sessions)`); n != 1 {
		t.Errorf("%d links and sessions are left, want the last session alone", n)
	}
}
