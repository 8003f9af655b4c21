package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const day = 24 * time.Hour

func TestWhatIsTooOldIsErased(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Retention, w.config.PhotoRetention, w.config.Sweep = 2*day, 4*day, time.Hour
		registry := prometheus.NewRegistry()
		w.config.Metrics = registry
		w.thorough()
		w.withTeam()
		w.disputed(alice, "") // this photo is kept
		w.photo(alice, "source-2")
		w.pass(day)
		if n := len(w.store.all()); n != 2 {
			t.Fatalf("after a day there are %d cases, want 2", n)
		}
		w.pass(day + 2*time.Hour)
		if n := len(w.store.all()); n != 1 {
			t.Fatalf("after two days there are %d cases, want that with the photo", n)
		}
		w.teamSees(1, 1)
		w.pass(2 * day)
		if n := len(w.store.all()); n != 0 {
			t.Fatalf("after four days there are %d cases, want none", n)
		}
		w.teamSees(0, 0)
		const want = `
# HELP deepskin_erased_total What was erased because it was too old.
# TYPE deepskin_erased_total counter
deepskin_erased_total{what="case"} 2
deepskin_erased_total{what="photo"} 1
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "deepskin_erased_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestKeptPhotosStayUntilTheirSenderTakesThemBack(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Sweep = day
		w.connect()
		w.consents(alice)
		w.run()
		w.disputed(alice, "")
		w.pass(3 * 365 * day)
		if n := len(w.store.all()); n != 1 {
			t.Errorf("after three years there are %d cases, want 1", n)
		}
	})
}

// Of what is erased the totals stay: so nothing may be erased before it was counted.
func TestCasesAreCountedBeforeTheyAreErased(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Sweep, w.config.Retention = day, 2*day
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(day)
		w.store.breaks("CountCases")
		w.pass(3 * day)
		if n := len(w.store.all()); n != 1 {
			t.Fatalf("%d cases are left, want the one that could not be counted", n)
		}
		w.store.inject(nil)
		w.pass(2 * time.Hour)
		if n := len(w.store.all()); n != 0 {
			t.Errorf("%d cases are left", n)
		}
		if age := time.Since(w.store.counted); age < day || age > day+2*time.Hour {
			t.Errorf("cases are counted at the age of %v, want a day: younger ones may still change", age)
		}
	})
}

func TestErasingGoesOnAfterBadTimes(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.config.Sweep = day
		w.connect()
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(364 * day)
		w.store.breaks("EraseCases")
		w.pass(2 * day)
		w.store.inject(nil)
		w.pass(2 * time.Hour)
		if n := len(w.store.all()); n != 0 {
			t.Errorf("%d cases are left", n)
		}
	})
}
