package store_test

import (
	"reflect"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

func tallies(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if got, err := s.Stats(ctx, start); err != nil || !reflect.DeepEqual(got, deepskin.Stats{}) {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
	settled := func(platform string, a deepskin.Assessment, took time.Duration, created time.Time) deepskin.Case {
		c := add(t, s, func(n *deepskin.NewCase) { n.Sender.Platform, n.Created = platform, created })
		won(t)(s.Answer(ctx, c.ID, a))
		ok(t, s.Delivered(ctx, c.ID, created.Add(took)))
		return c
	}
	answer := func(label deepskin.Label, model string) deepskin.Assessment {
		return deepskin.Assessment{Label: label, Model: model, Problems: []deepskin.Problem{}}
	}
	settled("telegram", answer(deepskin.Benign, "m1"), time.Hour, start.Add(-time.Second)) // too long ago
	for i := range 20 {
		settled("telegram", answer(deepskin.Benign, "m1"), time.Duration(i+1)*time.Second, start)
	}
	down := settled("discord", answer(deepskin.Malignant, "m1"), 21*time.Second, start)
	ok(t, s.SetVerdict(ctx, deepskin.Sender{Platform: "discord", ID: alice.ID}, down.ID, deepskin.Verdict{}))
	up := settled("discord", answer(deepskin.Inconclusive, "m2"), 22*time.Second, start)
	ok(t, s.SetVerdict(ctx, deepskin.Sender{Platform: "discord", ID: alice.ID}, up.ID, deepskin.Verdict{Agrees: true}))
	settled("discord", deepskin.Assessment{Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.Empty}}, 23*time.Second, start)
	failed := add(t, s, func(n *deepskin.NewCase) { n.Sender.Platform = "discord" })
	won(t)(s.Fail(ctx, failed.ID, "lost"))
	add(t, s, func(n *deepskin.NewCase) { n.Sender.Platform = "discord" }) // still open
	got, err := s.Stats(ctx, start)
	ok(t, err)
	want := deepskin.Stats{
		Tallies: []deepskin.Tally{
			{Platform: "discord", Photos: 3, Refused: 1, Failed: 1},
			{Platform: "discord", Model: "m1", Photos: 1, Malignant: 1, Disagreed: 1},
			{Platform: "discord", Model: "m2", Photos: 1, Inconclusive: 1, Agreed: 1},
			{Platform: "telegram", Model: "m1", Photos: 20, Benign: 20},
		},
		Median: 12 * time.Second, P95: 22 * time.Second, // of 1 to 23 seconds
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Stats = %+v\nwant %+v", got, want)
	}
}

// The clock of an answer starts with the consent, where that came after the photo.
func answerTimeWithConsent(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := add(t, s, func(n *deepskin.NewCase) { n.Status, n.Deadline = deepskin.Waiting, start.Add(time.Hour) })
	_, err := s.GiveConsent(ctx, alice, start.Add(5*time.Minute), start.Add(7*time.Minute))
	ok(t, err)
	won(t)(s.Answer(ctx, c.ID, assessment()))
	ok(t, s.Delivered(ctx, c.ID, start.Add(5*time.Minute+1500*time.Millisecond)))
	got, err := s.Stats(ctx, start)
	if want := 1500 * time.Millisecond; err != nil || got.Median != want || got.P95 != want {
		t.Errorf("the answer took %v, %v, %v; want %v", got.Median, got.P95, err, want)
	}
}

func retention(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var old []deepskin.Case
	for i := range 3 {
		old = append(old, add(t, s, func(n *deepskin.NewCase) { n.Created = start.Add(time.Duration(i) * time.Second) }))
	}
	young := add(t, s, func(n *deepskin.NewCase) { n.Created = start.Add(time.Hour) })
	kept := addDisputed(t, s)
	for _, want := range []int{2, 1, 0} {
		if n, err := s.EraseCases(ctx, start.Add(time.Minute), 2); err != nil || n != want {
			t.Errorf("EraseCases = %d, %v; want %d", n, err, want)
		}
	}
	for _, c := range old {
		_, err := s.Case(ctx, c.ID)
		is(t, err, deepskin.ErrNotFound)
	}
	read(t, s, young.ID)
	read(t, s, kept.ID)
	if n, err := s.ErasePhotos(ctx, time.Now().Add(-time.Hour), 10); err != nil || n != 0 {
		t.Errorf("ErasePhotos = %d, %v; want 0: the photo was kept just now", n, err)
	}
	if n, err := s.ErasePhotos(ctx, time.Now().Add(time.Hour), 10); err != nil || n != 1 {
		t.Errorf("ErasePhotos = %d, %v; want 1", n, err)
	}
	_, err := s.Photo(ctx, kept.ID)
	is(t, err, deepskin.ErrGone)
	if n, err := s.EraseCases(ctx, start.Add(time.Minute), 10); err != nil || n != 1 {
		t.Errorf("EraseCases = %d, %v; want the case whose photo is gone", n, err)
	}
}
