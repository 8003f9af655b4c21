package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// channel is where the team's posts stand.
var channel = deepskin.Address{Platform: "discord", Chat: "channel-777777777", Message: "post-5555555"}

// addDisputed stores a case of Alice's with a wrong answer and a kept photo.
func addDisputed(t testing.TB, s *store.Store) deepskin.Case {
	t.Helper()
	c := addAnswered(t, s)
	ok(t, s.SetVerdict(t.Context(), alice, c.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}))
	ok(t, s.KeepPhoto(t.Context(), c.ID, []byte("photo")))
	return read(t, s, c.ID)
}

// addReview stores a disputed case with its review.
func addReview(t testing.TB, s *store.Store) deepskin.Case {
	t.Helper()
	c := addDisputed(t, s)
	ok(t, s.AddReview(t.Context(), c.ID, channel))
	return c
}

// reviewing returns what the team has yet to do about the only case.
func reviewing(t testing.TB, s *store.Store) (unreviewed []deepskin.CaseID, stale, ended []deepskin.Review) {
	t.Helper()
	var err error
	unreviewed, err = s.Unreviewed(t.Context(), 10)
	ok(t, err)
	stale, err = s.StaleReviews(t.Context(), channel.Platform, 10)
	ok(t, err)
	ended, err = s.EndedReviews(t.Context(), channel.Platform, 10)
	ok(t, err)
	return unreviewed, stale, ended
}

func reviews(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addDisputed(t, s)
	for name, edit := range map[string]func(id deepskin.CaseID){
		"not judged": func(deepskin.CaseID) {},
		"not kept": func(id deepskin.CaseID) {
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{}))
		},
		"agreed with": func(id deepskin.CaseID) {
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{Agrees: true}))
			ok(t, s.KeepPhoto(ctx, id, []byte("photo")))
		},
	} {
		other := addAnswered(t, s)
		edit(other.ID)
		if err := s.AddReview(ctx, other.ID, channel); err == nil {
			t.Errorf("%s: there is a review", name)
		}
	}
	if fresh, stale, ended := reviewing(t, s); !reflect.DeepEqual(fresh, []deepskin.CaseID{c.ID}) || stale != nil || ended != nil {
		t.Fatalf("to review are %v, %v, %v; want the disputed one", fresh, stale, ended)
	}
	if none, err := s.Unreviewed(ctx, 0); err != nil || none != nil {
		t.Errorf("at most none: %v, %v", none, err)
	}
	ok(t, s.AddReview(ctx, c.ID, channel))
	is(t, s.AddReview(ctx, c.ID, channel), deepskin.ErrNotFound) // there is one
	want := deepskin.Review{Case: c.ID, Post: channel, Version: 1}
	if fresh, stale, ended := reviewing(t, s); fresh != nil || !reflect.DeepEqual(stale, []deepskin.Review{want}) || ended != nil {
		t.Fatalf("begun: %v, %+v, %v; want %+v to be shown", fresh, stale, ended, want)
	}
	if elsewhere, err := s.StaleReviews(ctx, "telegram", 10); err != nil || elsewhere != nil {
		t.Errorf("on another platform: %v, %v", elsewhere, err)
	}
	ok(t, s.ReviewShown(ctx, c.ID, 1, start))
	if fresh, stale, ended := reviewing(t, s); fresh != nil || stale != nil || ended != nil {
		t.Errorf("shown: %v, %v, %v; want nothing to do", fresh, stale, ended)
	}
	// What the sender adds is to be shown, too; and what changes while the post is written.
	ok(t, s.SetComment(ctx, alice, c.ID, "It was ink."))
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Truth: deepskin.TruthUnknown}))
	ok(t, s.ReviewShown(ctx, c.ID, 2, start))
	if _, stale, _ := reviewing(t, s); len(stale) != 1 || stale[0].Version != 3 {
		t.Errorf("changed: %+v, want version 3 to be shown", stale)
	}
}

func decisions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addReview(t, s)
	ok(t, s.ReviewShown(ctx, c.ID, 1, start))
	if n, err := s.OpenReviews(ctx); err != nil || n != 1 {
		t.Errorf("OpenReviews = %d, %v; want 1", n, err)
	}
	if _, err := s.Decide(ctx, c.ID, bob, "whatever", start); err == nil {
		t.Error("a decision that is none is stored")
	}
	won(t)(s.Decide(ctx, c.ID, bob, deepskin.Decision(deepskin.Melanoma), start))
	lost(t)(s.Decide(ctx, c.ID, alice, deepskin.DecisionReject, start.Add(time.Hour)))
	want := deepskin.Review{Case: c.ID, Post: channel, Version: 2, Decision: "mel", Decided: start}
	if _, stale, _ := reviewing(t, s); !reflect.DeepEqual(stale, []deepskin.Review{want}) {
		t.Errorf("to be shown is %+v, want %+v", stale, want)
	}
	if n, err := s.OpenReviews(ctx); err != nil || n != 0 {
		t.Errorf("OpenReviews = %d, %v; want 0", n, err)
	}
	_, err := s.Decide(ctx, deepskin.NewCaseID(), bob, deepskin.DecisionReject, start)
	is(t, err, deepskin.ErrNotFound)
	_, err = s.ForgetSender(ctx, bob) // a decision outlives who made it
	ok(t, err)
	lost(t)(s.Decide(ctx, c.ID, bob, deepskin.DecisionReject, start))
}

func reviewsEnd(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for name, end := range map[string]func(ctx context.Context, id deepskin.CaseID) error{
		"the case is forgotten":   func(ctx context.Context, id deepskin.CaseID) error { return s.ForgetCase(ctx, alice, id) },
		"the sender is forgotten": func(ctx context.Context, _ deepskin.CaseID) error { _, err := s.ForgetSender(ctx, alice); return err },
		"the photo is dropped":    s.DropPhoto,
		"consent is taken back": func(ctx context.Context, id deepskin.CaseID) error {
			return s.SetVerdict(ctx, alice, id, deepskin.Verdict{Keep: new(bool)})
		},
		"the photo is too old": func(ctx context.Context, _ deepskin.CaseID) error {
			_, err := s.ErasePhotos(ctx, time.Now().Add(time.Hour), 10)
			return err
		},
	} {
		c := addReview(t, s)
		ok(t, s.ForgetPost(ctx, c.ID)) // too early: nothing happens
		won(t)(s.Decide(ctx, c.ID, bob, deepskin.DecisionNoLesion, start))
		ok(t, end(ctx, c.ID))
		want := []deepskin.Review{{Case: c.ID, Post: channel}}
		if _, stale, ended := reviewing(t, s); stale != nil || !reflect.DeepEqual(ended, want) {
			t.Errorf("%s: to show %v, to remove %+v; want the post to be removed", name, stale, ended)
		}
		_, err := s.Decide(ctx, c.ID, bob, deepskin.DecisionNoLesion, start)
		is(t, err, deepskin.ErrNotFound)
		ok(t, s.ForgetPost(ctx, c.ID))
		if _, _, ended := reviewing(t, s); ended != nil {
			t.Errorf("%s: to remove is still %+v", name, ended)
		}
		_, err = s.ForgetSender(ctx, alice)
		ok(t, err)
	}
}

// A photo that is shared again gets a new review once the old post is gone.
func sharedAgain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addReview(t, s)
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Keep: new(bool)}))
	ok(t, s.KeepPhoto(ctx, c.ID, []byte("photo")))
	is(t, s.AddReview(ctx, c.ID, channel), deepskin.ErrNotFound)
	_, _, ended := reviewing(t, s)
	if len(ended) != 1 {
		t.Fatalf("to remove is %+v, want the first post", ended)
	}
	ok(t, s.ForgetPost(ctx, c.ID))
	ok(t, s.AddReview(ctx, c.ID, channel))
}

func comments(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addAnswered(t, s)
	is(t, s.SetComment(ctx, alice, c.ID, "too early"), deepskin.ErrNotFound)
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{}))
	is(t, s.SetComment(ctx, bob, c.ID, "not mine"), deepskin.ErrNotFound)
	for _, text := range []string{"It was ink.", "Encre,\nnon ? 墨"} {
		ok(t, s.SetComment(ctx, alice, c.ID, text))
		if got := read(t, s, c.ID).Comment; got != text {
			t.Errorf("the comment is %q, want %q", got, text)
		}
	}
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}))
	if got := read(t, s, c.ID).Comment; got == "" {
		t.Error("the comment is gone with the truth")
	}
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Agrees: true}))
	if got := read(t, s, c.ID).Comment; got != "" {
		t.Errorf("after agreeing the comment is still %q", got)
	}
}
