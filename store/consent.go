package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"deepskin"
)

// HasConsent reports whether the sender agreed to have photos looked at.
func (s *Store) HasConsent(ctx context.Context, sender deepskin.Sender) (bool, error) {
	var n int
	err := s.look(ctx, func(ctx context.Context) error {
		return s.db.row(ctx, `SELECT COUNT(*) FROM consents WHERE sender = $1`, s.seal.sender(sender)).Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("look for consent: %w", err)
	}
	return n > 0, nil
}

// GiveConsent records that agreement, and turns the sender's waiting cases that have not expired
// by now (their deadline is later) into pending ones with the deadline. It returns those, oldest
// first. Given again, the first consent stands.
func (s *Store) GiveConsent(ctx context.Context, sender deepskin.Sender, now, deadline time.Time) ([]deepskin.Case, error) {
	key := s.seal.sender(sender)
	var cases []deepskin.Case
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO consents (sender, given) VALUES ($1, $2) ON CONFLICT (sender) DO NOTHING`,
			key, millis(now))
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `
			UPDATE cases SET status = 'pending', deadline = $3, promised = $2
			WHERE sender = $1 AND status = 'waiting' AND deadline > $2
			RETURNING `+caseColumns, key, millis(now), millis(deadline))
		if err != nil {
			return err
		}
		cases, err = s.scanCases(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("give consent: %w", err)
	}
	sortCases(cases)
	return cases, nil
}

// sortCases puts cases into the order in which they came; RETURNING promises none.
func sortCases(cases []deepskin.Case) {
	slices.SortStableFunc(cases, func(a, b deepskin.Case) int { return a.Created.Compare(b.Created) })
}
