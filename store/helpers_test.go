package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// What must be readable nowhere; long enough not to turn up by chance.
var (
	alice = deepskin.Sender{Platform: "telegram", ID: "sender-alice-4711"}
	bob   = deepskin.Sender{Platform: "telegram", ID: "sender-bob-0815"}
)

// secretComment is what somebody writes of an answer.
const secretComment = "a comment that is nobody's business"

// start is when the cases of the tests begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, int(123*time.Millisecond), time.UTC)

// later is after all deadlines.
var later = start.Add(365 * 24 * time.Hour)

// keys are fixed, so that a child process has the same ones.
func keys() store.Keys {
	return store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
}

// newFile returns the URL of an SQLite database that does not exist yet.
func newFile(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "deepskin.db")
}

// openURL opens a store until the test ends.
func openURL(t testing.TB, url string, opts ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, keys(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newCase is a pending case of Alice's, of an event of its own.
func newCase() deepskin.NewCase {
	id := deepskin.NewCaseID()
	return deepskin.NewCase{
		ID: id, Sender: alice, Event: "event-" + string(id), Status: deepskin.Pending,
		Created: start, Deadline: start.Add(time.Minute),
		Address: deepskin.Address{Platform: "telegram", Chat: "chat-123456789", Message: "message-42424242"},
		Source:  "source-AgACAgIAAxk", Language: "fr",
	}
}

// add stores the case that edit makes of a newCase.
func add(t testing.TB, s *store.Store, edit func(*deepskin.NewCase)) deepskin.Case {
	t.Helper()
	n := newCase()
	if edit != nil {
		edit(&n)
	}
	c, added, err := s.AddCase(t.Context(), n)
	if err != nil || !added {
		t.Fatalf("AddCase = %v, %v; want a new case", added, err)
	}
	return c
}

// addAnswered stores a case of Alice's and answers it.
func addAnswered(t testing.TB, s *store.Store) deepskin.Case {
	t.Helper()
	c := add(t, s, nil)
	won(t)(s.Answer(t.Context(), c.ID, assessment()))
	return read(t, s, c.ID)
}

// assessment has every field set.
func assessment() deepskin.Assessment {
	return deepskin.Assessment{
		Label: deepskin.Malignant, Malignancy: 0.8125, Confidence: 0.8125,
		Diagnoses: map[deepskin.Diagnosis]float64{deepskin.Melanoma: 0.7, deepskin.MelanocyticNevus: 0.3},
		Diagnosis: deepskin.BasalCellCarcinoma,
		Kind:      deepskin.Phone, PhoneProbability: 0.75,
		Lesion: &deepskin.Box{Left: 0.1, Top: 0.2, Right: 0.3, Bottom: 0.4}, Closer: true,
		Problems: []deepskin.Problem{deepskin.Blurred},
		OOD:      -3.5, Threshold: 0.25, OODLimit: 0.5,
		Quality: &deepskin.Quality{Side: 640, Brightness: 120.5, BurntOut: 0.25, Sharpness: 40.5},
		Grid: &deepskin.Grid{
			Rows: 1, Columns: 3, Values: []float32{0, 0.1, 1}, Part: &deepskin.Box{Right: 0.5, Bottom: 0.6},
		},
		Model: "v-test", Millis: 1.5,
	}
}

// read returns a case that must be there.
func read(t testing.TB, s *store.Store, id deepskin.CaseID) deepskin.Case {
	t.Helper()
	c, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ok fails the test on an error.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test unless the error is the one that it should be.
func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want %v", err, want)
	}
}

// won fails the test unless a compare-and-set succeeded; lost, unless it came too late.
func won(t testing.TB) func(bool, error)  { return outcome(t, true) }
func lost(t testing.TB) func(bool, error) { return outcome(t, false) }

func outcome(t testing.TB, want bool) func(bool, error) {
	return func(got bool, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("changed = %v, %v; want %v", got, err, want)
		}
	}
}

// ids are the IDs of cases, in their order.
func ids(cases []deepskin.Case) []deepskin.CaseID {
	var list []deepskin.CaseID
	for _, c := range cases {
		list = append(list, c.ID)
	}
	return list
}

// beside looks at a database without the store, and is gone again before it returns.
func beside(t testing.TB, url string, look func(*sql.DB)) {
	t.Helper()
	name, driver := url, "pgx"
	if file, sqlite := strings.CutPrefix(url, "sqlite:"); sqlite {
		name, driver = file, "sqlite"
	}
	db, err := sql.Open(driver, name)
	ok(t, err)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	look(db)
}

// count returns the number that a query selects.
func count(t testing.TB, url, query string) (n int) {
	t.Helper()
	beside(t, url, func(db *sql.DB) { ok(t, db.QueryRow(query).Scan(&n)) })
	return n
}

// waitFor waits for a condition, on a machine that may be busy with other things.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
