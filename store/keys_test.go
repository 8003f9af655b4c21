package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"deepskin/store"
)

func TestKeysAreCreatedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	var got [20]store.Keys
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = store.LoadOrCreateKeys(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range got {
		if !reflect.DeepEqual(k, got[0]) {
			t.Fatal("two callers have different keys")
		}
	}
	if len(got[0].Identity) != 32 || len(got[0].Address) != 32 || reflect.DeepEqual(got[0].Identity, got[0].Address) {
		t.Error("the keys are not two different ones of 32 bytes")
	}
	info, err := os.Stat(path)
	ok(t, err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode = %04o, want 0600", mode)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files, %v; want the key file alone", len(left), err)
	}
	other, err := store.LoadOrCreateKeys(filepath.Join(t.TempDir(), "keys.json"))
	ok(t, err)
	if reflect.DeepEqual(other, got[0]) {
		t.Error("two files have the same keys")
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "keys.json")
	_, err := store.LoadOrCreateKeys(good)
	ok(t, err)
	text, err := os.ReadFile(good)
	ok(t, err)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"the group may read it":    {string(text), 0o640, "chmod 600"},
		"all may read it":          {string(text), 0o604, "chmod 600"},
		"empty":                    {"", 0o600, "JSON"},
		"cut off":                  {string(text[:40]), 0o600, "JSON"},
		"without a key":            {`{"identity":"AAAA"}`, 0o600, "32 bytes"},
		"something else entirely":  {`{}`, 0o600, "32 bytes"},
		"a secret in another form": {`{"identity":"hunter2!"}`, 0o600, "JSON"},
	} {
		path := filepath.Join(t.TempDir(), "keys.json")
		ok(t, os.WriteFile(path, []byte(c.text), c.mode))
		ok(t, os.Chmod(path, c.mode))
		k, err := store.LoadOrCreateKeys(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: keys %v, error %v; want one that says %q", name, k, err, c.want)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.text {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
	if _, err := store.LoadOrCreateKeys(filepath.Join(t.TempDir(), "missing", "keys.json")); err == nil {
		t.Error("no error for a missing folder")
	}
}

func TestKeysStayOutOfLogs(t *testing.T) {
	t.Parallel()
	k := store.Keys{Identity: []byte("hunter2"), Address: []byte("hunter2")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, k); got != "[keys]" {
			t.Errorf("%s prints %q", format, got)
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "keys", k)
	encoded, err := json.Marshal([]byte("hunter2"))
	ok(t, err)
	if strings.Contains(log.String(), strings.Trim(string(encoded), `"`)) {
		t.Errorf("the log says %s", &log)
	}
}
