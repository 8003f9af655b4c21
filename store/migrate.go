package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate runs the numbered files that the database has not seen yet. A file that has been
// released is never changed again: what comes later goes into the next number.
func migrate(ctx context.Context, tx *sql.Tx) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name, so by number
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	_, err = tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (
		version BIGINT NOT NULL PRIMARY KEY,
		applied BIGINT NOT NULL
	)`)
	if err != nil {
		return fmt.Errorf("create table schema_version: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_version`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > len(files) {
		return fmt.Errorf("%w: its schema is version %d, this program knows %d", ErrNewerSchema, version, len(files))
	}
	for _, file := range files[version:] {
		version++
		text, err := migrations.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read migration: %w", err)
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("apply %s: %w", file, err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schema_version (version, applied) VALUES ($1, $2)`,
			version, millis(time.Now()))
		if err != nil {
			return fmt.Errorf("note schema version %d: %w", version, err)
		}
	}
	return nil
}
