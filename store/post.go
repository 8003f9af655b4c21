package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"deepskin"
)

// Unposted returns the cases whose reviews wait for a decision and have no post of the team's yet. The
// oldest comes first; at most limit.
func (s *Store) Unposted(ctx context.Context, limit int) ([]deepskin.CaseID, error) {
	var ids []deepskin.CaseID
	err := s.look(ctx, func(ctx context.Context) error {
		ids = nil
		// An earlier review's post may not be gone yet. It has to go first.
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT r.case_id FROM reviews r WHERE r.status = 'new' AND r.has_post = 0
			AND NOT EXISTS (SELECT 1 FROM review_posts p WHERE p.case_id = r.case_id)
			ORDER BY r.begun, r.case_id LIMIT $1`, max(limit, 0))
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
		return nil, fmt.Errorf("list reviews to post: %w", err)
	}
	return ids, nil
}

// AddPost notes the team's post of a review, which shows nothing of it yet. It returns
// deepskin.ErrNotFound where there is no such review, or no longer, where it is settled, and where it
// has a post already: this one is to go then.
func (s *Store) AddPost(ctx context.Context, id deepskin.CaseID, post deepskin.Address) error {
	address, err := s.sealPost(id, post)
	if err == nil {
		err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			wanted, err := changed(tx.ExecContext(ctx, `
				UPDATE reviews SET has_post = 1 WHERE case_id = $1 AND has_post = 0 AND status = 'new'`, caseKey(id)))
			if err != nil {
				return err
			}
			if !wanted {
				return deepskin.ErrNotFound
			}
			added, err := changed(tx.ExecContext(ctx, `
				INSERT INTO review_posts (case_id, platform, address) VALUES ($1, $2, $3)
				ON CONFLICT (case_id) DO NOTHING`, caseKey(id), post.Platform, address))
			if err == nil && !added {
				err = deepskin.ErrNotFound
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("note the post of case %s: %w", id, err)
	}
	return nil
}

// StaleReviews returns the reviews whose posts on a platform do not show all that is known: fresh
// ones, and those of which something changed. At most limit.
func (s *Store) StaleReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	reviews, err := s.posts(ctx, `
		SELECT `+reviewColumns+`, p.address FROM review_posts p JOIN reviews r ON r.case_id = p.case_id
		WHERE p.platform = $1 AND r.has_post = 1 AND r.shown < r.changed ORDER BY p.case_id LIMIT $2`,
		platform, limit, func(scan func(...any) error, address *[]byte) (deepskin.Review, error) {
			return scanReview(scan, address)
		})
	if err != nil {
		return nil, fmt.Errorf("list reviews to show: %w", err)
	}
	return reviews, nil
}

// EndedReviews returns the reviews on a platform that have ended, with the photo or the case, while
// their posts are still to be removed. They have a case and a post and nothing else. At most limit.
func (s *Store) EndedReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	reviews, err := s.posts(ctx, `
		SELECT p.case_id, p.address FROM review_posts p WHERE p.platform = $1 AND `+orphaned+`
		ORDER BY p.case_id LIMIT $2`,
		platform, limit, func(scan func(...any) error, address *[]byte) (r deepskin.Review, err error) {
			return r, scan(&r.Case, address)
		})
	if err != nil {
		return nil, fmt.Errorf("list reviews to remove: %w", err)
	}
	return reviews, nil
}

// orphaned is the condition that the review of a post p has ended. There may be another one of the same
// case by now.
const orphaned = `NOT EXISTS (SELECT 1 FROM reviews r WHERE r.case_id = p.case_id AND r.has_post = 1)`

// posts returns the reviews that a query selects, with the addresses of their posts.
func (s *Store) posts(
	ctx context.Context, query, platform string, limit int,
	read func(scan func(...any) error, address *[]byte) (deepskin.Review, error),
) ([]deepskin.Review, error) {
	var reviews []deepskin.Review
	err := s.look(ctx, func(ctx context.Context) error {
		reviews = nil
		rows, err := s.db.read.QueryContext(ctx, query, platform, max(limit, 0))
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var address []byte
			r, err := read(scan, &address)
			if err != nil {
				return err
			}
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
		UPDATE reviews SET shown = $2, posted = COALESCE(posted, $3) WHERE case_id = $1 AND has_post = 1 AND shown < $2`,
		caseKey(id), version, millis(at))
	if err != nil {
		return fmt.Errorf("note what the post of case %s shows: %w", id, err)
	}
	return nil
}

// ForgetPost forgets the team's post of a review that has ended, once it is gone.
func (s *Store) ForgetPost(ctx context.Context, id deepskin.CaseID) error {
	_, err := s.change(ctx, `DELETE FROM review_posts AS p WHERE p.case_id = $1 AND `+orphaned, caseKey(id))
	if err != nil {
		return fmt.Errorf("forget the post of case %s: %w", id, err)
	}
	return nil
}
