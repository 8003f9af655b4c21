package store_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The commands of docs/running.md, while the database is in use: a backup in an empty system has the same
// rows, and whoever has the keys has everything.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		newURL  func(testing.TB) string
		restore func(t *testing.T, from string) (to string)
	}{
		"SQLite":     {newFile, restoreFile},
		"PostgreSQL": {newDatabase, restoreDump},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := test.newURL(t)
			s := openURL(t, url)
			populate(t, s)
			restored := test.restore(t, url)
			before, after := tableHashes(t, url), tableHashes(t, restored)
			if len(before) < 10 {
				t.Errorf("there are only %d tables: %v", len(before), before)
			}
			for table, rows := range before {
				if after[table] != rows {
					t.Errorf("%s: %s after restoring, %s before", table, after[table], rows)
				}
			}
			s = openURL(t, restored)
			checkPopulated(t, s)
			checkErased(t, s, restored)
		})
	}
}

func restoreFile(t *testing.T, from string) string {
	t.Helper()
	backup := filepath.Join(t.TempDir(), "backup.db")
	beside(t, from, func(db *sql.DB) {
		_, err := db.Exec(`VACUUM INTO '` + backup + `'`)
		ok(t, err)
	})
	content, err := os.ReadFile(backup)
	ok(t, err)
	to := newFile(t)
	ok(t, os.WriteFile(strings.TrimPrefix(to, "sqlite:"), content, 0o600))
	return to
}

func restoreDump(t *testing.T, from string) string {
	t.Helper()
	backup, to := filepath.Join(t.TempDir(), "backup.dump"), newDatabase(t)
	for _, command := range [][]string{
		{"pg_dump", "--format=custom", "--no-owner", "--file=" + backup, from},
		{"pg_restore", "--exit-on-error", "--no-owner", "--dbname=" + to, backup},
	} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", command[0], err, out)
		}
	}
	return to
}

// tableHashes tells for each table how many rows it has, and a hash of them all.
func tableHashes(t *testing.T, url string) map[string]string {
	t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if !strings.HasPrefix(url, "sqlite:") {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	}
	found := map[string]string{}
	beside(t, url, func(db *sql.DB) {
		for _, table := range lines(t, db, query) {
			rows := lines(t, db, `SELECT * FROM `+table)
			slices.Sort(rows)
			found[table] = fmt.Sprintf("%d rows, %x", len(rows), sha256.Sum256([]byte(strings.Join(rows, "\n"))))
		}
	})
	return found
}

// lines are the rows of a query as text.
func lines(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	ok(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	ok(t, err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		ok(t, rows.Scan(values...))
		var line []string
		for _, v := range values {
			line = append(line, string(*v.(*sql.RawBytes)))
		}
		all = append(all, strings.Join(line, "\t"))
	}
	ok(t, rows.Err())
	return all
}
