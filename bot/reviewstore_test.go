package bot_test

import (
	"context"
	"slices"
	"time"

	"deepskin"
)

// A storedReview is a row of reviews in a memStore.
type storedReview struct {
	deepskin.Review
	shown   int64
	hasPost bool
	votes   []storedVote
}

type storedVote struct {
	reviewer deepskin.Sender
	decision deepskin.Decision
}

// updateReviews begins reviews that are due, and ends those whose photos are gone; the caller holds the
// lock.
func (s *memStore) updateReviews() {
	for id := range s.reviews {
		if _, kept := s.photos[id]; !kept {
			delete(s.reviews, id)
		}
	}
	for id, c := range s.cases {
		_, kept := s.photos[id]
		if v := c.Verdict; kept && v != nil && !v.Agrees && v.Keep != nil && *v.Keep && s.reviews[id] == nil {
			s.reviews[id] = &storedReview{Review: deepskin.Review{Case: id, Status: deepskin.ReviewNew, Version: 1}}
		}
	}
}

// reviewChanged makes a review's post stale; the caller holds the lock.
func (s *memStore) reviewChanged(id deepskin.CaseID) {
	if r, ok := s.reviews[id]; ok {
		r.Version++
	}
}

func (s *memStore) Unposted(ctx context.Context, limit int) ([]deepskin.CaseID, error) {
	if err := s.enter(ctx, "Unposted"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	var ids []deepskin.CaseID
	for id, r := range s.reviews {
		if _, posted := s.posts[id]; !posted && !r.hasPost && r.Status == deepskin.ReviewNew {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), limit)], nil
}

func (s *memStore) AddPost(ctx context.Context, id deepskin.CaseID, post deepskin.Address) error {
	if err := s.enter(ctx, "AddPost"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	r, ok := s.reviews[id]
	if _, posted := s.posts[id]; !ok || posted || r.hasPost || r.Status != deepskin.ReviewNew {
		return deepskin.ErrNotFound
	}
	r.hasPost, s.posts[id] = true, post
	return nil
}

// listPosts returns the reviews that are wanted, by their posts; of those that have ended there is no
// more than the case.
func (s *memStore) listPosts(
	ctx context.Context, method, platform string, limit int, wanted func(r *storedReview) bool,
) ([]deepskin.Review, error) {
	if err := s.enter(ctx, method); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	var list []deepskin.Review
	for id, post := range s.posts {
		r := s.reviews[id]
		if post.Platform != platform || !wanted(r) {
			continue
		}
		shown := deepskin.Review{Case: id}
		if r != nil && r.hasPost {
			shown = r.Review
		}
		shown.Post = post
		list = append(list, shown)
	}
	return list[:min(len(list), limit)], nil
}

func (s *memStore) StaleReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	return s.listPosts(ctx, "StaleReviews", platform, limit, func(r *storedReview) bool {
		return r != nil && r.hasPost && r.shown < r.Version
	})
}

func (s *memStore) EndedReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error) {
	return s.listPosts(ctx, "EndedReviews", platform, limit, func(r *storedReview) bool { return r == nil || !r.hasPost })
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

func (s *memStore) Vote(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (deepskin.VoteOutcome, error) {
	if err := s.enter(ctx, "Vote"); err != nil {
		return deepskin.VoteOutcome{}, err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	r, ok := s.reviews[id]
	if !ok {
		return deepskin.VoteOutcome{}, deepskin.ErrNotFound
	}
	var decisions []deepskin.Decision
	voted := false
	for _, v := range r.votes {
		decisions = append(decisions, v.decision)
		voted = voted || v.reviewer == reviewer
	}
	if voted || r.Status != deepskin.ReviewNew {
		return deepskin.VoteOutcome{Status: r.Status, Decision: r.Decision}, nil
	}
	r.votes = append(r.votes, storedVote{reviewer, d})
	r.Votes++
	r.Version++
	r.Status, r.Decision = deepskin.SettleVotes(s.cases[id].Assessment.Label, append(decisions, d))
	if r.Status != deepskin.ReviewNew {
		r.Decided = at
	}
	return deepskin.VoteOutcome{Counted: true, Status: r.Status, Decision: r.Decision}, nil
}

func (s *memStore) ForgetPost(ctx context.Context, id deepskin.CaseID) error {
	if err := s.enter(ctx, "ForgetPost"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	if r, ok := s.reviews[id]; !ok || !r.hasPost {
		delete(s.posts, id)
	}
	return nil
}

func (s *memStore) OpenReviews(ctx context.Context) (int, error) {
	if err := s.enter(ctx, "OpenReviews"); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	s.updateReviews()
	n := 0
	for _, r := range s.reviews {
		if r.Status == deepskin.ReviewNew {
			n++
		}
	}
	return n, nil
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

func (s *memStore) CountCases(ctx context.Context, before time.Time) error {
	if err := s.enter(ctx, "CountCases"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.counted = before
	return nil
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
