package bot_test

import (
	"context"
	"slices"
	"time"

	"deepskin"
)

// A storedReview is a row of reviews and its post in a memStore.
type storedReview struct {
	deepskin.Review
	shown    int64
	ended    bool
	reviewer deepskin.Sender
}

// endReviews marks the reviews whose photos are gone; the caller holds the lock.
func (s *memStore) endReviews() {
	for id, r := range s.reviews {
		if _, kept := s.photos[id]; !kept {
			*r = storedReview{Review: deepskin.Review{Case: id, Post: r.Post}, ended: true}
		}
	}
}

// reviewChanged makes a review's post stale; the caller holds the lock.
func (s *memStore) reviewChanged(id deepskin.CaseID) {
	if r, ok := s.reviews[id]; ok {
		r.Version++
	}
}

func (s *memStore) reviewable(id deepskin.CaseID) bool {
	c, ok := s.cases[id]
	_, kept := s.photos[id]
	return ok && kept && c.Verdict != nil && !c.Verdict.Agrees && c.Verdict.Keep != nil && *c.Verdict.Keep && s.reviews[id] == nil
}

func (s *memStore) Unreviewed(ctx context.Context, limit int) ([]deepskin.CaseID, error) {
	if err := s.enter(ctx, "Unreviewed"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ids []deepskin.CaseID
	for id := range s.cases {
		if s.reviewable(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), limit)], nil
}

func (s *memStore) AddReview(ctx context.Context, id deepskin.CaseID, post deepskin.Address) error {
	if err := s.enter(ctx, "AddReview"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if !s.reviewable(id) {
		return deepskin.ErrNotFound
	}
	s.reviews[id] = &storedReview{Review: deepskin.Review{Case: id, Post: post, Version: 1}}
	return nil
}

func (s *memStore) listReviews(
	ctx context.Context, method string, limit int, wanted func(*storedReview) bool,
) ([]deepskin.Review, error) {
	if err := s.enter(ctx, method); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.endReviews()
	var list []deepskin.Review
	for _, r := range s.reviews {
		if wanted(r) {
			list = append(list, r.Review)
		}
	}
	return list[:min(len(list), limit)], nil
}

func (s *memStore) StaleReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	return s.listReviews(ctx, "StaleReviews", limit, func(r *storedReview) bool {
		return r.Post.Platform == platform && !r.ended && r.shown < r.Version
	})
}

func (s *memStore) EndedReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	return s.listReviews(ctx, "EndedReviews", limit, func(r *storedReview) bool {
		return r.Post.Platform == platform && r.ended
	})
}

func (s *memStore) ReviewShown(ctx context.Context, id deepskin.CaseID, version int64, _ time.Time) error {
	if err := s.enter(ctx, "ReviewShown"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if r, ok := s.reviews[id]; ok {
		r.shown = max(r.shown, version)
	}
	return nil
}

func (s *memStore) Decide(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (bool, error) {
	if err := s.enter(ctx, "Decide"); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	s.endReviews()
	r, ok := s.reviews[id]
	switch {
	case !ok || r.ended:
		return false, deepskin.ErrNotFound
	case r.Decision != "":
		return false, nil
	}
	r.Decision, r.Decided, r.reviewer = d, at, reviewer
	r.Version++
	return true, nil
}

func (s *memStore) ForgetPost(ctx context.Context, id deepskin.CaseID) error {
	if err := s.enter(ctx, "ForgetPost"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.reviews, id)
	return nil
}

func (s *memStore) OpenReviews(ctx context.Context) (int, error) {
	open, err := s.listReviews(ctx, "OpenReviews", 1000, func(r *storedReview) bool { return !r.ended && r.Decision == "" })
	return len(open), err
}

func (s *memStore) Stats(ctx context.Context, since time.Time) (deepskin.Stats, error) {
	if err := s.enter(ctx, "Stats"); err != nil {
		return deepskin.Stats{}, err
	}
	defer s.mu.Unlock()
	return s.stats(since), nil
}

func (s *memStore) SetComment(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, comment string,
) error {
	return orNotFound(s.change(ctx, "SetComment", id, func(c *storedCase) bool {
		if c.sender != sender || c.Verdict == nil || c.Verdict.Agrees {
			return false
		}
		c.Comment = comment
		s.reviewChanged(id)
		return true
	}))
}

func (s *memStore) ErasePhotos(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.eraseCases(ctx, "ErasePhotos", before, limit, func(id deepskin.CaseID) bool {
		_, kept := s.photos[id]
		delete(s.photos, id)
		return kept
	})
}

func (s *memStore) EraseCases(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.eraseCases(ctx, "EraseCases", before, limit, func(id deepskin.CaseID) bool {
		if _, kept := s.photos[id]; kept {
			return false
		}
		delete(s.cases, id)
		return true
	})
}

// eraseCases erases something of old cases. Photos count as kept when their case came.
func (s *memStore) eraseCases(
	ctx context.Context, method string, before time.Time, limit int, erase func(deepskin.CaseID) bool,
) (int, error) {
	if err := s.enter(ctx, method); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	for id, c := range s.cases {
		if n < limit && c.Created.Before(before) && erase(id) {
			n++
		}
	}
	return n, nil
}
