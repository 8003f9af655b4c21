package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

func TestKeysAreRotated(t *testing.T) {
	env := map[string]string{"DEEPSKIN_DATA": t.TempDir()}
	file := filepath.Join(t.TempDir(), "new-keys.json")
	anna := deepskin.Sender{Platform: "telegram", ID: "4711"}
	open := func(env map[string]string) (*store.Store, error) {
		s, err := readSettings(env)
		must(t, err)
		return s.openStore(t.Context(), slog.New(slog.DiscardHandler))
	}
	kept, err := open(env)
	must(t, err)
	_, err = kept.GiveConsent(t.Context(), anna, time.Now(), time.Now())
	must(t, err)
	must(t, kept.Close())

	for range 2 { // a second time does no harm
		out, log, err := program(t, env, "keys", "rotate", file)
		if err != nil || !strings.Contains(out, file) {
			t.Fatalf("%v: %s%s", err, out, log)
		}
	}
	if _, err := open(env); !errors.Is(err, store.ErrWrongKeys) {
		t.Errorf("with the old keys: %v", err)
	}
	env["DEEPSKIN_KEYS_FILE"] = file
	kept, err = open(env)
	must(t, err)
	defer kept.Close()
	if agreed, err := kept.HasConsent(t.Context(), anna); !agreed || err != nil {
		t.Errorf("anna has agreed: %v, %v", agreed, err)
	}

	env = map[string]string{"DEEPSKIN_KEYS": "hunter2"}
	if _, err := open(env); err == nil || !strings.Contains(err.Error(), "DEEPSKIN_KEYS") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("with no keys at all: %v", err)
	}
}

// Limits and bounds that make no sense are refused by name.
func TestBoundsAreNotNegative(t *testing.T) {
	for _, name := range []string{
		"DEEPSKIN_UPLOADS_PER_ADDRESS", "DEEPSKIN_UPLOAD_MEMORY", "DEEPSKIN_DECODED_MEMORY", "DEEPSKIN_UPLOAD_TIME",
	} {
		value := "-1"
		if name == "DEEPSKIN_UPLOAD_TIME" {
			value = "-1s"
		}
		if _, err := readSettings(map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
