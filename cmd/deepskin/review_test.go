package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/store"
)

// bench is an environment for review: a database, a desktop that keeps what it is shown, and no model.
type bench struct {
	env     map[string]string
	kept    *store.Store
	runtime string // where photos are put to look at
	shown   string // the last one that was opened
}

func newBench(t *testing.T) bench {
	t.Helper()
	tools, runtime := t.TempDir(), t.TempDir()
	shown := filepath.Join(tools, "shown.jpg")
	opener := "#!/bin/sh\ncp \"$1\" '" + shown + ".part' && mv '" + shown + ".part' '" + shown + "'\n"
	if err := os.WriteFile(filepath.Join(tools, "xdg-open"), []byte(opener), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	b := bench{runtime: runtime, shown: shown, env: map[string]string{
		"DEEPSKIN_DATA": t.TempDir(), "XDG_RUNTIME_DIR": runtime, "DISPLAY": ":0",
	}}
	s, err := readSettings(b.env)
	if err != nil {
		t.Fatal(err)
	}
	if b.kept, err = s.openStore(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.kept.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// The sender of the cases to review, whom no reviewer may read of.
const sendersName = "sender-4711"

// dispute stores a benign answer that its sender calls wrong, and whose photo they share.
func (b bench) dispute(t *testing.T, comment string) deepskin.CaseID {
	t.Helper()
	id, sender := deepskin.NewCaseID(), deepskin.Sender{Platform: "telegram", ID: sendersName}
	_, _, err := b.kept.AddCase(t.Context(), deepskin.NewCase{
		ID: id, Sender: sender, Event: string(id), Status: deepskin.Pending, Created: time.Now(), Deadline: time.Now(),
		Address: deepskin.Address{Platform: "telegram", Chat: sendersName}, Source: sendersName,
	})
	must(t, err)
	_, err = b.kept.Answer(t.Context(), id, deepskin.Assessment{
		Label: deepskin.Benign, Malignancy: 0.04, Confidence: 0.96, Threshold: 0.2, Model: "model-7",
		Diagnoses: map[deepskin.Diagnosis]float64{deepskin.MelanocyticNevus: 0.96, deepskin.Melanoma: 0.04},
		Grid:      &deepskin.Grid{Rows: 1, Columns: 2, Values: []float32{0, 1}},
	})
	must(t, err)
	must(t, b.kept.SetVerdict(t.Context(), sender, id, deepskin.Verdict{Truth: deepskin.TruthMalignant}))
	must(t, b.kept.SetComment(t.Context(), sender, id, comment))
	must(t, b.kept.KeepPhoto(t.Context(), id, photo(t, 1)))
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// review runs the command with what is typed, and checks that no photo is left behind.
func (b bench) review(ctx context.Context, t *testing.T, typed io.Reader, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	cmd := reviewCommand(b.env)
	cmd.SetArgs(args)
	cmd.SetIn(typed)
	cmd.SetOut(&out)
	cmd.SetErr(&log)
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Fatalf("review: %v\n%s", err, log.String())
	}
	if left := b.photos(t); left != 0 {
		t.Errorf("%d photos are left on the disk", left)
	}
	if strings.Contains(out.String()+log.String(), sendersName) {
		t.Errorf("it names the sender:\n%s%s", out.String(), log.String())
	}
	return out.String()
}

// photos is how many photos lie on the disk to look at.
func (b bench) photos(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.runtime, "*"))
	must(t, err)
	return len(files)
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

func TestReviewInTheTerminal(t *testing.T) {
	b := newBench(t)
	id := b.dispute(t, "It grew.\x1b[2J")

	keys, typed := io.Pipe()
	go func() {
		eventually(t, "the photo is opened", func() bool { return exists(b.shown) })
		if n := b.photos(t); n != 1 {
			t.Errorf("%d photos are there to look at, want 1", n)
		}
		_, _ = io.WriteString(typed, "x\n1\n")
		_ = typed.Close()
	}()
	out := b.review(t.Context(), t, keys, "--reviewer", "rita")
	wants(t, out, "Answer: benign", "4%", "model-7", "A doctor said malignant", "It grew.", "Mole (nevus)", "96%",
		"Please press one of 1 to 9", "Noted: Melanoma. Another reviewer is asked, too.", "Nothing else waits")
	if strings.Contains(out, "\x1b") {
		t.Errorf("what the sender wrote reaches the terminal: %q", out)
	}
	opened, err := os.ReadFile(b.shown)
	must(t, err)
	if _, err := jpeg.Decode(bytes.NewReader(opened)); err != nil || bytes.Equal(opened, photo(t, 1)) {
		t.Errorf("what was opened is no photo with a heatmap: %v", err)
	}

	if out := b.review(t.Context(), t, strings.NewReader("1\n"), "--reviewer", "rita"); strings.Contains(out, "Answer") {
		t.Errorf("the same reviewer is asked again:\n%s", out)
	}
	wants(t, b.review(t.Context(), t, strings.NewReader("s\n"), "--reviewer", "rolf"), "1 reviewer has voted.", "Nothing else waits")
	wants(t, b.review(t.Context(), t, strings.NewReader(""), "--reviewer", "rolf"), "See you.")
	out = b.review(t.Context(), t, strings.NewReader("1\n"), "--reviewer", "rolf")
	wants(t, out, "Noted: Melanoma. Decided: Melanoma.")
	if before, _, _ := strings.Cut(out, "Noted"); strings.Count(before, "Melanoma") != 1 {
		t.Errorf("the reviewer reads what somebody voted for:\n%s", before)
	}
	task, err := b.kept.ReviewTask(t.Context(), deepskin.Sender{Platform: "team", ID: "rolf"}, id)
	if err != nil || !task.Voted || task.Review.Decision != "mel" {
		t.Errorf("the review is %+v, %v", task, err)
	}
}

func TestReviewEndsWhenItIsTold(t *testing.T) {
	b := newBench(t)
	b.dispute(t, "It grew.")
	ctx, cancel := context.WithCancel(t.Context())
	keys, typed := io.Pipe()
	defer typed.Close()
	go func() {
		eventually(t, "the photo is opened", func() bool { return exists(b.shown) })
		cancel()
	}()
	wants(t, b.review(ctx, t, keys), "See you.")
}

func TestReviewLists(t *testing.T) {
	b := newBench(t)
	wants(t, b.review(t.Context(), t, nil, "--list"), "Nothing waits for your vote.")
	ids := []deepskin.CaseID{b.dispute(t, "one"), b.dispute(t, "two")}
	out := b.review(t.Context(), t, nil, "--list")
	wants(t, out, "PRIORITY", "benign", "0.040", "A doctor said malignant", string(ids[0]), string(ids[1]))
	lines := json.NewDecoder(strings.NewReader(b.review(t.Context(), t, nil, "--list", "--json")))
	for n := range ids {
		var w map[string]any
		must(t, lines.Decode(&w))
		if w["label"] != "benign" || w["truth"] != "malignant" || w["votes"] != 0.0 || w["model"] != "model-7" || w["priority"].(float64) < 0.9 {
			t.Errorf("line %d is %v", n+1, w)
		}
	}
	if lines.More() {
		t.Error("there are more lines than cases")
	}
	if _, _, err := program(t, b.env, "review", "--json"); err == nil || !strings.Contains(err.Error(), "--list") {
		t.Errorf("--json alone: %v", err)
	}
}
