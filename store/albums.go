package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"deepskin"
)

// Album returns the cases of an album, by its name in Case.Album, oldest first; none where nobody
// knows it.
func (s *Store) Album(ctx context.Context, album string) ([]deepskin.Case, error) {
	key, err := hex.DecodeString(album)
	if err != nil || len(key) == 0 {
		return nil, nil
	}
	var cases []deepskin.Case
	err = s.look(ctx, func(ctx context.Context) error {
		rows, err := s.db.read.QueryContext(ctx,
			`SELECT `+caseColumns+` FROM cases WHERE album = $1 ORDER BY created, id`, key)
		if err != nil {
			return err
		}
		cases, err = s.scanCases(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the cases of an album: %w", err)
	}
	return cases, nil
}

// DeliveredTogether notes for several cases at once what Delivered notes for one: all of them or,
// after an error, none. Those that have been erased, or have nothing that could have been delivered
// yet, stay as they are.
func (s *Store) DeliveredTogether(ctx context.Context, ids []deepskin.CaseID, at time.Time) error {
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, noteDelivery, caseKey(id), millis(at)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note delivery of %d cases: %w", len(ids), err)
	}
	return nil
}
