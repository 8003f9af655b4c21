package store

import (
	"context"
	"fmt"
)

// PostgresLock is the lock of those who migrate.
const PostgresLock = postgresLock

// Pragma returns a setting of the connection that writes. A misspelt setting is ignored by SQLite
// in silence, and what it should have prevented (a loss of power) cannot be staged here.
func (s *Store) Pragma(ctx context.Context, name string) (string, error) {
	var value any
	err := s.db.write.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return fmt.Sprint(value), err
}

// Setting returns a setting of a connection to PostgreSQL.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.db.read.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value)
	return value, err
}
