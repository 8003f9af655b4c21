package store

import (
	"context"
	"fmt"
)

// Pragma returns a setting of the connection that writes. A misspelt setting is ignored by SQLite
// in silence, and what it should have prevented (a loss of power) cannot be staged here.
func (s *Store) Pragma(ctx context.Context, name string) (string, error) {
	var value any
	err := s.db.write.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return fmt.Sprint(value), err
}
