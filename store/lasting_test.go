package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// lasting is what every kind of database must do across several openings; fresh returns the URL
// of an empty one.
func lasting(t *testing.T, fresh func(testing.TB) string) {
	for _, c := range []struct {
		name string
		test func(*testing.T, string)
	}{
		{"a store that is opened again has everything", reopen},
		{"two stores share one database", share},
		{"wrong keys are refused", wrongKeys},
		{"a newer schema is refused", newerSchema},
		{"an older schema is brought up to date", migrate},
		{"reviews from before there were votes go on", olderReviews},
		{"many processes open an empty database at once", openAtOnce},
		{"of answers and failures of two processes one wins", settleAtOnce},
		{"columns for statistics are filled", statistics},
		{"acknowledged writes survive a kill", kill},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, fresh(t))
		})
	}
}

func reopen(t *testing.T, url string) {
	ctx := t.Context()
	s, err := store.Open(ctx, url, keys())
	ok(t, err)
	c := addAnswered(t, s)
	ok(t, s.KeepPhoto(t.Context(), c.ID, []byte("photo")))
	_, err = s.GiveConsent(ctx, alice, start, start)
	ok(t, err)
	c = read(t, s, c.ID)
	ok(t, s.Close())

	s = openURL(t, url)
	if got, err := s.OwnCase(ctx, alice, c.ID); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("case = %#v, %v; want %#v", got, err, c)
	}
	if photo, err := s.Photo(ctx, c.ID); err != nil || string(photo) != "photo" {
		t.Errorf("photo = %q, %v", photo, err)
	}
	if has, err := s.HasConsent(ctx, alice); err != nil || !has {
		t.Errorf("consent = %v, %v", has, err)
	}
}

func share(t *testing.T, url string) {
	one, other := openURL(t, url), openURL(t, url)
	c := add(t, one, nil)
	won(t)(other.Answer(t.Context(), c.ID, assessment()))
	lost(t)(one.Fail(t.Context(), c.ID, "too late"))
	if got := read(t, one, c.ID); got.Status != deepskin.Answered {
		t.Errorf("case is %s, want it answered", got.Status)
	}
}

func wrongKeys(t *testing.T, url string) {
	s := openURL(t, url)
	c := add(t, s, nil)
	for name, change := range map[string]func(*store.Keys){
		"identity": func(k *store.Keys) { k.Identity[31]++ },
		"address":  func(k *store.Keys) { k.Address[31]++ },
	} {
		k := keys()
		change(&k)
		if _, err := store.Open(t.Context(), url, k); !errors.Is(err, store.ErrWrongKeys) {
			t.Errorf("another %s key: error = %v, want ErrWrongKeys", name, err)
		}
	}
	for name, k := range map[string]store.Keys{
		"no keys":     {},
		"a short key": {Identity: keys().Identity, Address: keys().Address[:16]},
	} {
		if _, err := store.Open(t.Context(), url, k); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	again := openURL(t, url)
	read(t, again, c.ID)
}

func newerSchema(t *testing.T, url string) {
	ok(t, openURL(t, url).Close())
	beside(t, url, func(db *sql.DB) {
		_, err := db.Exec(`INSERT INTO schema_version (version, applied) VALUES (999, 0)`)
		ok(t, err)
	})
	_, err := store.Open(t.Context(), url, keys())
	is(t, err, store.ErrNewerSchema)
	_, _, err = store.Migrate(t.Context(), url)
	is(t, err, store.ErrNewerSchema)
}

// migrate takes away what the later versions brought, as if a first one had written the database.
func migrate(t *testing.T, url string) {
	from, latest, err := store.Migrate(t.Context(), url)
	if err != nil || from != 0 || latest < 2 {
		t.Fatalf("Migrate = %d, %d, %v of an empty database; want 0 and the latest", from, latest, err)
	}
	s := openURL(t, url)
	c := add(t, s, nil)
	refused, judged := addAnswered(t, s), add(t, s, nil)
	won(t)(s.Answer(t.Context(), judged.ID, deepskin.Assessment{Label: deepskin.Benign, Problems: []deepskin.Problem{}}))
	ok(t, s.KeepPhoto(t.Context(), judged.ID, []byte("photo")))
	beside(t, url, func(db *sql.DB) {
		for _, statement := range []string{
			`DELETE FROM schema_version WHERE version > 1`, `DROP TABLE leases`,
			`DROP TABLE languages`, `ALTER TABLE cases DROP COLUMN language`,
			`DROP TABLE team_links`, `DROP TABLE team_sessions`, `DROP TABLE exports`,
			`DROP TABLE days`, `DROP TABLE counted`, `DROP TABLE models`, `DROP INDEX cases_thumbs`,
			`DROP TABLE votes`, `DROP TABLE reviews`, `DROP TABLE review_posts`, `DROP INDEX cases_created`,
			`ALTER TABLE photos DROP COLUMN kept`, `ALTER TABLE cases DROP COLUMN comment`,
			`ALTER TABLE cases DROP COLUMN promised`, `ALTER TABLE cases DROP COLUMN refused`,
			`DROP INDEX cases_album`, `ALTER TABLE cases DROP COLUMN album`,
		} {
			_, err := db.Exec(statement)
			ok(t, err)
		}
	})
	for _, want := range []int{1, latest} {
		from, to, err := store.Migrate(t.Context(), url)
		if err != nil || from != want || to != latest {
			t.Errorf("Migrate = %d, %d, %v; want %d, %d", from, to, err, want, latest)
		}
	}
	for id, want := range map[deepskin.CaseID]int{refused.ID: 1, judged.ID: 0, c.ID: 0} {
		if n := count(t, url, `SELECT refused FROM cases WHERE id = '`+string(id)+`'`); n != want {
			t.Errorf("of an older case refused is %d, want %d", n, want)
		}
	}
	if n := count(t, url, `SELECT COUNT(*) FROM photos JOIN cases ON id = case_id WHERE kept = created`); n != 1 {
		t.Error("an older photo does not count from its case")
	}
	s = openURL(t, url)
	if got := read(t, s, c.ID); got.Language != "" {
		t.Errorf("the language of an older case is %q, want none", got.Language)
	}
	won(t)(s.Lease(t.Context(), "poller", "one", time.Minute))
}

// version writes an empty database's tables as they were in an older version.
func version(t *testing.T, url string, version int) {
	files, err := filepath.Glob("migrations/*.sql")
	ok(t, err)
	beside(t, url, func(db *sql.DB) {
		_, err := db.Exec(`CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied BIGINT NOT NULL)`)
		ok(t, err)
		for i, file := range files[:version] {
			text, err := os.ReadFile(file)
			ok(t, err)
			statements := string(text)
			if !strings.HasPrefix(url, "sqlite:") {
				statements = strings.ReplaceAll(statements, " BLOB", " BYTEA")
			}
			_, err = db.Exec(statements)
			ok(t, err)
			_, err = db.Exec(`INSERT INTO schema_version (version, applied) VALUES ($1, 0)`, i+1)
			ok(t, err)
		}
	})
}

// olderReviews brings up to date what was written when the first decision counted, and when a review
// began with a post.
func olderReviews(t *testing.T, url string) {
	const withoutVotes = 5
	version(t, url, withoutVotes)
	labelled, rejected, open, unposted := deepskin.NewCaseID(), deepskin.NewCaseID(), deepskin.NewCaseID(), deepskin.NewCaseID()
	beside(t, url, func(db *sql.DB) {
		run := func(statement string, args ...any) {
			t.Helper()
			_, err := db.Exec(statement, args...)
			ok(t, err)
		}
		for i, id := range []deepskin.CaseID{labelled, rejected, open, unposted} {
			run(`INSERT INTO cases (id, sender, event, platform, status, created, deadline, address, source, label, agrees, keep)
				VALUES ($1, $2, $2, 'telegram', 'answered', 0, 0, $2, $2, 'benign', 0, 1)`, string(id), []byte{byte(i)})
			run(`INSERT INTO photos (case_id, photo, kept) VALUES ($1, $2, $3)`, string(id), []byte("sealed"), i)
		}
		for _, id := range []deepskin.CaseID{labelled, rejected, open} {
			run(`INSERT INTO reviews (case_id) VALUES ($1)`, string(id))
			run(`INSERT INTO review_posts (case_id, platform, address) VALUES ($1, 'discord', $2)`, string(id), []byte("sealed"))
		}
		run(`UPDATE reviews SET decision = 'mel', decided = 7, reviewer = $2 WHERE case_id = $1`, string(labelled), []byte("hash"))
		run(`UPDATE reviews SET decision = 'reject', decided = 8 WHERE case_id = $1`, string(rejected))
	})
	s := openURL(t, url)
	for id, want := range map[deepskin.CaseID]deepskin.VoteOutcome{
		labelled: {Status: deepskin.ReviewLabelled, Decision: "mel"},
		rejected: {Status: deepskin.ReviewRejected, Decision: "reject"},
		open:     {Status: deepskin.ReviewNew, Counted: true},
		unposted: {Status: deepskin.ReviewNew, Counted: true},
	} {
		if got, err := s.Vote(t.Context(), id, bob, "mel", start); err != nil || got != want {
			t.Errorf("Vote = %+v, %v; want %+v", got, err, want)
		}
	}
	if ids, err := s.Unposted(t.Context(), 10); err != nil || !reflect.DeepEqual(ids, []deepskin.CaseID{unposted}) {
		t.Errorf("Unposted = %v, %v; want the one without a post", ids, err)
	}
	for _, query := range []string{
		`SELECT COUNT(*) FROM votes WHERE place = 1 AND decision = 'mel' AND voted = 7 AND reviewer IS NOT NULL`,
		`SELECT COUNT(*) FROM votes WHERE place = 1 AND decision = 'reject' AND voted = 8 AND reviewer IS NULL`,
		`SELECT COUNT(*) FROM reviews WHERE begun = 3 AND has_post = 0 AND status = 'new'`,
	} {
		if n := count(t, url, query); n != 1 {
			t.Errorf("%d rows, want 1: %s", n, query)
		}
	}
}

func openAtOnce(t *testing.T, url string) {
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), url, keys())
			if err != nil {
				t.Error(err)
				return
			}
			if _, added, err := s.AddCase(t.Context(), newCase()); err != nil || !added {
				t.Errorf("AddCase = %v, %v", added, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if open, err := openURL(t, url).Due(t.Context(), alice.Platform, later, later, 100); err != nil || len(open) != 10 {
		t.Errorf("%d cases, %v; want 10", len(open), err)
	}
	if n := count(t, url, `SELECT COUNT(*) - MAX(version) FROM schema_version`); n != 0 {
		t.Error("a version was applied twice or not at all")
	}
}

func settleAtOnce(t *testing.T, url string) {
	stores := []*store.Store{openURL(t, url), openURL(t, url)}
	for range 5 {
		c := add(t, stores[0], nil)
		var winners atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				s := stores[i%2]
				settle := func() (bool, error) { return s.Answer(t.Context(), c.ID, assessment()) }
				if i%4 < 2 {
					settle = func() (bool, error) { return s.Fail(t.Context(), c.ID, "too late") }
				}
				settled, err := settle()
				if err != nil {
					t.Error(err)
				}
				if settled {
					winners.Add(1)
				}
			})
		}
		wg.Wait()
		if n := winners.Load(); n != 1 {
			t.Errorf("%d won, want 1", n)
		}
		if got := read(t, stores[1], c.ID); (got.Status == deepskin.Answered) != (got.Assessment != nil) {
			t.Errorf("case = %#v, want it answered or failed", got)
		}
	}
}

// Statistics will be made of these columns; no method shows them.
func statistics(t *testing.T, url string) {
	s := openURL(t, url)
	before := time.Now().UnixMilli()
	answered, failed := addAnswered(t, s), add(t, s, nil)
	won(t)(s.Fail(t.Context(), failed.ID, "the worker died"))
	ok(t, s.SetVerdict(t.Context(), alice, answered.ID, deepskin.Verdict{Agrees: true}))
	after := time.Now().UnixMilli()
	beside(t, url, func(db *sql.DB) {
		var label, model string
		var settled, judged, failedAt int64
		ok(t, db.QueryRow(`SELECT label, model, settled, judged FROM cases WHERE id = $1`, string(answered.ID)).
			Scan(&label, &model, &settled, &judged))
		ok(t, db.QueryRow(`SELECT settled FROM cases WHERE id = $1`, string(failed.ID)).Scan(&failedAt))
		if label != "malignant" || model != "v-test" {
			t.Errorf("label %q, model %q", label, model)
		}
		for name, at := range map[string]int64{"settled": settled, "judged": judged, "failed": failedAt} {
			if at < before || at > after {
				t.Errorf("%s at %d, want %d to %d", name, at, before, after)
			}
		}
	})
}

// childURL names the variable that makes a process of this test binary the one that is killed.
const childURL = "DEEPSKIN_STORE_TEST_CHILD"

// kill lets another process write until it is killed in the middle of it.
func kill(t *testing.T, url string) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childURL+"="+url)
	var complaints bytes.Buffer
	child.Stderr = &complaints
	out, err := child.StdoutPipe()
	ok(t, err)
	ok(t, child.Start())

	// Each line is a case whose answer was acknowledged.
	var acknowledged []deepskin.CaseID
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, deepskin.CaseID(lines.Text()))
		if len(acknowledged) == 30 {
			ok(t, child.Process.Kill())
		}
	}
	ok(t, lines.Err())
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() || len(acknowledged) < 30 {
		t.Fatalf("the child ended by itself (%v) after %d cases: %s", err, len(acknowledged), &complaints)
	}

	s := openURL(t, url)
	for _, id := range acknowledged {
		want := assessment()
		if c := read(t, s, id); c.Status != deepskin.Answered || !reflect.DeepEqual(c.Assessment, &want) {
			t.Errorf("case is %s with %#v, want it answered", c.Status, c.Assessment)
		} else if c.Verdict == nil || c.Verdict.Truth != deepskin.TruthBenign {
			t.Errorf("verdict is %#v, want it as it was given", c.Verdict)
		}
		if photo, err := s.Photo(t.Context(), id); err != nil || string(photo) != string(id) {
			t.Errorf("photo = %q, %v", photo, err)
		}
	}
}

// write is the child that kill starts: it prints the ID of each case once all is acknowledged.
func write(ctx context.Context, url string) error {
	s, err := store.Open(ctx, url, keys())
	if err != nil {
		return err
	}
	for {
		n := newCase()
		if _, added, err := s.AddCase(ctx, n); err != nil || !added {
			return fmt.Errorf("add: %v, %w", added, err)
		}
		if won, err := s.Answer(ctx, n.ID, assessment()); err != nil || !won {
			return fmt.Errorf("answer: %v, %w", won, err)
		}
		if err := s.KeepPhoto(ctx, n.ID, []byte(n.ID)); err != nil {
			return err
		}
		if err := s.SetVerdict(ctx, n.Sender, n.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}); err != nil {
			return err
		}
		if _, err := fmt.Println(n.ID); err != nil {
			return err
		}
	}
}

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(write(context.Background(), url).Error()))
		os.Exit(1)
	}
	code := m.Run()
	if err := stopPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
