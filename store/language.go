package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"deepskin"
)

// SetLanguage records the tag of the language that the sender chose, and makes it that of the sender's
// cases which are not delivered yet. A second choice replaces the first. A tag is stored in the clear.
func (s *Store) SetLanguage(ctx context.Context, sender deepskin.Sender, tag string) error {
	key, tag := s.seal.sender(sender), text(tag)
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO languages (sender, language) VALUES ($1, $2)
			ON CONFLICT (sender) DO UPDATE SET language = excluded.language`, key, tag)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE cases SET language = $2 WHERE sender = $1 AND delivered IS NULL`, key, tag)
		return err
	})
	if err != nil {
		return fmt.Errorf("set language: %w", err)
	}
	return nil
}

// Language returns the tag of the language that the sender chose, empty where they chose none.
func (s *Store) Language(ctx context.Context, sender deepskin.Sender) (string, error) {
	var tag string
	err := s.look(ctx, func(ctx context.Context) error {
		return s.db.row(ctx, `SELECT language FROM languages WHERE sender = $1`, s.seal.sender(sender)).Scan(&tag)
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for a language: %w", err)
	}
	return tag, nil
}
