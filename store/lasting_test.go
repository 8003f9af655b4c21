package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"deepskin"
	"deepskin/store"
)

// lasting is what every kind of database must do across several openings; fresh returns the URL
// of an empty one.
func lasting(t *testing.T, fresh func(testing.TB) string) {
	for _, c := range []struct {
		name string
		test func(*testing.T, string)
	}{
		{"a store that is opened again has everything", reopen},
		{"two stores share one database", share},
		{"wrong keys are refused", wrongKeys},
		{"acknowledged writes survive a kill", kill},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, fresh(t))
		})
	}
}

func reopen(t *testing.T, url string) {
	ctx := t.Context()
	s, err := store.Open(ctx, url, keys())
	ok(t, err)
	c := addAnswered(t, s)
	ok(t, s.KeepPhoto(t.Context(), c.ID, []byte("photo")))
	_, err = s.GiveConsent(ctx, alice, start, start)
	ok(t, err)
	c = read(t, s, c.ID)
	ok(t, s.Close())

	s = openURL(t, url)
	if got, err := s.OwnCase(ctx, alice, c.ID); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("case = %#v, %v; want %#v", got, err, c)
	}
	if photo, err := s.Photo(ctx, c.ID); err != nil || string(photo) != "photo" {
		t.Errorf("photo = %q, %v", photo, err)
	}
	if has, err := s.HasConsent(ctx, alice); err != nil || !has {
		t.Errorf("consent = %v, %v", has, err)
	}
}

func share(t *testing.T, url string) {
	one, other := openURL(t, url), openURL(t, url)
	c := add(t, one, nil)
	won(t)(other.Answer(t.Context(), c.ID, assessment()))
	lost(t)(one.Fail(t.Context(), c.ID, "too late"))
	if got := read(t, one, c.ID); got.Status != deepskin.Answered {
		t.Errorf("case is %s, want it answered", got.Status)
	}
}

func wrongKeys(t *testing.T, url string) {
	s := openURL(t, url)
	c := add(t, s, nil)
	for name, change := range map[string]func(*store.Keys){
		"identity": func(k *store.Keys) { k.Identity[31]++ },
		"address":  func(k *store.Keys) { k.Address[31]++ },
	} {
		k := keys()
		change(&k)
		if _, err := store.Open(t.Context(), url, k); !errors.Is(err, store.ErrWrongKeys) {
			t.Errorf("another %s key: error = %v, want ErrWrongKeys", name, err)
		}
	}
	for name, k := range map[string]store.Keys{
		"no keys":     {},
		"a short key": {Identity: keys().Identity, Address: keys().Address[:16]},
	} {
		if _, err := store.Open(t.Context(), url, k); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	again := openURL(t, url)
	read(t, again, c.ID)
}

// childURL names the variable that makes a process of this test binary the one that is killed.
const childURL = "DEEPSKIN_STORE_TEST_CHILD"

// kill lets another process write until it is killed in the middle of it.
func kill(t *testing.T, url string) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childURL+"="+url)
	var complaints bytes.Buffer
	child.Stderr = &complaints
	out, err := child.StdoutPipe()
	ok(t, err)
	ok(t, child.Start())

	// Each line is a case whose answer was acknowledged.
	var acknowledged []deepskin.CaseID
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, deepskin.CaseID(lines.Text()))
		if len(acknowledged) == 30 {
			ok(t, child.Process.Kill())
		}
	}
	ok(t, lines.Err())
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() || len(acknowledged) < 30 {
		t.Fatalf("the child ended by itself (%v) after %d cases: %s", err, len(acknowledged), &complaints)
	}

	s := openURL(t, url)
	for _, id := range acknowledged {
		want := assessment()
		if c := read(t, s, id); c.Status != deepskin.Answered || !reflect.DeepEqual(c.Assessment, &want) {
			t.Errorf("case is %s with %#v, want it answered", c.Status, c.Assessment)
		} else if c.Verdict == nil || c.Verdict.Truth != deepskin.TruthBenign {
			t.Errorf("verdict is %#v, want it as it was given", c.Verdict)
		}
		if photo, err := s.Photo(t.Context(), id); err != nil || string(photo) != string(id) {
			t.Errorf("photo = %q, %v", photo, err)
		}
	}
}

// write is the child that kill starts: it prints the ID of each case once all is acknowledged.
func write(ctx context.Context, url string) error {
	s, err := store.Open(ctx, url, keys())
	if err != nil {
		return err
	}
	for {
		n := newCase()
		if _, added, err := s.AddCase(ctx, n); err != nil || !added {
			return fmt.Errorf("add: %v, %w", added, err)
		}
		if won, err := s.Answer(ctx, n.ID, assessment()); err != nil || !won {
			return fmt.Errorf("answer: %v, %w", won, err)
		}
		if err := s.KeepPhoto(ctx, n.ID, []byte(n.ID)); err != nil {
			return err
		}
		if err := s.SetVerdict(ctx, n.Sender, n.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}); err != nil {
			return err
		}
		if _, err := fmt.Println(n.ID); err != nil {
			return err
		}
	}
}

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(write(context.Background(), url).Error()))
		os.Exit(1)
	}
	os.Exit(m.Run())
}
