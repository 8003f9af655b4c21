package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// Unreviewed returns the cases that the team has yet to be shown: those whose sender disagreed with
// the answer and let us keep the photo. The oldest judgement comes first; at most limit.
func (s *Store) Unreviewed(ctx context.Context, limit int) ([]deepskin.CaseID, error) {
	var ids []deepskin.CaseID
	err := s.look(ctx, func(ctx context.Context) error {
		ids = nil
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT c.id FROM photos p JOIN cases c ON c.id = p.case_id
			WHERE c.agrees = 0 AND c.keep = 1 AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.case_id = c.id)
			ORDER BY c.judged, c.id LIMIT $1`, max(limit, 0))
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var id deepskin.CaseID
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list cases to review: %w", err)
	}
	return ids, nil
}

// AddReview begins the review of a case, in a post of the team's that shows nothing of it yet. It
// returns deepskin.ErrNotFound where the case is not, or no longer, one to review, and where it has a
// review already: the post is to go then.
func (s *Store) AddReview(ctx context.Context, id deepskin.CaseID, post deepskin.Address) error {
	address, err := s.sealPost(id, post)
	if err == nil {
		err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			added, err := changed(tx.ExecContext(ctx, `
				INSERT INTO reviews (case_id)
				SELECT c.id FROM photos p JOIN cases c ON c.id = p.case_id WHERE c.id = $1 AND c.agrees = 0 AND c.keep = 1
				ON CONFLICT (case_id) DO NOTHING`, caseKey(id)))
			if err != nil {
				return err
			}
			if !added {
				return deepskin.ErrNotFound
			}
			// An earlier review's post may not be gone yet. It has to go first.
			added, err = changed(tx.ExecContext(ctx, `
				INSERT INTO review_posts (case_id, platform, address) VALUES ($1, $2, $3)
				ON CONFLICT (case_id) DO NOTHING`, caseKey(id), post.Platform, address))
			if err == nil && !added {
				err = deepskin.ErrNotFound
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("begin review of case %s: %w", id, err)
	}
	return nil
}

// StaleReviews returns the reviews whose posts on a platform do not show all that is known: fresh
// ones, and those of which something changed. At most limit.
func (s *Store) StaleReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	reviews, err := s.reviews(ctx, `
		SELECT p.case_id, p.address, r.changed, r.decided, r.decision FROM review_posts p JOIN reviews r ON r.case_id = p.case_id
		WHERE p.platform = $1 AND r.shown < r.changed ORDER BY p.case_id LIMIT $2`, platform, limit)
	if err != nil {
		return nil, fmt.Errorf("list reviews to show: %w", err)
	}
	return reviews, nil
}

// EndedReviews returns the reviews on a platform that have ended, with the photo or the case, while
// their posts are still to be removed. They have a case and a post and nothing else. At most limit.
func (s *Store) EndedReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	reviews, err := s.reviews(ctx, `
		SELECT p.case_id, p.address, 0, NULL, '' FROM review_posts p
		WHERE p.platform = $1 AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.case_id = p.case_id)
		ORDER BY p.case_id LIMIT $2`, platform, limit)
	if err != nil {
		return nil, fmt.Errorf("list reviews to remove: %w", err)
	}
	return reviews, nil
}

func (s *Store) reviews(ctx context.Context, query, platform string, limit int) ([]deepskin.Review, error) {
	var reviews []deepskin.Review
	err := s.look(ctx, func(ctx context.Context) error {
		reviews = nil
		rows, err := s.db.read.QueryContext(ctx, query, platform, max(limit, 0))
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var r deepskin.Review
			var address []byte
			var decided sql.Null[int64]
			if err := scan(&r.Case, &address, &r.Version, &decided, &r.Decision); err != nil {
				return err
			}
			if decided.Valid {
				r.Decided = fromMillis(decided.V)
			}
			var err error
			if r.Post, err = s.openPost(r.Case, address); err != nil {
				return fmt.Errorf("open the post of case %s: %w", r.Case, err)
			}
			reviews = append(reviews, r)
			return nil
		})
	})
	return reviews, err
}

// ReviewShown notes that the team's post shows a version of the review, and when it did so first. A
// review that has ended meanwhile is no error.
func (s *Store) ReviewShown(ctx context.Context, id deepskin.CaseID, version int64, at time.Time) error {
	_, err := s.change(ctx, `
		UPDATE reviews SET shown = $2, posted = COALESCE(posted, $3) WHERE case_id = $1 AND shown < $2`,
		caseKey(id), version, millis(at))
	if err != nil {
		return fmt.Errorf("note the post of case %s: %w", id, err)
	}
	return nil
}

// Decide records a reviewer's decision; false where there is one already, which stands. It returns
// deepskin.ErrNotFound where there is no review, or no longer.
func (s *Store) Decide(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (bool, error) {
	if !d.Valid() {
		return false, fmt.Errorf("decide on case %s: the decision is unknown to us", id)
	}
	first := false
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		first, err = changed(tx.ExecContext(ctx, `
			UPDATE reviews SET decision = $2, reviewer = $3, decided = $4, changed = changed + 1
			WHERE case_id = $1 AND decided IS NULL`,
			caseKey(id), string(d), s.seal.sender(reviewer), millis(at)))
		if err != nil || first {
			return err
		}
		var found int
		err = tx.QueryRowContext(ctx, `SELECT 1 FROM reviews WHERE case_id = $1`, caseKey(id)).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			err = deepskin.ErrNotFound
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("decide on case %s: %w", id, err)
	}
	return first, nil
}

// ForgetPost forgets the team's post of a review that has ended, once it is gone.
func (s *Store) ForgetPost(ctx context.Context, id deepskin.CaseID) error {
	_, err := s.change(ctx, `
		DELETE FROM review_posts WHERE case_id = $1
		AND NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.case_id = review_posts.case_id)`, caseKey(id))
	if err != nil {
		return fmt.Errorf("forget the post of case %s: %w", id, err)
	}
	return nil
}

// reviewChanged is the statement that makes a review's post stale.
const reviewChanged = `UPDATE reviews SET changed = changed + 1 WHERE case_id = $1`
