package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/servers"
	"deepskin/store"
)

// postgres starts the server that the tests share, once.
var postgres = sync.OnceValues(func() (*servers.Postgres, error) {
	dir, err := os.MkdirTemp("", "postgres-")
	if err != nil {
		return nil, err
	}
	postgresFolder = dir
	return servers.StartPostgres(context.Background(), dir, "-c", "fsync=off", "-c", "max_connections=300")
})

// postgresFolder is empty until somebody needed the shared server.
var postgresFolder string

// stopPostgres ends the shared server, if there is one.
func stopPostgres() error {
	if postgresFolder == "" {
		return nil
	}
	p, err := postgres()
	if err != nil {
		return err // which the tests have told
	}
	return errors.Join(p.Stop(), os.RemoveAll(postgresFolder))
}

var databases atomic.Int32

// newDatabase returns the URL of an empty PostgreSQL database.
func newDatabase(t testing.TB) string {
	t.Helper()
	p, err := postgres()
	ok(t, err)
	url, err := p.Database(t.Context(), fmt.Sprintf("test%d", databases.Add(1)))
	ok(t, err)
	return url
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	contract(t, func(t *testing.T) *store.Store { return openURL(t, newDatabase(t)) })
}

// No method may need a second connection to finish what it began on the first.
func TestPostgresWithOneConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *store.Store){
		"add": eventAtOnce, "settle": answerOrFail, "consent": consent, "judge": verdicts, "keep": photos,
		"forget": forgetSender, "list": openCases, "lease": leaseAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, openURL(t, newDatabase(t)+"&pool_max_conns=1"))
		})
	}
}

func TestPostgresLasts(t *testing.T) {
	t.Parallel()
	lasting(t, newDatabase)
}

func TestPostgresURLs(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	other := "postgresql" + strings.TrimPrefix(url, "postgres")
	add(t, openURL(t, other), nil)
	for name, url := range map[string]string{
		"malformed":       "postgres://deepskin:hunter2@host:port/deepskin",
		"malformed too":   "postgres://deepskin:hunter2%zz@127.0.0.1/deepskin",
		"wrong password":  strings.Replace(url, "deepskin:", "deepskin:hunter2", 1),
		"nobody listens":  "postgres://deepskin:hunter2@127.0.0.1:1/deepskin?connect_timeout=1",
		"no database":     strings.Replace(url, "/test", "/missing", 1),
		"unknown setting": url + "&hunters=2",
	} {
		_, err := store.Open(t.Context(), url, keys())
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), password(url)) {
			t.Errorf("%s: error = %v, want one without the password", name, err)
		}
		if _, _, err := store.Migrate(t.Context(), url); err == nil || strings.Contains(err.Error(), password(url)) {
			t.Errorf("%s: Migrate: error = %v, want one without the password", name, err)
		}
	}
}

// password is that of a URL.
func password(url string) string {
	_, rest, _ := strings.Cut(url, "deepskin:")
	word, _, _ := strings.Cut(rest, "@")
	return word
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	for name, c := range map[string]struct{ query, timeout, application string }{
		"ours":        {"", "10s", "deepskin"},
		"the URL's":   {"&statement_timeout=7s&application_name=other", "7s", "other"},
		"its options": {"&options=-c%20statement_timeout%3D8s", "8s", "deepskin"},
	} {
		s := openURL(t, url+c.query)
		for setting, want := range map[string]string{
			"statement_timeout": c.timeout, "application_name": c.application,
			"lock_timeout": "5s", "idle_in_transaction_session_timeout": "10s",
		} {
			if got, err := s.Setting(t.Context(), setting); err != nil || got != want {
				t.Errorf("%s: %s = %q, %v; want %q", name, setting, got, err, want)
			}
		}
	}
}

func TestPostgresConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openURL(t, url)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := s.Case(t.Context(), deepskin.NewCaseID()); !errors.Is(err, deepskin.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, url, `SELECT COUNT(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); n < 1 || n > 10 {
		t.Errorf("%d connections, want 1 to 10", n)
	}
}

// An operator may make PostgreSQL stricter than it needs to be: then it refuses to change what another
// has just changed, and the store tries again.
func TestPostgresSerialisationFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openURL(t, url+patient+"&default_transaction_isolation=serializable")
	c := add(t, s, nil)
	beside(t, url, func(db *sql.DB) {
		tx, err := db.BeginTx(t.Context(), nil)
		ok(t, err)
		_, err = tx.Exec(`UPDATE cases SET failure = failure`)
		ok(t, err)
		answered := make(chan error)
		go func() {
			won, err := s.Answer(t.Context(), c.ID, assessment())
			if err == nil && !won {
				err = errors.New("it was lost")
			}
			answered <- err
		}()
		waitFor(t, "the store to wait for the other", func() bool { return count(t, url, `SELECT COUNT(*)`+waiting) == 1 })
		ok(t, tx.Commit())
		ok(t, <-answered)
	})
	ok(t, s.Close()) // connections count when they end
	waitFor(t, "something to be refused", func() bool {
		return count(t, url, `SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()`) > 0
	})
}

// patient lets statements wait for each other longer than a busy machine may take.
const patient = "&lock_timeout=0&statement_timeout=0"

// waiting selects the connections that wait for others.
const waiting = ` FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

// PostgreSQL ends a deadlock by failing one of the two, which loses nothing.
func TestPostgresDeadlocksAreTriedAgain(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openURL(t, url+patient)
	c := add(t, s, nil)
	_, err := s.GiveConsent(t.Context(), alice, start, start)
	ok(t, err)
	beside(t, url, func(db *sql.DB) {
		tx, err := db.BeginTx(t.Context(), nil)
		ok(t, err)
		exec := func(statement string) {
			t.Helper()
			_, err := tx.Exec(statement)
			ok(t, err)
		}
		exec(`SET LOCAL deadlock_timeout = '1h'`) // the other one will notice
		exec(`UPDATE cases SET failure = failure`)
		forgotten := make(chan []deepskin.Case)
		go func() {
			cases, err := s.ForgetSender(t.Context(), alice) // consents first, cases then
			if err != nil {
				t.Error(err)
			}
			forgotten <- cases
		}()
		waitFor(t, "the store to wait for the other", func() bool { return count(t, url, `SELECT COUNT(*)`+waiting) == 1 })
		exec(`UPDATE consents SET given = given`) // only goes on once the store was failed
		ok(t, tx.Commit())
		if cases := <-forgotten; len(cases) != 1 || cases[0].ID != c.ID {
			t.Errorf("%v were forgotten, want %s", ids(cases), c.ID)
		}
	})
	if n := count(t, url, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 1 {
		t.Errorf("%d deadlocks, want 1", n)
	}
}

// A statement whose connection is lost may have been done, so that is told; a transaction that was
// not to be committed yet has not, so it is tried again.
func TestPostgresLostConnections(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openURL(t, url+patient)
	c := add(t, s, nil)
	lose := func() {
		t.Helper()
		waitFor(t, "the store to wait", func() bool { return count(t, url, `SELECT COUNT(*)`+waiting) == 1 })
		beside(t, url, func(db *sql.DB) {
			_, err := db.Exec(`SELECT pg_terminate_backend(pid, 60000)` + waiting)
			ok(t, err)
		})
	}
	beside(t, url, func(db *sql.DB) {
		tx, err := db.BeginTx(t.Context(), nil)
		ok(t, err)
		_, err = tx.Exec(`UPDATE cases SET failure = failure`)
		ok(t, err)

		answered := make(chan error)
		go func() {
			_, err := s.Answer(t.Context(), c.ID, assessment())
			answered <- err
		}()
		lose()
		if err := <-answered; err == nil || !strings.Contains(err.Error(), "57P01") {
			t.Errorf("error = %v, want the one that ended the connection", err)
		}

		forgotten := make(chan []deepskin.Case)
		go func() {
			cases, err := s.ForgetSender(t.Context(), alice)
			if err != nil {
				t.Error(err)
			}
			forgotten <- cases
		}()
		lose()
		ok(t, tx.Rollback())
		if cases := <-forgotten; len(cases) != 1 || cases[0].Status != deepskin.Pending {
			t.Errorf("%v were forgotten, want the pending case", ids(cases))
		}
	})
}

// Several connections lie ready when PostgreSQL goes away, and none of them is of use afterwards.
func TestPostgresStartsAgain(t *testing.T) {
	t.Parallel()
	p := servers.NewPostgres(t) // with fsync
	s := openURL(t, p.URL())
	use := func(what string) []deepskin.CaseID {
		t.Helper()
		var mu sync.Mutex
		var written []deepskin.CaseID
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				n := newCase()
				_, added, err := s.AddCase(t.Context(), n)
				if err != nil || !added {
					t.Errorf("%s: AddCase = %v, %v", what, added, err)
				}
				if answered, err := s.Answer(t.Context(), n.ID, assessment()); err != nil || !answered {
					t.Errorf("%s: Answer = %v, %v", what, answered, err)
				}
				if err := s.KeepPhoto(t.Context(), n.ID, []byte(n.ID)); err != nil {
					t.Errorf("%s: KeepPhoto = %v", what, err)
				}
				mu.Lock()
				defer mu.Unlock()
				written = append(written, n.ID)
			})
		}
		wg.Wait()
		return written
	}
	written := use("before")
	for name, end := range map[string]func() error{"stopped": p.Stop, "killed": p.Kill} {
		ok(t, end())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := s.Case(ctx, written[0])
		cancel()
		if err == nil || errors.Is(err, deepskin.ErrNotFound) || strings.Contains(err.Error(), password(p.URL())) {
			t.Errorf("%s: error = %v, want one that says so", name, err)
		}
		ok(t, p.Start(t.Context()))
		written = append(written, use(name)...)
		for _, id := range written {
			if c := read(t, s, id); c.Status != deepskin.Answered {
				t.Errorf("%s: case is %s, want it answered", name, c.Status)
			}
			if photo, err := s.Photo(t.Context(), id); err != nil || string(photo) != string(id) {
				t.Errorf("%s: photo = %q, %v", name, photo, err)
			}
		}
	}
}

// What is acknowledged while PostgreSQL crashes is there afterwards.
func TestPostgresCrashLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	p := servers.NewPostgres(t) // with fsync
	s := openURL(t, p.URL())
	acknowledged := make(chan deepskin.CaseID, 10_000)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				n := newCase()
				if _, added, err := s.AddCase(t.Context(), n); err != nil || !added {
					return
				}
				if answered, err := s.Answer(t.Context(), n.ID, assessment()); err != nil || !answered {
					return
				}
				acknowledged <- n.ID
			}
		})
	}
	waitFor(t, "answers", func() bool { return len(acknowledged) >= 50 })
	ok(t, p.Kill())
	wg.Wait()
	ok(t, p.Start(t.Context()))
	close(acknowledged)
	for id := range acknowledged {
		if c := read(t, s, id); c.Status != deepskin.Answered {
			t.Errorf("case is %s, want it answered", c.Status)
		}
	}
}

// A migration waits for another process's, however long that takes.
func TestPostgresMigratesUnderALock(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	beside(t, url, func(db *sql.DB) {
		tx, err := db.BeginTx(t.Context(), nil)
		ok(t, err)
		_, err = tx.Exec(fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, store.PostgresLock))
		ok(t, err)
		done := make(chan error)
		go func() {
			_, _, err := store.Migrate(t.Context(), url+"&lock_timeout=1ms")
			done <- err
		}()
		waitFor(t, "the migration to wait", func() bool {
			return count(t, url, `SELECT COUNT(*)`+waiting+` AND wait_event = 'advisory'`) == 1
		})
		time.Sleep(50 * time.Millisecond) // longer than others may wait for a lock
		ok(t, tx.Rollback())
		ok(t, <-done)
	})
}

// The tables are read as whoever has a copy of them would.
func TestPostgresTablesIdentifyNobody(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openURL(t, url)
	n := newCase()
	_, _, err := s.AddCase(t.Context(), n)
	ok(t, err)
	_, err = s.GiveConsent(t.Context(), alice, start, start)
	ok(t, err)
	ok(t, s.SetLanguage(t.Context(), alice, "nl"))
	won(t)(s.Answer(t.Context(), n.ID, assessment()))
	photo := noise(10_000)
	ok(t, s.KeepPhoto(t.Context(), n.ID, photo))
	ok(t, s.SetVerdict(t.Context(), alice, n.ID, deepskin.Verdict{}))
	ok(t, s.SetComment(t.Context(), alice, n.ID, secretComment))
	ok(t, s.AddPost(t.Context(), n.ID, channel))
	_, err = s.Vote(t.Context(), n.ID, bob, deepskin.DecisionReject, start)
	ok(t, err)
	tables := func() []byte {
		var all []byte
		beside(t, url, func(db *sql.DB) {
			for _, column := range []string{
				"name::BYTEA || value FROM settings", "sender FROM consents", "photo FROM photos", "sender FROM languages",
				"reviewer FROM votes", "address FROM review_posts",
				`id::BYTEA || sender || event || address || source || comment || platform::BYTEA || status::BYTEA ||
					assessment::BYTEA || model::BYTEA || failure::BYTEA FROM cases`,
			} {
				var row []byte
				if err := db.QueryRow(`SELECT ` + column).Scan(&row); !errors.Is(err, sql.ErrNoRows) {
					ok(t, err)
				}
				all = append(all, row...)
			}
		})
		return all
	}
	content := tables()
	if !bytes.Contains(content, []byte(n.ID)) || len(content) < len(photo) {
		t.Fatal("not even the case's ID is there, so nothing was looked at")
	}
	for name, secret := range map[string]string{
		"sender": alice.ID, "event": n.Event, "source": n.Source, "chat": n.Address.Chat, "message": n.Address.Message,
		"comment": secretComment, "post": channel.Message, "channel": channel.Chat, "reviewer": bob.ID,
	} {
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("the %s can be read", name)
		}
	}
	if found := pieces(content, photo); found > 0 {
		t.Errorf("%d pieces of the photo can be read", found)
	}
	_, err = s.ForgetSender(t.Context(), alice)
	ok(t, err)
	if bytes.Contains(tables(), []byte(n.ID)) {
		t.Error("the forgotten case can be read")
	}
}

func BenchmarkPostgresAddAndAnswer(b *testing.B) {
	s := openURL(b, newDatabase(b))
	a := assessment()
	for b.Loop() {
		c := add(b, s, nil)
		won(b)(s.Answer(b.Context(), c.ID, a))
	}
}
