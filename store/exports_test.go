package store_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// addLabelled stores a case of a sender with a kept photo that two reviewers gave a label.
func addLabelled(t testing.TB, s *store.Store, sender deepskin.Sender, d deepskin.Decision) deepskin.CaseID {
	t.Helper()
	c := add(t, s, func(n *deepskin.NewCase) { n.Sender = sender })
	won(t)(s.Answer(t.Context(), c.ID, assessment()))
	ok(t, s.SetVerdict(t.Context(), sender, c.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}))
	ok(t, s.KeepPhoto(t.Context(), c.ID, []byte("photo of "+string(c.ID))))
	label(t, s, c.ID, d)
	return c.ID
}

// label lets two reviewers say the same of a photo.
func label(t testing.TB, s *store.Store, id deepskin.CaseID, d deepskin.Decision) {
	t.Helper()
	for i := range 2 {
		reviewer := deepskin.Sender{Platform: "web", ID: fmt.Sprint("reviewer ", i)}
		_, err := s.Vote(t.Context(), id, reviewer, d, start.Add(time.Hour))
		ok(t, err)
	}
}

// samples returns what may be exported, by case.
func samples(t testing.TB, s *store.Store) map[deepskin.CaseID]deepskin.Sample {
	t.Helper()
	list, err := s.Samples(t.Context())
	ok(t, err)
	byCase := map[deepskin.CaseID]deepskin.Sample{}
	for i, sample := range list {
		if i > 0 && sample.Image <= list[i-1].Image {
			t.Errorf("%s comes after %s", sample.Image, list[i-1].Image)
		}
		byCase[sample.Case] = sample
	}
	return byCase
}

func exportable(t *testing.T, s *store.Store) {
	ctx := t.Context()
	mole := addLabelled(t, s, alice, "nv")
	cover := addLabelled(t, s, alice, deepskin.DecisionNoLesion)
	other := addLabelled(t, s, bob, "mel")
	dropped := addLabelled(t, s, bob, "mel")
	ok(t, s.SetVerdict(ctx, bob, dropped, deepskin.Verdict{Keep: new(false)}))
	refused := []deepskin.CaseID{
		addDisputed(t, s).ID, // nobody has decided yet
		addLabelled(t, s, alice, deepskin.DecisionReject),
		addAnswered(t, s).ID, // not shared
		dropped, deepskin.NewCaseID(), "\x00",
	}
	unseen := add(t, s, nil) // no model has looked at it
	won(t)(s.Answer(ctx, unseen.ID, deepskin.Assessment{Label: deepskin.Inconclusive}))
	ok(t, s.SetVerdict(ctx, alice, unseen.ID, deepskin.Verdict{}))
	ok(t, s.KeepPhoto(ctx, unseen.ID, []byte("photo")))
	label(t, s, unseen.ID, "nv")

	found := samples(t, s)
	if len(found) != 3 {
		t.Fatalf("%d samples, want 3: %+v", len(found), found)
	}
	image, lesion := regexp.MustCompile(`^DSI_[0-9a-f]{32}$`), regexp.MustCompile(`^DSL_[0-9a-f]{32}$`)
	for id, decision := range map[deepskin.CaseID]deepskin.Decision{mole: "nv", cover: "no_lesion", other: "mel"} {
		got := found[id]
		if !image.MatchString(got.Image) || !lesion.MatchString(got.Lesion) {
			t.Errorf("the pseudonyms are %q and %q", got.Image, got.Lesion)
		}
		want := deepskin.Sample{
			Case: id, Image: got.Image, Lesion: got.Lesion, Decision: decision, Decided: start.Add(time.Hour),
			Platform: "telegram", Kind: deepskin.Phone, Model: "v-test",
		}
		if got != want {
			t.Errorf("the sample is %+v, want %+v", got, want)
		}
		if photo, err := s.Export(ctx, id, start); err != nil || string(photo) != "photo of "+string(id) {
			t.Errorf("the photo is %q, %v", photo, err)
		}
	}
	if found[mole].Lesion != found[cover].Lesion || found[mole].Lesion == found[other].Lesion {
		t.Error("the pseudonym of the lesion is not that of the sender")
	}
	for _, id := range refused {
		_, err := s.Export(ctx, id, start)
		is(t, err, deepskin.ErrGone)
	}
	if withdrawn, err := s.Withdrawn(ctx); err != nil || withdrawn != nil {
		t.Errorf("withdrawn is %v, %v before anything was", withdrawn, err)
	}
}

// What was never exported leaves nothing behind, and what was, nothing but its pseudonym and the day.
func withdrawals(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var gone []string
	for _, end := range []func(ctx context.Context, id deepskin.CaseID) error{
		func(ctx context.Context, id deepskin.CaseID) error { return s.ForgetCase(ctx, alice, id) },
		func(ctx context.Context, _ deepskin.CaseID) error { _, err := s.ForgetSender(ctx, alice); return err },
		s.DropPhoto,
		func(ctx context.Context, id deepskin.CaseID) error {
			return s.SetVerdict(ctx, alice, id, deepskin.Verdict{Keep: new(false)})
		},
		func(ctx context.Context, _ deepskin.CaseID) error {
			_, err := s.ErasePhotos(ctx, time.Now().Add(time.Hour), 10)
			return err
		},
	} {
		never, once := addLabelled(t, s, alice, "nv"), addLabelled(t, s, alice, "nv")
		gone = append(gone, samples(t, s)[once].Image)
		for _, at := range []time.Time{start, start.Add(48 * time.Hour)} { // the first day stands
			_, err := s.Export(ctx, once, at)
			ok(t, err)
		}
		ok(t, end(ctx, never))
		if end(ctx, once) != nil { // forgotten with the other
			is(t, end(ctx, once), deepskin.ErrNotFound)
		}
		_, err := s.Export(ctx, once, start)
		is(t, err, deepskin.ErrGone)
		withdrawn, err := s.Withdrawn(ctx)
		ok(t, err)
		names := map[string]bool{}
		for _, w := range withdrawn {
			names[w.Image] = true
			if !w.Exported.Equal(start.Truncate(24 * time.Hour)) {
				t.Errorf("the day is %v, want that of %v", w.Exported, start)
			}
		}
		for _, name := range gone {
			if !names[name] || len(withdrawn) != len(gone) {
				t.Errorf("withdrawn is %v, want %v", withdrawn, gone)
			}
		}
	}
}

// A photo that is shared again is no longer withdrawn once it is exported again.
func exportedAgain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := addLabelled(t, s, alice, "nv")
	first := samples(t, s)[id].Image
	_, err := s.Export(ctx, id, start)
	ok(t, err)
	ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{Keep: new(false)}))
	ok(t, s.SetVerdict(ctx, alice, id, deepskin.Verdict{Keep: new(true)}))
	ok(t, s.KeepPhoto(ctx, id, []byte("photo")))
	label(t, s, id, "nv")
	if again := samples(t, s)[id].Image; again != first {
		t.Errorf("the photo is now %s, was %s", again, first)
	}
	if withdrawn, err := s.Withdrawn(ctx); err != nil || len(withdrawn) != 1 {
		t.Errorf("withdrawn is %v, %v before it is exported again", withdrawn, err)
	}
	_, err = s.Export(ctx, id, start)
	ok(t, err)
	if withdrawn, err := s.Withdrawn(ctx); err != nil || withdrawn != nil {
		t.Errorf("withdrawn is %v, %v after it was exported again", withdrawn, err)
	}
}

// Pseudonyms belong to the keys, so that exports of two stores never mix.
func TestPseudonymsDependOnTheIdentityKey(t *testing.T) {
	t.Parallel()
	one := openURL(t, newFile(t))
	k := keys()
	k.Identity = bytes.Repeat([]byte{3}, 32)
	other, err := store.Open(t.Context(), newFile(t), k)
	ok(t, err)
	t.Cleanup(func() { ok(t, other.Close()) })
	names := map[string]bool{}
	for _, s := range []*store.Store{one, other} {
		id := addLabelled(t, s, alice, "nv")
		store, err := s.ExportID()
		ok(t, err)
		names[store], names[samples(t, s)[id].Lesion] = true, true
	}
	if len(names) != 4 {
		t.Errorf("two stores share names: %v", names)
	}
}

// Once an exported photo is forgotten, the files do not connect its pseudonym with anything.
func TestSQLiteFilesForgetWhatWasExported(t *testing.T) {
	t.Parallel()
	url := newFile(t)
	s := openURL(t, url)
	id := addLabelled(t, s, alice, "nv")
	image := samples(t, s)[id].Image
	_, err := s.Export(t.Context(), id, start)
	ok(t, err)
	if !bytes.Contains(contents(t, url), []byte(id)) {
		t.Fatal("the case's ID is not in the files, so nothing is looked at")
	}
	_, err = s.ForgetSender(t.Context(), alice)
	ok(t, err)
	if content := contents(t, url); bytes.Contains(content, []byte(id)) || !bytes.Contains(content, []byte(image)) {
		t.Error("the files hold the case's ID, or lack the photo's pseudonym")
	}
}
