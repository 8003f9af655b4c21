package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// reviewColumns are the columns of reviews that scanReview reads.
const reviewColumns = `r.case_id, r.status, (SELECT COUNT(*) FROM votes v WHERE v.case_id = r.case_id), r.priority,
	r.changed, r.decision, r.decided`

// scanReview reads the reviewColumns of one row, and what the query has after them.
func scanReview(scan func(...any) error, more ...any) (deepskin.Review, error) {
	var r deepskin.Review
	var decided sql.Null[int64]
	err := scan(append([]any{&r.Case, &r.Status, &r.Votes, &r.Priority, &r.Version, &r.Decision, &decided}, more...)...)
	if decided.Valid {
		r.Decided = fromMillis(decided.V)
	}
	return r, err
}

// beginReview begins the review of a case whose sender disagrees with the answer and lets us keep the
// photo, unless there is one.
func beginReview(ctx context.Context, tx *sql.Tx, id deepskin.CaseID) error {
	var assessment string
	var truth deepskin.Truth
	err := tx.QueryRowContext(ctx, `
		SELECT c.assessment, c.truth FROM photos p JOIN cases c ON c.id = p.case_id
		WHERE c.id = $1 AND c.agrees = 0 AND c.keep = 1`, caseKey(id)).Scan(&assessment, &truth)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for what to review: %w", err)
	}
	var a deepskin.Assessment
	if err := json.Unmarshal([]byte(assessment), &a); err != nil {
		return fmt.Errorf("read assessment: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO reviews (case_id, priority, begun) VALUES ($1, $2, $3) ON CONFLICT (case_id) DO NOTHING`,
		caseKey(id), deepskin.ReviewPriority(a, deepskin.Verdict{Truth: truth}), millis(time.Now()))
	if err != nil {
		return fmt.Errorf("begin the review: %w", err)
	}
	return nil
}

// endUnseenReview is the statement that ends a review that nobody has looked at.
const endUnseenReview = `
	DELETE FROM reviews WHERE case_id = $1 AND has_post = 0
	AND NOT EXISTS (SELECT 1 FROM votes WHERE votes.case_id = reviews.case_id)`

// reviewChanged is the statement that makes a review's post stale.
const reviewChanged = `UPDATE reviews SET changed = changed + 1 WHERE case_id = $1`

// OpenReviews returns how many answers wait for the team's decision.
func (s *Store) OpenReviews(ctx context.Context) (int, error) {
	var n int
	err := s.look(ctx, func(ctx context.Context) error {
		return s.db.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM reviews WHERE status = 'new'`).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count open reviews: %w", err)
	}
	return n, nil
}

// ReviewLine returns the reviews that wait for this reviewer's vote, at most limit: first those that
// teach most, and of equals the oldest.
func (s *Store) ReviewLine(ctx context.Context, reviewer deepskin.Sender, limit int) ([]deepskin.ReviewTask, error) {
	tasks, err := s.reviewTasks(ctx, `r.status = 'new' AND w.place IS NULL ORDER BY r.priority DESC, r.begun, r.case_id LIMIT $2`,
		reviewer, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("list reviews that wait: %w", err)
	}
	return tasks, nil
}

// NextReview returns the first of the ReviewLine, or deepskin.ErrNotFound where nothing waits for this
// reviewer's vote.
func (s *Store) NextReview(ctx context.Context, reviewer deepskin.Sender) (deepskin.ReviewTask, error) {
	line, err := s.ReviewLine(ctx, reviewer, 1)
	if err == nil && len(line) == 0 {
		err = deepskin.ErrNotFound
	}
	if err != nil {
		return deepskin.ReviewTask{}, fmt.Errorf("next review: %w", err)
	}
	return line[0], nil
}

// ReviewTask returns what a reviewer sees of one review, settled or not; deepskin.ErrNotFound where
// there is no such review, or no longer.
func (s *Store) ReviewTask(ctx context.Context, reviewer deepskin.Sender, id deepskin.CaseID) (deepskin.ReviewTask, error) {
	tasks, err := s.reviewTasks(ctx, `r.case_id = $2`, reviewer, caseKey(id))
	if err == nil && len(tasks) == 0 {
		err = deepskin.ErrNotFound
	}
	if err != nil {
		return deepskin.ReviewTask{}, fmt.Errorf("read review: %w", err)
	}
	return tasks[0], nil
}

// reviewTasks returns the reviews r that a condition selects, with one argument, $2; w is the
// reviewer's own vote, null where there is none.
func (s *Store) reviewTasks(
	ctx context.Context, condition string, reviewer deepskin.Sender, arg any,
) ([]deepskin.ReviewTask, error) {
	var tasks []deepskin.ReviewTask
	err := s.look(ctx, func(ctx context.Context) error {
		tasks = nil
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT `+reviewColumns+`, w.place, `+joinedColumns+`
			FROM reviews r JOIN cases c ON c.id = r.case_id
			LEFT JOIN votes w ON w.case_id = r.case_id AND w.reviewer = $1
			WHERE `+condition, s.seal.sender(reviewer), arg)
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var t deepskin.ReviewTask
			var own sql.Null[int64]
			var err error
			t.Case, err = s.scanCase(func(columns ...any) error {
				var err error
				t.Review, err = scanReview(scan, append([]any{&own}, columns...)...)
				return err
			})
			t.Voted = own.Valid
			t.Case.Address, t.Case.Source = deepskin.Address{}, ""
			tasks = append(tasks, t)
			return err
		})
	})
	return tasks, err
}
