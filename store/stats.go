package store

import (
	"context"
	"fmt"
	"time"

	"deepskin"
)

// Stats counts what became of the photos that came since a time, by platform and by the model that
// answered.
func (s *Store) Stats(ctx context.Context, since time.Time) (deepskin.Stats, error) {
	var stats deepskin.Stats
	err := s.look(ctx, func(ctx context.Context) error {
		var err error
		if stats.Tallies, err = s.tallies(ctx, since); err != nil {
			return err
		}
		stats.Median, stats.P95, err = s.answerTimes(ctx, since)
		return err
	})
	if err != nil {
		return deepskin.Stats{}, fmt.Errorf("count cases: %w", err)
	}
	return stats, nil
}

func (s *Store) tallies(ctx context.Context, since time.Time) ([]deepskin.Tally, error) {
	rows, err := s.db.read.QueryContext(ctx, `
		SELECT platform, COALESCE(model, ''), COUNT(*),
			COUNT(CASE WHEN refused = 0 AND label = 'benign' THEN 1 END),
			COUNT(CASE WHEN refused = 0 AND label = 'malignant' THEN 1 END),
			COUNT(CASE WHEN refused = 0 AND label = 'inconclusive' THEN 1 END),
			COUNT(CASE WHEN refused = 1 THEN 1 END),
			COUNT(CASE WHEN status = 'failed' THEN 1 END),
			COUNT(CASE WHEN agrees = 1 THEN 1 END),
			COUNT(CASE WHEN agrees = 0 THEN 1 END)
		FROM cases WHERE created >= $1
		GROUP BY platform, COALESCE(model, '') ORDER BY platform, COALESCE(model, '')`, millis(since))
	if err != nil {
		return nil, err
	}
	var tallies []deepskin.Tally
	err = each(rows, func(scan func(...any) error) error {
		var t deepskin.Tally
		err := scan(&t.Platform, &t.Model, &t.Photos, &t.Benign, &t.Malignant, &t.Inconclusive, &t.Refused, &t.Failed,
			&t.Agreed, &t.Disagreed)
		tallies = append(tallies, t)
		return err
	})
	return tallies, err
}

// answerTimes returns the median and the 95th percentile (nearest rank) of the times from the promise
// of an answer to its delivery; zero where nothing was delivered.
func (s *Store) answerTimes(ctx context.Context, since time.Time) (median, p95 time.Duration, err error) {
	var half, most int64
	err = s.db.read.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(CASE WHEN place = (n + 1) / 2 THEN took END), 0),
			COALESCE(MAX(CASE WHEN place = (n * 95 + 99) / 100 THEN took END), 0)
		FROM (
			SELECT delivered - promised AS took, COUNT(*) OVER () AS n,
				ROW_NUMBER() OVER (ORDER BY delivered - promised) AS place
			FROM cases WHERE created >= $1 AND status = 'answered' AND delivered IS NOT NULL AND promised IS NOT NULL
		) AS times`, millis(since)).Scan(&half, &most)
	return time.Duration(half) * time.Millisecond, time.Duration(most) * time.Millisecond, err
}
