package store_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// Keys are rotated twice, on either database: people are still known, and what is kept can still be read.
func TestRotate(t *testing.T) {
	t.Parallel()
	for name, newURL := range map[string]func(testing.TB) string{"SQLite": newFile, "PostgreSQL": newDatabase} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			s := openURL(t, url)
			populate(t, s)
			before, err := s.Samples(t.Context())
			ok(t, err)
			ok(t, s.Close())

			present := keys()
			for range 2 {
				path := filepath.Join(t.TempDir(), "next.json")
				next, err := store.LoadOrCreateNextKeys(path, present)
				ok(t, err)
				ok(t, store.Rotate(t.Context(), url, present, next))
				ok(t, store.Rotate(t.Context(), url, present, next)) // again, as after a lost connection
				_, err = store.Open(t.Context(), url, present)
				is(t, err, store.ErrWrongKeys)
				present, err = store.LoadOrCreateKeys(path) // as it will be read from now on
				ok(t, err)
			}
			s, err = store.Open(t.Context(), url, present)
			ok(t, err)
			defer s.Close()
			checkPopulated(t, s)
			after, err := s.Samples(t.Context())
			ok(t, err)
			if len(after) != len(before) || after[0].Image != before[0].Image {
				t.Errorf("exports have %+v, want the names of photos in %+v", after, before)
			}
			checkErased(t, s, url)
		})
	}
}

func TestRotateRefuses(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	s := openURL(t, url)
	populate(t, s)
	next := keys().Next()
	won(t)(s.Lease(t.Context(), "telegram", "a bot", time.Minute))
	is(t, store.Rotate(t.Context(), url, keys(), next), store.ErrInUse)
	checkPopulated(t, s) // nothing has changed
	ok(t, s.EndLease(t.Context(), "telegram", "a bot"))

	strangers := store.Keys{Identity: bytes.Repeat([]byte{7}, 32), Address: bytes.Repeat([]byte{8}, 32)}
	is(t, store.Rotate(t.Context(), url, strangers, strangers.Next()), store.ErrWrongKeys)
	for name, other := range map[string]store.Keys{
		"the same":             keys(),
		"no successors":        strangers,
		"somebody's":           strangers.Next(),
		"the same address key": {Identity: next.Identity, Address: keys().Address, Former: next.Former},
		"the one after":        next.Next(),
	} {
		if err := store.Rotate(t.Context(), url, keys(), other); err == nil || !strings.Contains(err.Error(), "successors") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// populate stores something in each table that has to do with people.
func populate(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	_, err := s.GiveConsent(ctx, alice, start, start)
	ok(t, err)
	ok(t, s.SetLanguage(ctx, alice, "fr"))
	c := addReview(t, s)
	ok(t, s.SetComment(ctx, alice, c.ID, secretComment))
	_, err = s.Vote(ctx, c.ID, bob, deepskin.Decision(deepskin.Melanoma), start)
	ok(t, err)
	add(t, s, func(n *deepskin.NewCase) { n.Event, n.Album = "event-known", "album-1" })
	add(t, s, func(n *deepskin.NewCase) { n.Sender = bob })
	ok(t, s.AddTeamLink(ctx, "token", bob, start, start.Add(time.Hour)))
}

// checkPopulated fails the test unless all that populate stored is found by its owners, and by /delete.
func checkPopulated(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	agreed, err := s.HasConsent(ctx, alice)
	ok(t, err)
	language, err := s.Language(ctx, alice)
	ok(t, err)
	if !agreed || language != "fr" {
		t.Errorf("consent %v, language %q", agreed, language)
	}
	line := waitingFor(t, s, alice)
	if voted := waitingFor(t, s, bob); len(line) != 0 || len(voted) != 0 {
		t.Errorf("%d reviews wait, and %d for one who has voted; want none: one vote was enough", len(line), len(voted))
	}
	known := newCase()
	known.Event = "event-known"
	c, added, err := s.AddCase(ctx, known)
	ok(t, err)
	if added || c.Address != known.Address || c.Source != known.Source || c.Album == "" {
		t.Errorf("an event that comes again: added %v, %+v", added, c)
	}
	samples, err := s.Samples(ctx)
	ok(t, err)
	if len(samples) != 1 {
		t.Fatalf("%d photos can be exported, want 1", len(samples))
	}
	kept, err := s.Photo(ctx, samples[0].Case)
	ok(t, err)
	if string(kept) != "photo" || read(t, s, samples[0].Case).Comment != secretComment {
		t.Errorf("the kept photo is %q, the comment %q", kept, read(t, s, samples[0].Case).Comment)
	}
}

// checkErased has both people send /delete, and fails the test where anything of them is left.
func checkErased(t *testing.T, s *store.Store, url string) {
	t.Helper()
	for person, want := range map[deepskin.Sender]int{alice: 2, bob: 1} {
		erased, err := s.ForgetSender(t.Context(), person)
		ok(t, err)
		if len(erased) != want || slices.ContainsFunc(erased, func(c deepskin.Case) bool { return c.Address.Chat == "" }) {
			t.Errorf("%d cases were erased, want %d with their addresses", len(erased), want)
		}
	}
	for _, table := range []string{"cases", "photos", "consents", "languages", "votes", "reviews", "team_links", "team_sessions"} {
		if n := count(t, url, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
}
