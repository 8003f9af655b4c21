package registry_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"deepskin/internal/registry"
)

// A follower notes what it is told of a registry, and may be unable to use a version.
type follower struct {
	unusable string
	used     []string
	failures []time.Duration // since the beginning
}

// follow runs the follower until the test is over; c-1 serves at first.
func (f *follower) follow(t *testing.T, r *registry.Registry) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := time.Now(), make(chan struct{})
	go func() {
		defer close(ended)
		r.Follow(ctx, model(t, r, "c-1").SHA256, func(c registry.Change) error {
			if c.Version == f.unusable {
				return errors.New("broken")
			}
			f.used = append(f.used, c.Version)
			return nil
		}, func(error) { f.failures = append(f.failures, time.Since(begun)) })
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

func (f *follower) waits(d time.Duration, want ...string) error {
	time.Sleep(d)
	synctest.Wait()
	if !slices.Equal(f.used, want) {
		return fmt.Errorf("used %v, want %v", f.used, want)
	}
	return nil
}

func TestFollowersUseWhatServes(t *testing.T) {
	r, _ := filled(t)
	synctest.Test(t, func(t *testing.T) {
		var f follower
		f.follow(t, r)
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		check(f.waits(time.Hour)) // nothing has been promoted
		force(t, r, "c-1")
		check(f.waits(time.Hour)) // it serves already
		force(t, r, "b.2")
		check(f.waits(6*time.Second, "b.2"))
		if _, err := r.Rollback(noon); err != nil {
			t.Error(err)
		}
		check(f.waits(6*time.Second, "b.2", "c-1"))
		check(f.waits(time.Hour, "b.2", "c-1"))
		if len(f.failures) > 0 {
			t.Errorf("failures after %v", f.failures)
		}
	})
}

func TestWhatCannotBeUsedIsTriedSeldomButTheNextOneAtOnce(t *testing.T) {
	r, folder := filled(t)
	synctest.Test(t, func(t *testing.T) {
		f := follower{unusable: "b.2"}
		force(t, r, "b.2")
		f.follow(t, r)
		if err := f.waits(time.Hour); err != nil {
			t.Error(err)
		}
		if n := len(f.failures); n < 10 || n > 30 || f.failures[0] != 5*time.Second || f.failures[1] != 10*time.Second {
			t.Errorf("it failed %d times: %v", n, f.failures)
		}
		force(t, r, "a_3")
		if err := f.waits(6*time.Second, "a_3"); err != nil {
			t.Error(err)
		}

		// Nobody can tell what serves.
		before := len(f.failures)
		if err := os.WriteFile(filepath.Join(folder, "current.json"), []byte("{"), 0o600); err != nil {
			t.Error(err)
		}
		if err := f.waits(time.Minute, "a_3"); err != nil {
			t.Error(err)
		}
		if n := len(f.failures) - before; n < 2 || n > 5 {
			t.Errorf("within a minute it failed %d times", n)
		}
	})
}
