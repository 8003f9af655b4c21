package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// blob is the one word in the migrations that databases spell in different ways.
var blob = regexp.MustCompile(`\bBLOB\b`)

// Migrate brings a database's tables up to date, as Open does, and returns their version from
// before and after: 0 for a database without tables, and twice the same where there was nothing to
// do. Of several processes that migrate at the same time one does it, and the others wait for it.
// It returns ErrNewerSchema where the database must not be touched.
func Migrate(ctx context.Context, url string) (from, to int, err error) {
	db, err := connect(ctx, url)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate: %w", err)
	}
	err = db.prepare(ctx, func(ctx context.Context, tx *sql.Tx) error {
		from, to, err = db.migrate(ctx, tx)
		return err
	})
	if err := errors.Join(err, db.close()); err != nil {
		return 0, 0, fmt.Errorf("migrate: %w", err)
	}
	return from, to, nil
}

// prepare runs f in a transaction that no other process's overlaps, and that may take its time.
func (d database) prepare(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	_, err := d.transactOnce(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := d.lock(ctx, tx); err != nil {
			return fmt.Errorf("wait for other processes: %w", err)
		}
		return f(ctx, tx)
	})
	return err
}

// migrate runs the numbered files that the database has not seen yet, and returns the versions
// before and after. A file that has been released is never changed again: what comes later goes
// into the next number.
func (d database) migrate(ctx context.Context, tx *sql.Tx) (from, to int, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name, so by number
	if err != nil {
		return 0, 0, fmt.Errorf("list migrations: %w", err)
	}
	_, err = tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (
		version BIGINT NOT NULL PRIMARY KEY,
		applied BIGINT NOT NULL
	)`)
	if err != nil {
		return 0, 0, fmt.Errorf("create table schema_version: %w", err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_version`).Scan(&from); err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	if from > len(files) {
		return 0, 0, fmt.Errorf("%w: its schema is version %d, this program knows %d", ErrNewerSchema, from, len(files))
	}
	for to = from; to < len(files); {
		file := files[to]
		to++
		text, err := migrations.ReadFile(file)
		if err != nil {
			return 0, 0, fmt.Errorf("read migration: %w", err)
		}
		if _, err := tx.ExecContext(ctx, blob.ReplaceAllString(string(text), d.blob)); err != nil {
			return 0, 0, fmt.Errorf("apply %s: %w", file, err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schema_version (version, applied) VALUES ($1, $2)`, to, millis(time.Now()))
		if err != nil {
			return 0, 0, fmt.Errorf("note schema version %d: %w", to, err)
		}
	}
	return from, to, nil
}
