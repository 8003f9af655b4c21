package store_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
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

// addReview stores a disputed case with its review in a post.
func addReview(t testing.TB, s *store.Store) deepskin.Case {
	t.Helper()
	c := addDisputed(t, s)
	ok(t, s.AddPost(t.Context(), c.ID, channel))
	return c
}

// reviewing returns what the team's channel has yet to show of the only case.
func reviewing(t testing.TB, s *store.Store) (unposted []deepskin.CaseID, stale, ended []deepskin.Review) {
	t.Helper()
	var err error
	unposted, err = s.Unposted(t.Context(), 10)
	ok(t, err)
	stale, err = s.StaleReviews(t.Context(), channel.Platform, 10)
	ok(t, err)
	ended, err = s.EndedReviews(t.Context(), channel.Platform, 10)
	ok(t, err)
	return unposted, stale, ended
}

// waitingFor returns the cases that wait for a reviewer's vote, in their order.
func waitingFor(t testing.TB, s *store.Store, reviewer deepskin.Sender) (line []deepskin.CaseID) {
	t.Helper()
	tasks, err := s.ReviewLine(t.Context(), reviewer, 10)
	ok(t, err)
	for _, task := range tasks {
		line = append(line, task.Case.ID)
	}
	return line
}

// opinions are a vote of each of several reviewers, which all count. It returns the last outcome.
func opinions(t testing.TB, s *store.Store, id deepskin.CaseID, votes ...deepskin.Decision) (outcome deepskin.VoteOutcome) {
	t.Helper()
	for i, d := range votes {
		var err error
		outcome, err = s.Vote(t.Context(), id, reviewer(i), d, start.Add(time.Duration(i)*time.Hour))
		ok(t, err)
		if !outcome.Counted {
			t.Fatalf("vote %d does not count: %+v", i+1, outcome)
		}
	}
	return outcome
}

func reviewer(i int) deepskin.Sender {
	return deepskin.Sender{Platform: "discord", ID: fmt.Sprint("reviewer-", i)}
}

func reviews(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for name, edit := range map[string]func(id deepskin.CaseID){
		"not judged": func(id deepskin.CaseID) { ok(t, s.KeepPhoto(ctx, id, []byte("photo"))) },
		"not kept": func(id deepskin.CaseID) {
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{}))
		},
		"agreed with": func(id deepskin.CaseID) {
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{Agrees: true}))
			ok(t, s.KeepPhoto(ctx, id, []byte("photo")))
		},
		"agreed with after all": func(id deepskin.CaseID) {
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{}))
			ok(t, s.KeepPhoto(ctx, id, []byte("photo")))
			ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{Agrees: true}))
		},
	} {
		other := addAnswered(t, s)
		edit(other.ID)
		_, err := s.ReviewTask(ctx, bob, other.ID)
		is(t, err, deepskin.ErrNotFound)
		_, err = s.NextReview(ctx, bob)
		is(t, err, deepskin.ErrNotFound)
		if err := s.AddPost(ctx, other.ID, channel); err == nil {
			t.Errorf("%s: there is a review", name)
		}
	}
	c := addDisputed(t, s)
	if fresh, stale, ended := reviewing(t, s); !reflect.DeepEqual(fresh, []deepskin.CaseID{c.ID}) || stale != nil || ended != nil {
		t.Fatalf("to review are %v, %v, %v; want the disputed one", fresh, stale, ended)
	}
	// Judging and sharing may come in any order.
	later := addAnswered(t, s)
	ok(t, s.KeepPhoto(ctx, later.ID, []byte("photo")))
	ok(t, s.SetVerdict(ctx, alice, later.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}))
	if line := waitingFor(t, s, bob); !reflect.DeepEqual(line, []deepskin.CaseID{c.ID, later.ID}) {
		t.Errorf("in line are %v, want both, the older one first", line)
	}
	ok(t, s.ForgetCase(ctx, alice, later.ID))

	task, err := s.NextReview(ctx, bob)
	ok(t, err)
	want := deepskin.ReviewTask{Case: c, Review: deepskin.Review{
		Case: c.ID, Status: deepskin.ReviewNew, Version: 1, Priority: deepskin.ReviewPriority(*c.Assessment, *c.Verdict),
	}}
	want.Case.Address, want.Case.Source = deepskin.Address{}, "" // a reviewer need not know
	if want.Review.Priority <= 0 || !reflect.DeepEqual(task, want) {
		t.Errorf("NextReview = %+v, want %+v", task, want)
	}
	if one, err := s.ReviewTask(ctx, bob, c.ID); err != nil || !reflect.DeepEqual(one, want) {
		t.Errorf("ReviewTask = %+v, %v; want %+v", one, err, want)
	}
}

func posts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addDisputed(t, s)
	if none, err := s.Unposted(ctx, 0); err != nil || none != nil {
		t.Errorf("at most none: %v, %v", none, err)
	}
	ok(t, s.AddPost(ctx, c.ID, channel))
	is(t, s.AddPost(ctx, c.ID, channel), deepskin.ErrNotFound) // there is one
	want := deepskin.Review{
		Case: c.ID, Post: channel, Version: 1, Status: deepskin.ReviewNew,
		Priority: deepskin.ReviewPriority(*c.Assessment, *c.Verdict),
	}
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
	// What was settled elsewhere before needs no post.
	settled := addDisputed(t, s)
	opinions(t, s, settled.ID, deepskin.DecisionReject)
	if fresh, _, _ := reviewing(t, s); fresh != nil {
		t.Errorf("to be posted is %v, want nothing that is settled", fresh)
	}
	is(t, s.AddPost(ctx, settled.ID, channel), deepskin.ErrNotFound)
}

// The answer to the cases is malignant.
func votes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		votes  []deepskin.Decision
		status deepskin.ReviewStatus
		want   deepskin.Decision
	}{
		"one for the same risk": {[]deepskin.Decision{"mel"}, deepskin.ReviewLabelled, "mel"},
		"one rejects":           {[]deepskin.Decision{"reject"}, deepskin.ReviewRejected, "reject"},
		"one for another risk":  {[]deepskin.Decision{"nv"}, deepskin.ReviewNew, ""},
		"two for another risk":  {[]deepskin.Decision{"nv", "nv"}, deepskin.ReviewLabelled, "nv"},
		"two that differ":       {[]deepskin.Decision{"nv", "mel"}, deepskin.ReviewNew, ""},
		"a third decides":       {[]deepskin.Decision{"nv", "mel", "mel"}, deepskin.ReviewLabelled, "mel"},
		"three that differ":     {[]deepskin.Decision{"nv", "mel", "bkl"}, deepskin.ReviewRejected, "reject"},
	} {
		c := addReview(t, s)
		open, err := s.OpenReviews(ctx)
		ok(t, err)
		last := start.Add(time.Duration(len(test.votes)-1) * time.Hour)
		if got := opinions(t, s, c.ID, test.votes...); got.Status != test.status || got.Decision != test.want {
			t.Errorf("%s: Vote = %+v", name, got)
		}
		task, err := s.ReviewTask(ctx, reviewer(0), c.ID)
		ok(t, err)
		r := task.Review
		if r.Status != test.status || r.Decision != test.want || r.Votes != len(test.votes) || !task.Voted {
			t.Errorf("%s: the review is %+v", name, task)
		}
		if settled := test.status != deepskin.ReviewNew; settled {
			open--
			if !r.Decided.Equal(last) {
				t.Errorf("%s: decided at %v, want %v", name, r.Decided, last)
			}
		} else if !r.Decided.IsZero() {
			t.Errorf("%s: decided at %v", name, r.Decided)
		}
		if n, err := s.OpenReviews(ctx); err != nil || n != open {
			t.Errorf("%s: OpenReviews = %d, %v; want %d", name, n, err, open)
		}
		_, stale, _ := reviewing(t, s)
		if len(stale) != 1 || stale[0].Votes != len(test.votes) || stale[0].Version != 1+int64(len(test.votes)) || stale[0].Decision != test.want {
			t.Errorf("%s: to be shown is %+v", name, stale)
		}
		// Nobody votes twice, whatever became of the review.
		for i := range test.votes {
			got, err := s.Vote(ctx, c.ID, reviewer(i), deepskin.DecisionReject, last)
			if err != nil || got != (deepskin.VoteOutcome{Status: test.status, Decision: test.want}) {
				t.Errorf("%s: a second vote of reviewer %d: %+v, %v", name, i, got, err)
			}
			if line := waitingFor(t, s, reviewer(i)); line != nil {
				t.Errorf("%s: reviewer %d is asked again: %v", name, i, line)
			}
		}
		if line := waitingFor(t, s, bob); (line == nil) == (test.status == deepskin.ReviewNew) {
			t.Errorf("%s: others are asked: %v", name, line)
		}
		ok(t, s.ForgetCase(ctx, alice, c.ID))
		ok(t, s.ForgetPost(ctx, c.ID))
	}
	c := addReview(t, s)
	if _, err := s.Vote(ctx, c.ID, bob, "whatever", start); err == nil {
		t.Error("a decision that is none is stored")
	}
	_, err := s.Vote(ctx, deepskin.NewCaseID(), bob, deepskin.DecisionReject, start)
	is(t, err, deepskin.ErrNotFound)
}

// Many who vote on the same photo at once get in nobody's way, and it is settled once.
func votesAtOnce(t *testing.T, s *store.Store) {
	c := addReview(t, s)
	outcomes := make(chan deepskin.VoteOutcome, 8)
	var wg sync.WaitGroup
	for i := range cap(outcomes) {
		wg.Go(func() {
			outcome, err := s.Vote(t.Context(), c.ID, reviewer(i/2), "nv", start) // each of them twice
			if err != nil {
				t.Error(err)
			}
			outcomes <- outcome
		})
	}
	wg.Wait()
	close(outcomes)
	counted := 0
	for o := range outcomes {
		if o.Counted {
			counted++
		}
	}
	task, err := s.ReviewTask(t.Context(), bob, c.ID)
	if err != nil || counted != 2 || task.Review.Votes != 2 || task.Review.Decision != "nv" {
		t.Errorf("%d votes counted, the review is %+v, %v; want 2", counted, task.Review, err)
	}
}

// What a reviewer decided outlives them, but what is not settled yet does not wait for a person who
// could vote twice.
func reviewersLeave(t *testing.T, s *store.Store) {
	ctx := t.Context()
	settled, open := addReview(t, s), addDisputed(t, s)
	opinions(t, s, settled.ID, "nv", "nv")
	opinions(t, s, open.ID, "nv", "mel")
	_, err := s.ForgetSender(ctx, reviewer(0))
	ok(t, err)
	outcome, err := s.Vote(ctx, settled.ID, reviewer(0), "mel", start)
	if err != nil || outcome.Counted || outcome.Decision != "nv" {
		t.Errorf("what is settled: Vote = %+v, %v", outcome, err)
	}
	task, err := s.ReviewTask(ctx, bob, open.ID)
	if err != nil || task.Review.Votes != 1 || task.Review.Version != 4 {
		t.Errorf("the open review is %+v, %v; want one vote left", task.Review, err)
	}
	if got := opinions(t, s, open.ID, "mel"); got.Status != deepskin.ReviewLabelled || got.Decision != "mel" {
		t.Errorf("after another vote: %+v", got)
	}
}

func reviewersAgree(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for _, pair := range [][]deepskin.Decision{
		{"nv", "bkl"}, {"nv", "mel"}, {"no_lesion", "reject"}, {"nv", "nv"}, {"no_lesion", "nv"}, {"bkl", "nv", "mel"}, {"mel"},
	} {
		opinions(t, s, addDisputed(t, s).ID, pair...)
	}
	got, err := s.Agreement(ctx, start)
	want := deepskin.Agree(map[[2]deepskin.Decision]int{
		{"nv", "bkl"}: 1, {"nv", "mel"}: 1, {"no_lesion", "reject"}: 1, {"nv", "nv"}: 1, {"no_lesion", "nv"}: 1, {"bkl", "nv"}: 1,
	})
	if err != nil || got != want || got.Pairs != 6 {
		t.Errorf("Agreement = %+v, %v; want %+v", got, err, want)
	}
	if got, err := s.Agreement(ctx, start.Add(2*time.Hour)); err != nil || got != (deepskin.Agreement{}) {
		t.Errorf("of later votes: %+v, %v; want nothing", got, err)
	}
}

// The line is by priority, then by age.
func reviewLine(t *testing.T, s *store.Store) {
	ctx := t.Context()
	add := func(malignancy float64) deepskin.CaseID {
		c := add(t, s, nil)
		a := assessment()
		a.Label, a.Malignancy, a.Confidence, a.OOD = deepskin.Benign, malignancy, 1-malignancy, a.OODLimit-5
		won(t)(s.Answer(ctx, c.ID, a))
		ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Truth: deepskin.TruthMalignant}))
		ok(t, s.KeepPhoto(ctx, c.ID, []byte("photo")))
		return c.ID
	}
	dull, worst, dullToo, bad := add(0.3), add(0), add(0.3), add(0.02)
	want := []deepskin.CaseID{worst, bad, dull, dullToo}
	if got := waitingFor(t, s, bob); !reflect.DeepEqual(got, want) && !reflect.DeepEqual(got, []deepskin.CaseID{worst, bad, dullToo, dull}) {
		t.Errorf("the line is %v, want %v", got, want)
	}
	if got, err := s.ReviewLine(ctx, bob, 1); err != nil || len(got) != 1 || got[0].Case.ID != worst {
		t.Errorf("the first in line are %+v, %v; want one", got, err)
	}
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
		opinions(t, s, c.ID, deepskin.DecisionNoLesion)
		ok(t, end(ctx, c.ID))
		want := []deepskin.Review{{Case: c.ID, Post: channel}}
		if _, stale, ended := reviewing(t, s); stale != nil || !reflect.DeepEqual(ended, want) {
			t.Errorf("%s: to show %v, to remove %+v; want the post to be removed", name, stale, ended)
		}
		_, err := s.Vote(ctx, c.ID, bob, deepskin.DecisionNoLesion, start)
		is(t, err, deepskin.ErrNotFound)
		_, err = s.ReviewTask(ctx, bob, c.ID)
		is(t, err, deepskin.ErrNotFound)
		ok(t, s.ForgetPost(ctx, c.ID))
		if _, _, ended := reviewing(t, s); ended != nil {
			t.Errorf("%s: to remove is still %+v", name, ended)
		}
		_, err = s.ForgetSender(ctx, alice)
		ok(t, err)
	}
}

// A photo that is shared again gets a new review, without votes, and a post once the old one is gone.
func sharedAgain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addReview(t, s)
	opinions(t, s, c.ID, "nv")
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Keep: new(bool)}))
	ok(t, s.KeepPhoto(ctx, c.ID, []byte("photo")))
	if line := waitingFor(t, s, reviewer(0)); !reflect.DeepEqual(line, []deepskin.CaseID{c.ID}) {
		t.Errorf("in line is %v, want the case again", line)
	}
	is(t, s.AddPost(ctx, c.ID, channel), deepskin.ErrNotFound)
	fresh, stale, ended := reviewing(t, s)
	if fresh != nil || stale != nil || len(ended) != 1 {
		t.Fatalf("to post %v, to show %+v, to remove %+v; want the first post removed", fresh, stale, ended)
	}
	ok(t, s.ReviewShown(ctx, c.ID, 2, start)) // of the old post
	ok(t, s.ForgetPost(ctx, c.ID))
	ok(t, s.AddPost(ctx, c.ID, channel))
	if _, stale, _ := reviewing(t, s); len(stale) != 1 || stale[0].Votes != 0 {
		t.Errorf("to be shown is %+v, want the new review", stale)
	}
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
