package store_test

import (
	"database/sql"
	"reflect"
	"slices"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// part stores a case of an album, so many seconds after the start.
func part(t *testing.T, s *store.Store, sender deepskin.Sender, album string, second int) deepskin.Case {
	t.Helper()
	return add(t, s, func(n *deepskin.NewCase) {
		n.Sender, n.Album = sender, album
		n.Created = start.Add(time.Duration(second) * time.Second)
	})
}

func albums(t *testing.T, s *store.Store) {
	const album = "album-13579"
	second := part(t, s, alice, album, 2)
	first := part(t, s, alice, album, 1)
	others := part(t, s, bob, album, 1)
	part(t, s, alice, "album-other", 1)
	alone := add(t, s, nil)
	if alone.Album != "" || first.Album == "" || first.Album != second.Album || first.Album == others.Album {
		t.Errorf("the albums are %q, %q, %q and %q; want none, one, the same and another",
			alone.Album, first.Album, second.Album, others.Album)
	}
	got, err := s.Album(t.Context(), first.Album)
	if err != nil || !reflect.DeepEqual(got, []deepskin.Case{first, second}) {
		t.Errorf("Album = %#v, %v; want the two photos, oldest first", got, err)
	}
	for _, name := range []string{"", album, "\x00", "zz", "00"} {
		if got, err := s.Album(t.Context(), name); err != nil || len(got) != 0 {
			t.Errorf("Album(%q) = %v, %v; want nothing", name, ids(got), err)
		}
	}
	ok(t, s.ForgetCase(t.Context(), alice, first.ID))
	if got, err := s.Album(t.Context(), first.Album); err != nil || !slices.Equal(ids(got), ids([]deepskin.Case{second})) {
		t.Errorf("Album = %v, %v; want the one that is left", ids(got), err)
	}
}

func deliveredTogether(t *testing.T, s *store.Store) {
	answered, failed, open := part(t, s, alice, "album", 1), part(t, s, alice, "album", 2), part(t, s, alice, "album", 3)
	won(t)(s.Answer(t.Context(), answered.ID, assessment()))
	won(t)(s.Fail(t.Context(), failed.ID, "the worker died"))
	ok(t, s.Delivered(t.Context(), failed.ID, start))
	all := []deepskin.CaseID{answered.ID, failed.ID, open.ID, deepskin.NewCaseID()}
	ok(t, s.DeliveredTogether(t.Context(), all, start.Add(time.Hour)))
	for id, want := range map[deepskin.CaseID]time.Time{
		answered.ID: start.Add(time.Hour), failed.ID: start, open.ID: {},
	} {
		if got := read(t, s, id).Delivered; !got.Equal(want) {
			t.Errorf("delivered at %v, want %v", got, want)
		}
	}
	ok(t, s.DeliveredTogether(t.Context(), nil, start))
}

// The platform's own key of an album is not in the database.
func TestAlbumsAreHashed(t *testing.T) {
	url := newFile(t)
	s := openURL(t, url)
	part(t, s, alice, "album-13579", 1)
	beside(t, url, func(db *sql.DB) {
		var stored []byte
		ok(t, db.QueryRow(`SELECT album FROM cases`).Scan(&stored))
		if len(stored) != 32 {
			t.Errorf("the album is stored as %d bytes, want a hash of 32", len(stored))
		}
	})
}
