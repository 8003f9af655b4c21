package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/watch"
	"deepskin/store"
)

const wholeDay = 24 * time.Hour

// came stores a case of Alice's that came at a time.
func came(t *testing.T, s *store.Store, at time.Time, a *deepskin.Assessment, took time.Duration) deepskin.Case {
	t.Helper()
	c := add(t, s, func(n *deepskin.NewCase) { n.Created = at })
	if a != nil {
		won(t)(s.Answer(t.Context(), c.ID, *a))
		ok(t, s.Delivered(t.Context(), c.ID, at.Add(took)))
	}
	return c
}

// total is all that some days counted.
func total(days []watch.Day) watch.Day {
	var all watch.Day
	for _, d := range days {
		all.Add(d)
	}
	return all
}

func countsByDay(t *testing.T, s *store.Store) {
	ctx := t.Context()
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	benign := deepskin.Assessment{
		Label: deepskin.Benign, Kind: deepskin.Phone, Model: "m1", Problems: []deepskin.Problem{},
		Quality: &deepskin.Quality{Side: 500, Brightness: 100, Sharpness: 30},
	}
	refused := deepskin.Assessment{Label: deepskin.Inconclusive, Model: "m1", Problems: []deepskin.Problem{deepskin.Blurred, deepskin.TooDark}}
	first := came(t, s, midnight, &benign, 2*time.Second)
	came(t, s, midnight.Add(wholeDay-time.Millisecond), &refused, time.Second)
	came(t, s, midnight.Add(wholeDay), &benign, 4*time.Second)
	came(t, s, midnight.Add(wholeDay+time.Hour), nil, 0)

	check := func(when string, photos ...int) []watch.Day {
		t.Helper()
		days, err := s.Days(ctx, midnight.Add(5*time.Hour))
		ok(t, err)
		var got []int
		for i, d := range days {
			got = append(got, d.Photos())
			if want := midnight.Add(time.Duration(i) * wholeDay); !d.Date.Equal(want) {
				t.Errorf("%s: day %d is %v, want %v", when, i, d.Date, want)
			}
		}
		if !reflect.DeepEqual(got, photos) {
			t.Errorf("%s: %v photos by day, want %v", when, got, photos)
		}
		return days
	}
	days := check("before they are counted", 2, 2)
	if want := map[string]int{"benign": 1, "refused": 1}; !reflect.DeepEqual(days[0].Outcomes, want) {
		t.Errorf("outcomes %v, want %v", days[0].Outcomes, want)
	}
	if want := map[deepskin.Problem]int{deepskin.Blurred: 1, deepskin.TooDark: 1}; !reflect.DeepEqual(days[0].Refusals, want) {
		t.Errorf("refusals %v, want %v", days[0].Refusals, want)
	}
	if got := days[0].Features["m1"][deepskin.Phone]["brightness"].Total(); got != 1 {
		t.Errorf("the brightness of %d photos is counted, want 1", got)
	}
	if got := days[0].Times.Total(); got != 2 {
		t.Errorf("%d answer times, want 2", got)
	}
	before := total(days)

	// In the middle of a day, twice, and then all.
	for _, until := range []time.Duration{12 * time.Hour, 12 * time.Hour, wholeDay + time.Minute, 3 * wholeDay} {
		ok(t, s.CountCases(ctx, midnight.Add(until)))
		if after := total(check(fmt.Sprintf("counted until %v", until), 2, 2)); !reflect.DeepEqual(after, before) {
			t.Errorf("counted until %v: %+v, want %+v", until, after, before)
		}
	}
	if days, err := s.Days(ctx, midnight.Add(wholeDay)); err != nil || len(days) != 1 {
		t.Errorf("since the second day: %d days, %v; want 1", len(days), err)
	}

	// What was counted outlasts its case; what was not counted goes with it.
	ok(t, s.ForgetCase(ctx, alice, first.ID))
	fresh := came(t, s, midnight.Add(4*wholeDay), &benign, time.Second)
	if days, err := s.Days(ctx, midnight.Add(4*wholeDay)); err != nil || len(days) != 1 || days[0].Photos() != 1 {
		t.Errorf("the fresh photo is not counted: %+v, %v", days, err)
	}
	ok(t, s.ForgetCase(ctx, alice, fresh.ID))
	if after := total(check("after two photos were erased", 2, 2)); !reflect.DeepEqual(after, before) {
		t.Errorf("after the erasure: %+v, want %+v", after, before)
	}
}

func thumbs(t *testing.T, s *store.Store) {
	ctx := t.Context()
	judge := func(version string, at time.Time, agrees bool) {
		c := came(t, s, at, &deepskin.Assessment{Label: deepskin.Benign, Model: version}, time.Second)
		ok(t, s.SetVerdict(ctx, alice, c.ID, deepskin.Verdict{Agrees: agrees}))
	}
	judge("m1", start.Add(-time.Hour), false) // too long ago
	judge("m2", start, false)
	judge("m1", start, true)
	judge("m1", start, false)
	judge("m1", start, true)
	came(t, s, start, &deepskin.Assessment{Label: deepskin.Benign, Model: "m3"}, time.Second)
	got, err := s.Thumbs(ctx, start)
	want := []watch.Thumbs{{Version: "m1", Up: 2, Down: 1}, {Version: "m2", Down: 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Thumbs = %+v, %v; want %+v", got, err, want)
	}
}

func modelCards(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keep := func(card string, at time.Time) {
		t.Helper()
		ok(t, s.KeepModel(ctx, []byte(card), at))
	}
	keep(`{"version": "m1", "licence": "old"}`, start)
	keep(`{"version": "m2"}`, start.Add(time.Hour))
	keep(`{"version": "m1", "licence": "new"}`, start.Add(2*time.Hour))
	keep(`{"version": "m1", "licence": "late"}`, start.Add(time.Hour)) // of a slower process
	got, err := s.Models(ctx)
	want := []watch.Card{{Version: "m1", Licence: "new"}, {Version: "m2"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Models = %+v, %v; want %+v", got, err, want)
	}
	for _, card := range []string{``, `[]`, `{"licence": "of nothing"}`} {
		if err := s.KeepModel(ctx, []byte(card), start); err == nil {
			t.Errorf("%q was kept", card)
		}
	}
}
