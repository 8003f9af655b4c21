package store

import (
	"context"
	"fmt"
	"time"
)

// ErasePhotos erases kept photos that were kept before a time, the oldest first and at most limit, and
// the team's reviews with them. It returns how many there were. The cases stay.
func (s *Store) ErasePhotos(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.erase(ctx, `DELETE FROM photos WHERE case_id IN (
		SELECT case_id FROM photos WHERE kept < $1 ORDER BY kept LIMIT $2)`, before, limit)
	if err != nil {
		return n, fmt.Errorf("erase old photos: %w", err)
	}
	return n, nil
}

// EraseCases erases cases without a kept photo that came before a time, whatever became of them, the
// oldest first and at most limit. It returns how many there were.
func (s *Store) EraseCases(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.erase(ctx, `DELETE FROM cases WHERE id IN (
		SELECT id FROM cases WHERE created < $1 AND NOT EXISTS (SELECT 1 FROM photos WHERE photos.case_id = cases.id)
		ORDER BY created LIMIT $2)`, before, limit)
	if err != nil {
		return n, fmt.Errorf("erase old cases: %w", err)
	}
	return n, nil
}

func (s *Store) erase(ctx context.Context, statement string, before time.Time, limit int) (int, error) {
	var n int64
	err := s.db.try(ctx, func(ctx context.Context) (bool, error) {
		result, err := s.db.write.ExecContext(ctx, statement, millis(before), max(limit, 0))
		if err == nil {
			n, err = result.RowsAffected()
		}
		return true, err
	})
	if n > 0 {
		s.scrub(ctx)
	}
	return int(n), err
}
