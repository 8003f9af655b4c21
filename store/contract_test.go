package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// contract is what every kind of database must do; open returns a store of its own, empty.
func contract(t *testing.T, open func(*testing.T) *store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *store.Store)
	}{
		{"a case comes back as it was written", caseComesBack},
		{"a case that cannot be right is refused", wrongCases},
		{"an event delivered twice makes one case", eventTwice},
		{"the same event at the same time makes one case", eventAtOnce},
		{"of changes at the same time each has its own outcome", changesAtOnce},
		{"a case shows itself to its owner only", ownership},
		{"the address can be replaced", setAddress},
		{"consent wakes the waiting cases", consent},
		{"a language is chosen, and counts for what is still to be said", languages},
		{"each status leads only where it may", transitions},
		{"of an answer and a failure one wins", answerOrFail},
		{"an answer comes back as it was given", answerComesBack},
		{"delivery is noted once", delivered},
		{"a failed case is opened again", reopened},
		{"open cases are those that need something", openCases},
		{"cases are due by their deadlines", dueCases},
		{"an album is its sender's photos that came together", albums},
		{"an album is delivered as one", deliveredTogether},
		{"an ID that can be nobody's finds nothing", oddIDs},
		{"odd text is stored all the same", oddText},
		{"a lease has one holder", leases},
		{"a lease runs out", leaseRunsOut},
		{"of many who want a lease at once one gets it", leaseAtOnce},
		{"verdicts are amended", verdicts},
		{"verdicts need an answered case of one's own", verdictOwnership},
		{"photos are kept until consent ends", photos},
		{"a case is forgotten", forgetCase},
		{"a sender is forgotten", forgetSender},
		{"comments go with the disagreement", comments},
		{"what is disputed and shared is reviewed", reviews},
		{"the team is shown what is to review", posts},
		{"what teaches most is first in line", reviewLine},
		{"a change of risk takes two reviewers", votes},
		{"reviewers vote at once", votesAtOnce},
		{"reviewers leave", reviewersLeave},
		{"reviewers agree or not", reviewersAgree},
		{"a review ends with its photo", reviewsEnd},
		{"what is shared again is reviewed again", sharedAgain},
		{"what is shared and labelled can be exported", exportable},
		{"what was exported and taken back is remembered", withdrawals},
		{"what is shared again is exported again", exportedAgain},
		{"photos are counted", tallies},
		{"photos are counted by day, once, and outlast their cases", countsByDay},
		{"verdicts are counted by model", thumbs},
		{"what workers say of their models is kept", modelCards},
		{"consent starts the clock of an answer", answerTimeWithConsent},
		{"what is too old is erased", retention},
		{"a link to the team's pages opens one session", teamLinks},
		{"of many who use a link at once one gets in", teamLinkAtOnce},
		{"a session of the team ends", teamSessionsEnd},
		{"a reviewer has a few sessions", teamSessionsFew},
		{"a reviewer's logins are forgotten", teamForgotten},
		{"a closed store says so", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func caseComesBack(t *testing.T, s *store.Store) {
	for _, status := range []deepskin.Status{deepskin.Waiting, deepskin.Pending} {
		n := newCase()
		n.Status = status
		n.Created = start.Add(999 * time.Microsecond).In(time.FixedZone("elsewhere", 3600))
		want := deepskin.Case{
			ID: n.ID, Platform: "telegram", Status: status,
			Created: start, Deadline: n.Deadline, Address: n.Address, Source: n.Source, Language: "fr",
		}
		got, added, err := s.AddCase(t.Context(), n)
		if err != nil || !added || !reflect.DeepEqual(got, want) {
			t.Errorf("AddCase = %#v, %v, %v; want %#v", got, added, err, want)
		}
		if got := read(t, s, n.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("Case = %#v, want %#v", got, want)
		}
	}
	bare := add(t, s, func(n *deepskin.NewCase) { n.Source, n.Address.Message = "", "" })
	if got := read(t, s, bare.ID); got.Source != "" || got.Address != bare.Address {
		t.Errorf("without source and message: %#v", got)
	}
	_, err := s.Case(t.Context(), deepskin.NewCaseID())
	is(t, err, deepskin.ErrNotFound)
}

func wrongCases(t *testing.T, s *store.Store) {
	taken := add(t, s, nil)
	for name, edit := range map[string]func(*deepskin.NewCase){
		"no ID":           func(n *deepskin.NewCase) { n.ID = "" },
		"a foreign ID":    func(n *deepskin.NewCase) { n.ID = "../../etc" },
		"a taken ID":      func(n *deepskin.NewCase) { n.ID = taken.ID },
		"no sender":       func(n *deepskin.NewCase) { n.Sender.ID = "" },
		"no platform":     func(n *deepskin.NewCase) { n.Sender.Platform = "" },
		"no event":        func(n *deepskin.NewCase) { n.Event = "" },
		"no status":       func(n *deepskin.NewCase) { n.Status = "" },
		"already settled": func(n *deepskin.NewCase) { n.Status = deepskin.Answered },
	} {
		n := newCase()
		edit(&n)
		if _, added, err := s.AddCase(t.Context(), n); err == nil || added {
			t.Errorf("%s: AddCase = %v, %v; want an error", name, added, err)
		}
	}
	if open, err := s.Due(t.Context(), alice.Platform, later, later, 10); err != nil || len(open) != 1 {
		t.Errorf("%d cases, %v; want the right one alone", len(open), err)
	}
}

func eventTwice(t *testing.T, s *store.Store) {
	first := add(t, s, func(n *deepskin.NewCase) { n.Event = "same" })
	won(t)(s.Answer(t.Context(), first.ID, assessment()))

	again := newCase()
	again.Event = "same"
	got, added, err := s.AddCase(t.Context(), again)
	if err != nil || added || !reflect.DeepEqual(got, read(t, s, first.ID)) {
		t.Errorf("AddCase = %#v, %v, %v; want the first case as it is now", got, added, err)
	}
	_, err = s.Case(t.Context(), again.ID)
	is(t, err, deepskin.ErrNotFound)

	add(t, s, func(n *deepskin.NewCase) { n.Event, n.Sender.Platform = "same", "discord" })
	add(t, s, func(n *deepskin.NewCase) { n.Event = alice.ID }) // a hash of another kind
}

func eventAtOnce(t *testing.T, s *store.Store) {
	var added atomic.Int32
	var got [100]deepskin.CaseID
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			n := newCase()
			n.Event = "same"
			c, fresh, err := s.AddCase(t.Context(), n)
			if err != nil {
				t.Error(err)
			}
			if fresh {
				added.Add(1)
			}
			got[i] = c.ID
		})
	}
	wg.Wait()
	if n := added.Load(); n != 1 {
		t.Errorf("%d cases were added, want 1", n)
	}
	if different := slices.Compact(got[:]); len(different) != 1 {
		t.Errorf("%d different cases came back, want 1", len(different))
	}
	if open, err := s.Due(t.Context(), alice.Platform, later, later, 100); err != nil || len(open) != 1 {
		t.Errorf("%d cases are stored, %v; want 1", len(open), err)
	}
}

func changesAtOnce(t *testing.T, s *store.Store) {
	known, stranger := add(t, s, nil), newCase().ID
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for range 25 {
		wg.Go(func() { add(t, s, nil) })
		wg.Go(func() { ok(t, s.SetAddress(t.Context(), known.ID, known.Address)) })
		wg.Go(func() { is(t, s.SetAddress(t.Context(), stranger, known.Address), deepskin.ErrNotFound) })
		wg.Go(func() { is(t, s.SetAddress(hurried, known.ID, known.Address), context.Canceled) })
		wg.Go(func() {
			taken := newCase()
			taken.ID = known.ID
			if _, _, err := s.AddCase(t.Context(), taken); err == nil {
				t.Error("two cases have the same ID")
			}
		})
	}
	wg.Wait()
	if open, err := s.Due(t.Context(), alice.Platform, later, later, 100); err != nil || len(open) != 26 {
		t.Errorf("%d cases are stored, %v; want 26", len(open), err)
	}
}

func ownership(t *testing.T, s *store.Store) {
	c := add(t, s, nil)
	if got, err := s.OwnCase(t.Context(), alice, c.ID); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("OwnCase = %#v, %v; want %#v", got, err, c)
	}
	for name, other := range map[string]deepskin.Sender{
		"another person":   bob,
		"another platform": {Platform: "discord", ID: alice.ID},
		"nobody":           {},
		"another split":    {Platform: "", ID: "telegram\x00" + alice.ID},
	} {
		if _, err := s.OwnCase(t.Context(), other, c.ID); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("%s: error = %v, want ErrNotFound", name, err)
		}
	}
	_, err := s.OwnCase(t.Context(), alice, deepskin.NewCaseID())
	is(t, err, deepskin.ErrNotFound)
}

func setAddress(t *testing.T, s *store.Store) {
	c := add(t, s, nil)
	other := add(t, s, nil)
	c.Address = deepskin.Address{Platform: "telegram", Chat: "elsewhere", Message: "2"}
	c.Acknowledged = true
	ok(t, s.SetAddress(t.Context(), c.ID, c.Address))
	if got := read(t, s, c.ID); !reflect.DeepEqual(got, c) {
		t.Errorf("case = %#v, want %#v", got, c)
	}
	if got := read(t, s, other.ID); !reflect.DeepEqual(got, other) {
		t.Errorf("another case changed to %#v", got)
	}
	is(t, s.SetAddress(t.Context(), deepskin.NewCaseID(), c.Address), deepskin.ErrNotFound)
}

func consent(t *testing.T, s *store.Store) {
	waiting := func(created time.Duration, edit func(*deepskin.NewCase)) deepskin.Case {
		return add(t, s, func(n *deepskin.NewCase) {
			n.Status, n.Created, n.Deadline = deepskin.Waiting, start.Add(created), start.Add(10*time.Minute)
			if edit != nil {
				edit(n)
			}
		})
	}
	now, deadline := start.Add(5*time.Minute), start.Add(6*time.Minute)
	second := waiting(2*time.Second, nil)
	first := waiting(time.Second, nil)
	late := waiting(0, func(n *deepskin.NewCase) { n.Deadline = now })
	foreign := waiting(0, func(n *deepskin.NewCase) { n.Sender = bob })
	pending := add(t, s, nil)
	expired := waiting(0, nil)
	won(t)(s.Expire(t.Context(), expired.ID))
	expired.Status = deepskin.Expired

	if has, err := s.HasConsent(t.Context(), alice); err != nil || has {
		t.Fatalf("HasConsent = %v, %v before it was given", has, err)
	}
	got, err := s.GiveConsent(t.Context(), alice, now, deadline)
	ok(t, err)
	first.Status, second.Status = deepskin.Pending, deepskin.Pending
	first.Deadline, second.Deadline = deadline, deadline
	if want := []deepskin.Case{first, second}; !reflect.DeepEqual(got, want) {
		t.Errorf("GiveConsent = %#v, want %#v", got, want)
	}
	for _, want := range []deepskin.Case{first, second, late, foreign, pending, expired} {
		if got := read(t, s, want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("case = %#v, want %#v", got, want)
		}
	}
	for sender, want := range map[deepskin.Sender]bool{alice: true, bob: false, {Platform: "web", ID: alice.ID}: false} {
		if has, err := s.HasConsent(t.Context(), sender); err != nil || has != want {
			t.Errorf("HasConsent = %v, %v; want %v", has, err, want)
		}
	}
	if again, err := s.GiveConsent(t.Context(), alice, now, deadline); err != nil || len(again) != 0 {
		t.Errorf("given again: %v, %v; want no cases", ids(again), err)
	}
}

func transitions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	moves := map[deepskin.Status]func(deepskin.CaseID) (bool, error){
		deepskin.Answered: func(id deepskin.CaseID) (bool, error) { return s.Answer(ctx, id, assessment()) },
		deepskin.Failed:   func(id deepskin.CaseID) (bool, error) { return s.Fail(ctx, id, "the worker died") },
		deepskin.Expired:  func(id deepskin.CaseID) (bool, error) { return s.Expire(ctx, id) },
	}
	allowed := map[deepskin.Status]deepskin.Status{
		deepskin.Answered: deepskin.Pending, deepskin.Failed: deepskin.Pending, deepskin.Expired: deepskin.Waiting,
	}
	for to, move := range moves {
		for _, from := range []deepskin.Status{
			deepskin.Waiting, deepskin.Pending, deepskin.Answered, deepskin.Failed, deepskin.Expired,
		} {
			c := add(t, s, func(n *deepskin.NewCase) {
				n.Status = deepskin.Pending
				if from == deepskin.Waiting || from == deepskin.Expired {
					n.Status = deepskin.Waiting
				}
			})
			if arrive, settled := moves[from]; settled {
				won(t)(arrive(c.ID))
			}
			before := read(t, s, c.ID)
			changed, err := move(c.ID)
			after := read(t, s, c.ID)
			if want := allowed[to] == from; err != nil || changed != want {
				t.Errorf("from %s to %s: %v, %v; want %v", from, to, changed, err, want)
			} else if want && after.Status != to {
				t.Errorf("from %s to %s: it is %s", from, to, after.Status)
			} else if want && (after.Failure == "the worker died") != (to == deepskin.Failed) {
				t.Errorf("from %s to %s: the cause is %q", from, to, after.Failure)
			} else if !want && !reflect.DeepEqual(after, before) {
				t.Errorf("from %s to %s: refused, yet it is %#v", from, to, after)
			}
		}
		lost(t)(move(deepskin.NewCaseID()))
	}
}

func answerOrFail(t *testing.T, s *store.Store) {
	for range 5 {
		c := add(t, s, nil)
		var answered, failed atomic.Int32
		count := func(n *atomic.Int32) func(bool, error) {
			return func(changed bool, err error) {
				if err != nil {
					t.Error(err)
				}
				if changed {
					n.Add(1)
				}
			}
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { count(&answered)(s.Answer(t.Context(), c.ID, assessment())) })
			wg.Go(func() { count(&failed)(s.Fail(t.Context(), c.ID, "too late")) })
		}
		wg.Wait()
		if answered.Load()+failed.Load() != 1 {
			t.Fatalf("%d answers and %d failures won, want one in all", answered.Load(), failed.Load())
		}
		want := deepskin.Failed
		if answered.Load() == 1 {
			want = deepskin.Answered
		}
		if got := read(t, s, c.ID); got.Status != want || (got.Assessment != nil) != (want == deepskin.Answered) {
			t.Fatalf("case = %#v, want it %s", got, want)
		}
	}
}

func answerComesBack(t *testing.T, s *store.Store) {
	for name, want := range map[string]deepskin.Assessment{
		"full": assessment(),
		"bare": {Label: deepskin.Inconclusive, Problems: []deepskin.Problem{}},
	} {
		c := add(t, s, nil)
		won(t)(s.Answer(t.Context(), c.ID, want))
		c.Status, c.Assessment = deepskin.Answered, &want
		if got := read(t, s, c.ID); !reflect.DeepEqual(got, c) {
			t.Errorf("%s: case = %#v, want %#v", name, got, c)
		}
	}
}

func delivered(t *testing.T, s *store.Store) {
	c := add(t, s, nil)
	is(t, s.Delivered(t.Context(), c.ID, start), deepskin.ErrNotFound) // nothing to deliver yet
	won(t)(s.Answer(t.Context(), c.ID, assessment()))
	if got := read(t, s, c.ID); !got.Delivered.IsZero() {
		t.Errorf("delivered at %v before it was", got.Delivered)
	}
	at := start.Add(time.Second)
	ok(t, s.Delivered(t.Context(), c.ID, at))
	ok(t, s.Delivered(t.Context(), c.ID, at.Add(time.Hour)))
	if got := read(t, s, c.ID); !got.Delivered.Equal(at) {
		t.Errorf("delivered at %v, want %v", got.Delivered, at)
	}
	is(t, s.Delivered(t.Context(), deepskin.NewCaseID(), at), deepskin.ErrNotFound)
}

func reopened(t *testing.T, s *store.Store) {
	deadline := start.Add(time.Hour)
	for from, settle := range map[deepskin.Status]func(deepskin.CaseID) (bool, error){
		deepskin.Pending:  nil,
		deepskin.Answered: func(id deepskin.CaseID) (bool, error) { return s.Answer(t.Context(), id, assessment()) },
		deepskin.Failed:   func(id deepskin.CaseID) (bool, error) { return s.Fail(t.Context(), id, "the worker died") },
	} {
		c := add(t, s, func(n *deepskin.NewCase) { n.Status = deepskin.Pending })
		if settle != nil {
			won(t)(settle(c.ID))
			ok(t, s.Delivered(t.Context(), c.ID, start))
		}
		before := read(t, s, c.ID)
		want := before
		if from == deepskin.Failed {
			want.Status, want.Failure, want.Deadline, want.Delivered = deepskin.Pending, "", deadline, time.Time{}
		}
		opened, err := s.Reopen(t.Context(), c.ID, start, deadline)
		if err != nil || opened != (from == deepskin.Failed) {
			t.Errorf("Reopen a case that is %s = %v, %v", from, opened, err)
		}
		if got := read(t, s, c.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("a case that was %s is %#v; want %#v", from, got, want)
		}
		open, err := s.Due(t.Context(), c.Platform, later, later, 100)
		if listed := slices.Contains(ids(open), c.ID); err != nil || listed != (from != deepskin.Answered) {
			t.Errorf("a case that was %s is among the open ones: %v, %v", from, listed, err)
		}
	}
	lost(t)(s.Reopen(t.Context(), deepskin.NewCaseID(), start, deadline))
}

func openCases(t *testing.T, s *store.Store) {
	age := 0
	older := func(status deepskin.Status) deepskin.Case {
		age++
		return add(t, s, func(n *deepskin.NewCase) {
			n.Status, n.Created = status, start.Add(-time.Duration(age)*time.Second)
		})
	}
	pending, waiting := older(deepskin.Pending), older(deepskin.Waiting)
	answered, failed, expired := older(deepskin.Pending), older(deepskin.Pending), older(deepskin.Waiting)
	done := older(deepskin.Pending)
	won(t)(s.Answer(t.Context(), answered.ID, assessment()))
	won(t)(s.Fail(t.Context(), failed.ID, "the worker died"))
	won(t)(s.Expire(t.Context(), expired.ID))
	won(t)(s.Answer(t.Context(), done.ID, assessment()))
	ok(t, s.Delivered(t.Context(), done.ID, start))
	elsewhere := add(t, s, func(n *deepskin.NewCase) {
		n.Sender.Platform, n.Created = "discord", start.Add(-time.Hour)
	})
	for platform, want := range map[string][]deepskin.CaseID{"discord": {elsewhere.ID}, "web": nil} {
		if got, err := s.Due(t.Context(), platform, later, later, 100); err != nil || !slices.Equal(ids(got), want) {
			t.Errorf("Due on %s = %v, %v; want %v", platform, ids(got), err, want)
		}
	}

	want := []deepskin.CaseID{expired.ID, failed.ID, answered.ID, waiting.ID, pending.ID}
	for _, limit := range []int{0, 1, 3, 5, 100} {
		got, err := s.Due(t.Context(), alice.Platform, later, later, limit)
		ok(t, err)
		if want := want[:min(limit, len(want))]; !slices.Equal(ids(got), want) {
			t.Errorf("Due(%d) = %v, want %v", limit, ids(got), want)
		}
		for _, c := range got {
			if whole := read(t, s, c.ID); !reflect.DeepEqual(c, whole) {
				t.Errorf("Due gives %#v, Case %#v", c, whole)
			}
		}
	}
}

func oddIDs(t *testing.T, s *store.Store) {
	ctx := t.Context()
	add(t, s, nil)
	for _, id := range []deepskin.CaseID{"", "\x00", "\xff\xfe", "' OR 1=1 --", deepskin.CaseID(strings.Repeat("A", 1<<20))} {
		_, err := s.Case(ctx, id)
		is(t, err, deepskin.ErrNotFound)
		_, err = s.OwnCase(ctx, alice, id)
		is(t, err, deepskin.ErrNotFound)
		_, err = s.Photo(ctx, id)
		is(t, err, deepskin.ErrGone)
		is(t, s.ForgetCase(ctx, alice, id), deepskin.ErrNotFound)
		is(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{}), deepskin.ErrNotFound)
		is(t, s.SetAddress(ctx, id, deepskin.Address{}), deepskin.ErrNotFound)
		is(t, s.KeepPhoto(ctx, id, nil), deepskin.ErrNotFound)
		is(t, s.Delivered(ctx, id, start), deepskin.ErrNotFound)
		ok(t, s.DropPhoto(ctx, id))
		lost(t)(s.Answer(ctx, id, assessment()))
		lost(t)(s.Fail(ctx, id, "the worker died"))
		lost(t)(s.Expire(ctx, id))
	}
}

// What a worker writes must not keep a case from being settled.
func languages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	chosen := func(sender deepskin.Sender, want string) {
		t.Helper()
		if got, err := s.Language(ctx, sender); err != nil || got != want {
			t.Errorf("Language = %q, %v; want %q", got, err, want)
		}
	}
	open, foreign := add(t, s, nil), add(t, s, func(n *deepskin.NewCase) { n.Sender = bob })
	done, undelivered := addAnswered(t, s), addAnswered(t, s)
	ok(t, s.Delivered(ctx, done.ID, start))
	chosen(alice, "")
	ok(t, s.SetLanguage(ctx, alice, "nl"))
	ok(t, s.SetLanguage(ctx, alice, "de"))
	chosen(alice, "de")
	chosen(bob, "")
	chosen(deepskin.Sender{Platform: "discord", ID: alice.ID}, "")
	for id, want := range map[deepskin.CaseID]string{
		open.ID: "de", undelivered.ID: "de", done.ID: "fr", foreign.ID: "fr",
	} {
		if got := read(t, s, id).Language; got != want {
			t.Errorf("a case is in %q, want %q", got, want)
		}
	}
}

func oddText(t *testing.T, s *store.Store) {
	ok(t, s.SetLanguage(t.Context(), alice, "\xff\x00"))
	if got, err := s.Language(t.Context(), alice); err != nil || got != "\uFFFD\uFFFD" {
		t.Errorf("the language is %q, %v", got, err)
	}
	failed, answered := add(t, s, nil), add(t, s, nil)
	won(t)(s.Fail(t.Context(), failed.ID, "a\x00b\xffc"))
	if got := read(t, s, failed.ID).Failure; got != "a\uFFFDb\uFFFDc" {
		t.Errorf("the cause is %q", got)
	}
	a := assessment()
	a.Model, a.Label = "v\x001", "\x00"
	won(t)(s.Answer(t.Context(), answered.ID, a))
	if got := read(t, s, answered.ID).Assessment; !reflect.DeepEqual(got, &a) {
		t.Errorf("the assessment is %#v, want %#v", got, a)
	}
}

func leases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	take := func(name, holder string) (bool, error) { return s.Lease(ctx, name, holder, time.Hour) }
	won(t)(take("poller", "one"))
	lost(t)(take("poller", "other"))
	won(t)(take("poller", "one")) // renewed
	won(t)(take("gateway", "other"))
	ok(t, s.EndLease(ctx, "poller", "other")) // not the other's
	lost(t)(take("poller", "other"))
	ok(t, s.EndLease(ctx, "poller", "one"))
	won(t)(take("poller", "other"))
	lost(t)(take("poller", "one"))
	ok(t, s.EndLease(ctx, "nothing", "one"))
	for _, ttl := range []time.Duration{0, -time.Hour, time.Microsecond} {
		if taken, err := s.Lease(ctx, "new", "one", ttl); err == nil || taken {
			t.Errorf("for %v: %v, %v; want an error", ttl, taken, err)
		}
	}
	won(t)(take("new", "other"))
}

func leaseRunsOut(t *testing.T, s *store.Store) {
	ctx := t.Context()
	const ttl = 300 * time.Millisecond
	before := time.Now()
	won(t)(s.Lease(ctx, "poller", "one", ttl))
	waitFor(t, "the lease to run out", func() bool {
		taken, err := s.Lease(ctx, "poller", "other", time.Hour)
		ok(t, err)
		return taken
	})
	// The database counts whole milliseconds.
	if held := time.Since(before); held < ttl-2*time.Millisecond {
		t.Errorf("it ran out after %v, want %v", held, ttl)
	}
	lost(t)(s.Lease(ctx, "poller", "one", ttl))

	won(t)(s.Lease(ctx, "gateway", "one", ttl))
	won(t)(s.Lease(ctx, "gateway", "one", time.Hour)) // renewed, it does not
	time.Sleep(ttl + 10*time.Millisecond)
	lost(t)(s.Lease(ctx, "gateway", "other", ttl))
}

func leaseAtOnce(t *testing.T, s *store.Store) {
	for round := range 3 {
		name := fmt.Sprint("poller ", round%2) // the third round's was held and given back
		var winners [20]bool
		var wg sync.WaitGroup
		for i := range winners {
			wg.Go(func() {
				var err error
				if winners[i], err = s.Lease(t.Context(), name, fmt.Sprint("holder ", i), time.Hour); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		winner := slices.Index(winners[:], true)
		if winner < 0 || slices.Contains(winners[winner+1:], true) {
			t.Fatalf("round %d: winners are %v, want one", round, winners)
		}
		ok(t, s.EndLease(t.Context(), name, fmt.Sprint("holder ", winner)))
	}
}

func verdicts(t *testing.T, s *store.Store) {
	c := addAnswered(t, s)
	if c.Verdict != nil {
		t.Errorf("verdict = %#v before one was given", c.Verdict)
	}
	for i, step := range []struct{ give, want deepskin.Verdict }{
		{deepskin.Verdict{Agrees: true}, deepskin.Verdict{Agrees: true}},
		{deepskin.Verdict{Agrees: false}, deepskin.Verdict{Agrees: false}},
		{
			deepskin.Verdict{Truth: deepskin.TruthBenign},
			deepskin.Verdict{Truth: deepskin.TruthBenign},
		},
		{ // nothing said of the truth: it stays
			deepskin.Verdict{Keep: new(true)},
			deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: new(true)},
		},
		{
			deepskin.Verdict{Truth: deepskin.TruthNoLesion},
			deepskin.Verdict{Truth: deepskin.TruthNoLesion, Keep: new(true)},
		},
		{ // the thumb turned: what went with it no longer holds, the consent does
			deepskin.Verdict{Agrees: true},
			deepskin.Verdict{Agrees: true, Keep: new(true)},
		},
		{
			deepskin.Verdict{Truth: deepskin.TruthUnknown, Keep: new(false)},
			deepskin.Verdict{Truth: deepskin.TruthUnknown, Keep: new(false)},
		},
	} {
		ok(t, s.SetVerdict(t.Context(), alice, c.ID, step.give))
		c.Verdict = &step.want
		if got := read(t, s, c.ID); !reflect.DeepEqual(got, c) {
			t.Fatalf("step %d: verdict = %#v, want %#v", i, got.Verdict, step.want)
		}
	}
	if err := s.SetVerdict(t.Context(), alice, c.ID, deepskin.Verdict{Truth: "made up"}); err == nil {
		t.Error("a truth that does not exist was accepted")
	}
	if got := read(t, s, c.ID); !reflect.DeepEqual(got, c) {
		t.Errorf("refused, yet the verdict is %#v", got.Verdict)
	}
}

func verdictOwnership(t *testing.T, s *store.Store) {
	answered, pending, failed := addAnswered(t, s), add(t, s, nil), add(t, s, nil)
	won(t)(s.Fail(t.Context(), failed.ID, "the worker died"))
	for name, c := range map[string]struct {
		sender deepskin.Sender
		id     deepskin.CaseID
	}{
		"not the owner's": {bob, answered.ID},
		"pending":         {alice, pending.ID},
		"failed":          {alice, failed.ID},
		"no case":         {alice, deepskin.NewCaseID()},
	} {
		err := s.SetVerdict(t.Context(), c.sender, c.id, deepskin.Verdict{Agrees: true, Keep: new(true)})
		if !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("%s: error = %v, want ErrNotFound", name, err)
		}
	}
	for _, id := range []deepskin.CaseID{answered.ID, pending.ID, failed.ID} {
		if c := read(t, s, id); c.Verdict != nil {
			t.Errorf("refused, yet the verdict is %#v", c.Verdict)
		}
	}
}

func photos(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := addAnswered(t, s)
	gone := func(when string) {
		t.Helper()
		if _, err := s.Photo(ctx, c.ID); !errors.Is(err, deepskin.ErrGone) {
			t.Fatalf("%s: error = %v, want ErrGone", when, err)
		}
	}
	gone("before it was kept")
	for _, photo := range [][]byte{[]byte("first"), bytes.Repeat([]byte("second"), 100_000)} {
		ok(t, s.KeepPhoto(ctx, c.ID, photo))
		if got, err := s.Photo(ctx, c.ID); err != nil || !bytes.Equal(got, photo) {
			t.Fatalf("Photo = %d bytes, %v; want %d bytes", len(got), err, len(photo))
		}
	}
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Agrees: true})) // says nothing of the photo
	if v := read(t, s, c.ID).Verdict; v.Keep == nil || !*v.Keep {
		t.Errorf("verdict = %#v, want the consent that came with the photo", v)
	}
	if _, err := s.Photo(ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Keep: new(false)}))
	gone("after consent was taken back")

	ok(t, s.KeepPhoto(ctx, c.ID, []byte("photo")))
	if v := read(t, s, c.ID).Verdict; v.Keep == nil || !*v.Keep {
		t.Errorf("verdict = %#v, want the consent given anew", v)
	}
	before := read(t, s, c.ID)
	for range 2 { // the second finds none
		ok(t, s.DropPhoto(ctx, c.ID))
		gone("after it was dropped")
	}
	if got := read(t, s, c.ID); !reflect.DeepEqual(got, before) {
		t.Errorf("dropping the photo made the case %#v, want %#v", got, before)
	}

	pending := add(t, s, nil)
	for _, id := range []deepskin.CaseID{pending.ID, deepskin.NewCaseID()} {
		is(t, s.KeepPhoto(ctx, id, []byte("photo")), deepskin.ErrNotFound)
		_, err := s.Photo(ctx, id)
		is(t, err, deepskin.ErrGone)
	}
}

func forgetCase(t *testing.T, s *store.Store) {
	ctx := t.Context()
	event := newCase()
	c, _, err := s.AddCase(ctx, event)
	ok(t, err)
	won(t)(s.Answer(ctx, c.ID, assessment()))
	ok(t, s.KeepPhoto(t.Context(), c.ID, []byte("photo")))
	other := add(t, s, nil)
	_, err = s.GiveConsent(ctx, alice, start, start)
	ok(t, err)

	is(t, s.ForgetCase(ctx, bob, c.ID), deepskin.ErrNotFound)
	if _, err := s.Photo(ctx, c.ID); err != nil {
		t.Fatalf("after a stranger asked: %v", err)
	}
	ok(t, s.ForgetCase(ctx, alice, c.ID))
	is(t, s.ForgetCase(ctx, alice, c.ID), deepskin.ErrNotFound)
	_, err = s.Case(ctx, c.ID)
	is(t, err, deepskin.ErrNotFound)
	_, err = s.Photo(ctx, c.ID)
	is(t, err, deepskin.ErrGone)
	read(t, s, other.ID)
	if has, err := s.HasConsent(ctx, alice); err != nil || !has {
		t.Errorf("HasConsent = %v, %v; consent is not the case's", has, err)
	}
	if _, added, err := s.AddCase(ctx, event); err != nil || !added {
		t.Errorf("the event of the forgotten case: %v, %v; want no memory of it", added, err)
	}
}

func forgetSender(t *testing.T, s *store.Store) {
	ctx := t.Context()
	later := add(t, s, func(n *deepskin.NewCase) { n.Created = start.Add(time.Second) })
	answered := addAnswered(t, s)
	ok(t, s.KeepPhoto(t.Context(), answered.ID, []byte("photo")))
	answered = read(t, s, answered.ID)
	foreign := add(t, s, func(n *deepskin.NewCase) { n.Sender = bob })
	for _, sender := range []deepskin.Sender{alice, bob} {
		_, err := s.GiveConsent(ctx, sender, start, start)
		ok(t, err)
		ok(t, s.SetLanguage(ctx, sender, "fr"))
	}

	got, err := s.ForgetSender(ctx, alice)
	ok(t, err)
	if want := []deepskin.Case{answered, later}; !reflect.DeepEqual(got, want) {
		t.Errorf("ForgetSender = %#v, want %#v", got, want)
	}
	for _, c := range got {
		_, err := s.Case(ctx, c.ID)
		is(t, err, deepskin.ErrNotFound)
		_, err = s.Photo(ctx, c.ID)
		is(t, err, deepskin.ErrGone)
	}
	read(t, s, foreign.ID)
	for sender, want := range map[deepskin.Sender]bool{alice: false, bob: true} {
		if has, err := s.HasConsent(ctx, sender); err != nil || has != want {
			t.Errorf("HasConsent = %v, %v; want %v", has, err, want)
		}
		if tag, err := s.Language(ctx, sender); err != nil || tag == "fr" != want {
			t.Errorf("Language = %q, %v; want it kept: %v", tag, err, want)
		}
	}
	if again, err := s.ForgetSender(ctx, alice); err != nil || len(again) != 0 {
		t.Errorf("forgotten again: %v, %v; want nothing", ids(again), err)
	}
}

// dueCases lists cases by their deadlines: those that wait for consent by one limit, the others by another.
func dueCases(t *testing.T, s *store.Store) {
	at := func(status deepskin.Status, deadline time.Duration) deepskin.CaseID {
		return add(t, s, func(n *deepskin.NewCase) {
			n.Status, n.Created, n.Deadline = status, start.Add(deadline-time.Hour), start.Add(deadline)
		}).ID
	}
	waiting, waitingLater := at(deepskin.Waiting, time.Minute), at(deepskin.Waiting, 2*time.Minute)
	pending, pendingLater := at(deepskin.Pending, 3*time.Minute), at(deepskin.Pending, 4*time.Minute)
	answered := at(deepskin.Pending, 5*time.Minute)
	won(t)(s.Answer(t.Context(), answered, assessment()))
	for _, c := range []struct {
		waiting, others time.Duration
		want            []deepskin.CaseID
	}{
		{time.Minute, 3 * time.Minute, nil}, // before, not at
		{time.Minute + 1e6, 3 * time.Minute, []deepskin.CaseID{waiting}},
		{time.Minute, 3*time.Minute + 1e6, []deepskin.CaseID{pending}},
		{0, time.Hour, []deepskin.CaseID{pending, pendingLater, answered}},
		{time.Hour, 0, []deepskin.CaseID{waiting, waitingLater}},
		{time.Hour, time.Hour, []deepskin.CaseID{waiting, waitingLater, pending, pendingLater, answered}},
	} {
		got, err := s.Due(t.Context(), alice.Platform, start.Add(c.waiting), start.Add(c.others), 100)
		if err != nil || !slices.Equal(ids(got), c.want) {
			t.Errorf("Due(%v, %v) = %v, %v; want %v", c.waiting, c.others, ids(got), err, c.want)
		}
	}
}

func closed(t *testing.T, s *store.Store) {
	ok(t, s.Close())
	if _, added, err := s.AddCase(t.Context(), newCase()); err == nil || added {
		t.Errorf("AddCase = %v, %v; want an error", added, err)
	}
	if _, err := s.Due(t.Context(), alice.Platform, later, later, 1); err == nil {
		t.Error("Due gave no error")
	}
	// An adapter's event text must not come out in an error.
	_, _, err := s.AddCase(t.Context(), newCase())
	for _, secret := range []string{alice.ID, newCase().Address.Chat, newCase().Source} {
		if bytes.Contains([]byte(fmt.Sprint(err)), []byte(secret)) {
			t.Errorf("the error %q identifies somebody", err)
		}
	}
}
