package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"deepskin"
	"deepskin/internal/watch"
)

// CountCases counts, day by day, the cases that came before a time and were not counted yet. What was
// counted stays when the cases are erased: totals that name nobody. Cases that are erased before they
// were counted never are. A case that came before the time must not change any more, its verdict apart.
func (s *Store) CountCases(ctx context.Context, before time.Time) error {
	for more := true; more; {
		err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var err error
			more, err = countDay(ctx, tx, millis(before))
			return err
		})
		if err != nil {
			return fmt.Errorf("count the cases by day: %w", err)
		}
	}
	return nil
}

// countDay counts what was not counted yet of the first day of which that is true, and reports whether
// there was any.
func countDay(ctx context.Context, tx *sql.Tx, before int64) (bool, error) {
	// Writing, even nothing new, keeps other processes from counting the same until the end.
	var from int64
	if err := tx.QueryRowContext(ctx, `UPDATE counted SET up_to = up_to WHERE row_id = 1 RETURNING up_to`).Scan(&from); err != nil {
		return false, err
	}
	var first sql.Null[int64]
	err := tx.QueryRowContext(ctx, `SELECT MIN(created) FROM cases WHERE created >= $1 AND created < $2`, from, before).Scan(&first)
	if err != nil || !first.Valid {
		return false, err
	}
	date := dayOf(fromMillis(first.V))
	until := min(before, millis(date.AddDate(0, 0, 1)))
	days, err := countSeen(ctx, tx, from, until)
	if err != nil {
		return false, err
	}
	for _, d := range days { // one
		if err := addDay(ctx, tx, d); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE counted SET up_to = $1 WHERE row_id = 1`, until)
	return true, err
}

// addDay adds counts to those of their day.
func addDay(ctx context.Context, tx *sql.Tx, d watch.Day) error {
	var text string
	err := tx.QueryRowContext(ctx, `
		INSERT INTO days (day, counts) VALUES ($1, '{}') ON CONFLICT (day) DO UPDATE SET counts = days.counts
		RETURNING counts`, millis(d.Date)).Scan(&text)
	if err != nil {
		return err
	}
	var before watch.Day
	if err := json.Unmarshal([]byte(text), &before); err != nil {
		return fmt.Errorf("read the counts of a day: %w", err)
	}
	d.Add(before)
	counts, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode the counts of a day: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE days SET counts = $2 WHERE day = $1`, millis(d.Date), string(counts))
	return err
}

// Days returns what came since the beginning of a day (UTC), day by day, the oldest first: what was
// counted, and the cases of which that is still to be done. Days without photos are left out.
func (s *Store) Days(ctx context.Context, since time.Time) ([]watch.Day, error) {
	var days []watch.Day
	err := s.look(ctx, func(ctx context.Context) error {
		var err error
		days, err = s.days(ctx, millis(dayOf(since)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the counts by day: %w", err)
	}
	return days, nil
}

func (s *Store) days(ctx context.Context, since int64) ([]watch.Day, error) {
	// One moment for all that is read, or a case that is being counted could be missed or come twice.
	tx, err := s.db.read.BeginTx(ctx, &sql.TxOptions{Isolation: s.db.snapshot, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, `SELECT day, counts FROM days WHERE day >= $1 ORDER BY day`, since)
	if err != nil {
		return nil, err
	}
	var days []watch.Day
	err = each(rows, func(scan func(...any) error) error {
		var day int64
		var text string
		if err := scan(&day, &text); err != nil {
			return err
		}
		var d watch.Day
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return fmt.Errorf("read the counts of a day: %w", err)
		}
		d.Date = fromMillis(day)
		days = append(days, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var counted int64
	if err := tx.QueryRowContext(ctx, `SELECT up_to FROM counted`).Scan(&counted); err != nil {
		return nil, err
	}
	fresh, err := countSeen(ctx, tx, max(since, counted), maxMillis)
	for _, d := range fresh {
		if last := len(days) - 1; last >= 0 && days[last].Date.Equal(d.Date) {
			days[last].Add(d)
			continue
		}
		days = append(days, d)
	}
	return days, err
}

// maxMillis is later than anything.
const maxMillis = 1<<63 - 1

// A countable is an assessment as it is read to be counted, without its largest parts.
type countable struct {
	deepskin.Assessment
	Grid      passedOver `json:"grid"`
	Diagnoses passedOver `json:"diagnoses"`
}

// passedOver is JSON that is not read.
type passedOver struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*passedOver) UnmarshalJSON([]byte) error { return nil }

// countSeen counts the cases that came between two times, day by day, the oldest first.
func countSeen(ctx context.Context, tx *sql.Tx, from, until int64) ([]watch.Day, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT platform, status, created, assessment, COALESCE(delivered - promised, 0)
		FROM cases WHERE created >= $1 AND created < $2 ORDER BY created`, from, until)
	if err != nil {
		return nil, err
	}
	var days []watch.Day
	err = each(rows, func(scan func(...any) error) error {
		var (
			seen          watch.Seen
			created, took int64
			assessment    sql.Null[string]
		)
		if err := scan(&seen.Platform, &seen.Status, &created, &assessment, &took); err != nil {
			return err
		}
		if assessment.Valid {
			var a countable
			if err := json.Unmarshal([]byte(assessment.V), &a); err != nil {
				return fmt.Errorf("read an assessment: %w", err)
			}
			seen.Assessment = &a.Assessment
			seen.Took = time.Duration(took) * time.Millisecond
		}
		date := dayOf(fromMillis(created))
		if last := len(days) - 1; last < 0 || !days[last].Date.Equal(date) {
			days = append(days, watch.Day{Date: date})
		}
		days[len(days)-1].Count(seen)
		return nil
	})
	return days, err
}

// dayOf is the beginning of the day, UTC, of a time.
func dayOf(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Thumbs counts the verdicts on the answers to photos that came since a time, by the model that
// answered, in the order of versions. A verdict goes with its case.
func (s *Store) Thumbs(ctx context.Context, since time.Time) ([]watch.Thumbs, error) {
	var thumbs []watch.Thumbs
	err := s.look(ctx, func(ctx context.Context) error {
		thumbs = nil
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT model, COUNT(CASE WHEN agrees = 1 THEN 1 END), COUNT(CASE WHEN agrees = 0 THEN 1 END)
			FROM cases WHERE agrees IS NOT NULL AND created >= $1 GROUP BY model ORDER BY model`, millis(since))
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var t watch.Thumbs
			err := scan(&t.Version, &t.Up, &t.Down)
			thumbs = append(thumbs, t)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count verdicts: %w", err)
	}
	return thumbs, nil
}
