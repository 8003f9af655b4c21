package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/store"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	contract(t, func(t *testing.T) *store.Store { return openURL(t, newFile(t)) })
}

func TestSQLiteLasts(t *testing.T) {
	t.Parallel()
	lasting(t, newFile)
}

func TestSQLiteURLs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if s := openURL(t, "sqlite:"+filepath.Join(folder, "odd name?%41#.db")); s == nil {
		t.Fatal("no store")
	}
	if _, err := os.Stat(filepath.Join(folder, "odd name?%41#.db")); err != nil {
		t.Errorf("the file has another name: %v", err)
	}
	for url, want := range map[string]string{
		"":                              "no scheme",
		"deepskin.db":                   "no scheme",
		"mysql://root:hunter2@db/cases": `unknown scheme "mysql"`,
		"sqlite:":                       "path",
		"sqlite::memory:":               "path",
		"sqlite:" + filepath.Join(folder, "missing", "deepskin.db"): "no such file",
		"sqlite:" + folder: "directory",
	} {
		_, err := store.Open(t.Context(), url, keys())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q): error = %v, want one that says %q and no password", url, err, want)
		}
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	s := openURL(t, newFile(t))
	for name, want := range map[string]string{
		"journal_mode":  "wal",
		"synchronous":   "2", // FULL: the log is on the disk with each commit
		"foreign_keys":  "1",
		"secure_delete": "1",
		"temp_store":    "2", // memory
		"busy_timeout":  "5000",
	} {
		if got, err := s.Pragma(t.Context(), name); err != nil || got != want {
			t.Errorf("%s = %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestSQLiteFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	add(t, openURL(t, url), nil)
	for _, path := range files(t, url) {
		info, err := os.Stat(path)
		ok(t, err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %04o, want 0600", filepath.Base(path), mode)
		}
	}
}

func TestSQLiteRefusesWhatIsNoDatabase(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	ok(t, os.WriteFile(path(url), bytes.Repeat([]byte("not a database "), 1000), 0o600))
	if _, err := store.Open(t.Context(), url, keys()); err == nil {
		t.Error("no error")
	}
}

// Nothing in the files says who sent what, whether the store is open or closed.
func TestSQLiteFilesIdentifyNobody(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	s := openURL(t, url)
	n := newCase()
	_, _, err := s.AddCase(t.Context(), n)
	ok(t, err)
	moved := deepskin.Address{Platform: "telegram", Chat: "chat-moved-987654", Message: "message-moved-1"}
	ok(t, s.SetAddress(t.Context(), n.ID, moved))
	_, err = s.GiveConsent(t.Context(), alice, start, start)
	ok(t, err)
	won(t)(s.Answer(t.Context(), n.ID, assessment()))
	photo := noise(100_000)
	ok(t, s.KeepPhoto(t.Context(), n.ID, photo))
	ok(t, s.SetVerdict(t.Context(), alice, n.ID, deepskin.Verdict{}))
	ok(t, s.SetComment(t.Context(), alice, n.ID, secretComment))
	ok(t, s.AddPost(t.Context(), n.ID, channel))
	_, err = s.Vote(t.Context(), n.ID, bob, deepskin.DecisionReject, start)
	ok(t, err)

	check := func(when string) {
		t.Helper()
		if content := contents(t, url); !bytes.Contains(content, []byte(n.ID)) {
			t.Fatalf("%s: not even the case's ID is in the files, so nothing was looked at", when)
		}
		for name, secret := range map[string]string{
			"sender": alice.ID, "event": n.Event, "source": n.Source, "comment": secretComment,
			"post": channel.Message, "channel": channel.Chat, "reviewer": bob.ID,
			"chat": n.Address.Chat, "message": n.Address.Message, "new chat": moved.Chat, "new message": moved.Message,
		} {
			if bytes.Contains(contents(t, url), []byte(secret)) {
				t.Errorf("%s: the %s can be read in the files", when, name)
			}
		}
		if found := pieces(contents(t, url), photo); found > 0 {
			t.Errorf("%s: %d pieces of the photo can be read in the files", when, found)
		}
	}
	check("open")
	ok(t, s.Close())
	check("closed")
}

// What is forgotten must be gone from free pages and from the log too, in its sealed form.
func TestSQLiteFilesForget(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*testing.T, *store.Store, deepskin.CaseID){
		"case": func(t *testing.T, s *store.Store, id deepskin.CaseID) {
			ok(t, s.ForgetCase(t.Context(), alice, id))
		},
		"sender": func(t *testing.T, s *store.Store, _ deepskin.CaseID) {
			_, err := s.ForgetSender(t.Context(), alice)
			ok(t, err)
		},
		"dropped photo": func(t *testing.T, s *store.Store, id deepskin.CaseID) {
			ok(t, s.DropPhoto(t.Context(), id))
		},
		"withdrawn photo": func(t *testing.T, s *store.Store, id deepskin.CaseID) {
			ok(t, s.SetVerdict(t.Context(), alice, id, deepskin.Verdict{Keep: new(false)}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newFile(t)
			s := openURL(t, url)
			add(t, s, func(n *deepskin.NewCase) { n.Sender = bob })
			c := addAnswered(t, s)
			ok(t, s.KeepPhoto(t.Context(), c.ID, noise(100_000)))
			add(t, s, func(n *deepskin.NewCase) { n.Sender = bob })
			sealed := sealedPhoto(t, url, c.ID)
			if found := pieces(contents(t, url), sealed); found < 1000 {
				t.Fatalf("%d pieces of the sealed photo found before it is forgotten, want nearly all", found)
			}

			forget(t, s, c.ID)
			if found := pieces(contents(t, url), sealed); found > 0 {
				t.Errorf("%d pieces of the sealed photo are still in the files", found)
			}
			if left := bytes.Contains(contents(t, url), []byte(c.ID)); left != strings.HasSuffix(name, "photo") {
				t.Errorf("the case's ID is in the files: %v", left)
			}
		})
	}
}

// An erasure is not held up for ever by another process that reads, and is completed later.
func TestSQLiteForgetsWhileAnotherReads(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	var log bytes.Buffer
	s := openURL(t, url, store.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	c := addAnswered(t, s)
	ok(t, s.KeepPhoto(t.Context(), c.ID, noise(100_000)))
	sealed := sealedPhoto(t, url, c.ID)

	beside(t, url, func(db *sql.DB) {
		tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
		ok(t, err)
		var n int
		ok(t, tx.QueryRow(`SELECT COUNT(*) FROM cases`).Scan(&n)) // from here on it reads
		cases, err := s.ForgetSender(t.Context(), alice)
		if err != nil || len(cases) != 1 {
			t.Errorf("ForgetSender = %d cases, %v; want 1", len(cases), err)
		}
		_, err = s.Case(t.Context(), c.ID)
		is(t, err, deepskin.ErrNotFound)
		ok(t, tx.Rollback())
	})
	if line := log.String(); !strings.Contains(line, "level=WARN") || strings.Contains(line, string(c.ID)) {
		t.Errorf("the log says %q, want a warning without names", line)
	}
	_, err := s.ForgetSender(t.Context(), alice)
	ok(t, err)
	if found := pieces(contents(t, url), sealed); found > 0 {
		t.Errorf("%d pieces of the sealed photo are still in the files", found)
	}
}

// The killed process may have erased without clearing its log; the next Open does.
func TestSQLiteOpenClearsTheLog(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	s := openURL(t, url)
	add(t, s, nil)
	log := func() int64 {
		info, err := os.Stat(path(url) + "-wal")
		ok(t, err)
		return info.Size()
	}
	if log() == 0 {
		t.Fatal("the log is empty before")
	}
	openURL(t, url)
	if n := log(); n != 0 {
		t.Errorf("the log holds %d bytes, want none", n)
	}
}

func BenchmarkSQLiteAddAndAnswer(b *testing.B) {
	s := openURL(b, newFile(b))
	a := assessment()
	for b.Loop() {
		c := add(b, s, nil)
		won(b)(s.Answer(b.Context(), c.ID, a))
	}
}

// BenchmarkSQLiteTogether is BenchmarkSQLiteAddAndAnswer for 16 cases at a time.
func BenchmarkSQLiteTogether(b *testing.B) {
	s := openURL(b, newFile(b))
	a := assessment()
	b.SetParallelism(16 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c := add(b, s, nil)
			won(b)(s.Answer(b.Context(), c.ID, a))
		}
	})
}

// path is the file that a URL names.
func path(url string) string { return strings.TrimPrefix(url, "sqlite:") }

// files are those of a database: the main one, the log, the log's index.
func files(t *testing.T, url string) []string {
	t.Helper()
	list, err := filepath.Glob(path(url) + "*")
	if err != nil || len(list) == 0 {
		t.Fatalf("no database files: %v", err)
	}
	return list
}

// contents are the bytes of all files of a database.
func contents(t *testing.T, url string) []byte {
	t.Helper()
	var all []byte
	for _, path := range files(t, url) {
		content, err := os.ReadFile(path)
		ok(t, err)
		all = append(all, content...)
	}
	return all
}

// pieces counts how many of the 32-byte pieces of a secret are found; SQLite spreads a large one
// over many pages.
func pieces(content, secret []byte) int {
	n := 0
	for piece := range slices.Chunk(secret, 32) {
		if len(piece) == 32 && bytes.Contains(content, piece) {
			n++
		}
	}
	return n
}

// noise is random bytes, alike in each run, like those of a compressed photo.
func noise(n int) []byte {
	photo := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(photo) // never fails
	return photo
}

// sealedPhoto is a kept photo as it lies in the database.
func sealedPhoto(t *testing.T, url string, id deepskin.CaseID) []byte {
	t.Helper()
	var sealed []byte
	beside(t, url, func(db *sql.DB) {
		err := db.QueryRow(`SELECT photo FROM photos WHERE case_id = $1`, string(id)).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) || len(sealed) == 0 {
			t.Fatal("no photo is kept")
		}
		ok(t, err)
	})
	return sealed
}
