package store

import (
	"context"
	"fmt"
)

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	if err := s.db.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM schema_version`).Scan(&n); err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	return nil
}
