package store

import (
	"context"
	"fmt"
	"time"

	"deepskin/internal/watch"
)

// KeepModel keeps what a worker said, at a time, of the model that it serves: its card, as JSON. What it
// said before of the same version goes.
func (s *Store) KeepModel(ctx context.Context, card []byte, at time.Time) error {
	c, err := watch.ReadCard(card)
	if err == nil {
		_, err = s.change(ctx, `
			INSERT INTO models (version, card, seen) VALUES ($1, $2, $3)
			ON CONFLICT (version) DO UPDATE SET card = excluded.card, seen = excluded.seen WHERE models.seen <= excluded.seen`,
			text(c.Version), text(string(card)), millis(at))
	}
	if err != nil {
		return fmt.Errorf("keep a model's card: %w", err)
	}
	return nil
}

// Models returns the cards of all models that workers ever served, the last served first.
func (s *Store) Models(ctx context.Context) ([]watch.Card, error) {
	var cards []watch.Card
	err := s.look(ctx, func(ctx context.Context) error {
		cards = nil
		rows, err := s.db.read.QueryContext(ctx, `SELECT card FROM models ORDER BY seen DESC, version DESC`)
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			c, err := watch.ReadCard([]byte(text))
			cards = append(cards, c)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	return cards, nil
}
