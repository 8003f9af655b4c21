package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin/classifier/sample"
	"deepskin/internal/child/childtest"
)

const shipped = "../../models/deepskin.onnx"

// TestMain is also the desk that the program starts itself as.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == deskCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

// measured runs the program in its short form and reads its JSON. How fast anything is decides nothing here.
func measured(t *testing.T, into any, args ...string) (table string) {
	t.Helper()
	program, environ := childtest.Build(t)
	file := filepath.Join(t.TempDir(), "figures.json")
	var stdout, stderr strings.Builder
	args = append(args, "-short", "-program", program, "-model", shipped, "-json", file)
	if err := run(t.Context(), args, environ, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
	return stdout.String()
}

func TestShortFormMeasuresEveryStage(t *testing.T) {
	var r report
	table := measured(t, &r)
	if r.Model == "" || r.Side == 0 || r.Provider != "cpu" || r.Machine.Cores == 0 || !strings.HasPrefix(r.Machine.Go, "go1.") {
		t.Errorf("%q of side %d by %q on %+v", r.Model, r.Side, r.Provider, r.Machine)
	}
	checkPace(t, "bare model", r.Bare, short.sets[0].Count)
	if len(r.Batches) != 1 || r.Batches[0].Pictures != 2 || r.Batches[0].Pace.PerSecond <= 0 {
		t.Errorf("batches: %+v", r.Batches)
	}
	if len(r.Sets) != len(short.sets) {
		t.Fatalf("%d sets", len(r.Sets))
	}
	for i, s := range r.Sets {
		name, count := s.Photos.Name, short.sets[i].Count
		if low, high := []float64{150, 2000}[i], []float64{300, 4000}[i]; s.Photos.Smallest < low || s.Photos.Largest > high {
			t.Errorf("%s: photos of %.0f to %.0f KB", name, s.Photos.Smallest, s.Photos.Largest)
		}
		checkPace(t, name+" decoding", s.Decoding, count)
		checkPace(t, name+" image/jpeg", s.Reference, short.reference)
		checkPace(t, name+" classifier", s.Classifier, count)
		checkService(t, name+" service", s.Service, count)
		checkService(t, name+" alone", s.Alone, short.alone)
		if s.Limit <= 0 || s.Limit >= min(r.Bare.PerSecond, s.Decoding.PerSecond) {
			t.Errorf("%s: limit %.1f of %.1f and %.1f", name, s.Limit, r.Bare.PerSecond, s.Decoding.PerSecond)
		}
		if !strings.Contains(table, name) {
			t.Errorf("the table lacks %s:\n%s", name, table)
		}
	}
	if r.Bars != nil || strings.Contains(table, "PASS") {
		t.Error("the short form was held against the bars")
	}
}

func checkPace(t *testing.T, name string, p pace, photos int) {
	t.Helper()
	if p.Photos != photos || p.PerSecond <= 0 || p.CPU < 0 || p.P50 <= 0 || p.P95 < p.P50 || p.P99 < p.P95 {
		t.Errorf("%s: %+v, want %d photos", name, p, photos)
	}
}

func checkService(t *testing.T, name string, s service, photos int) {
	t.Helper()
	checkPace(t, name, s.Pace, photos)
	if len(s.Workers) == 0 || s.RedisCommands < 5 || s.RedisHeld <= 0 || s.BotPeak <= 0 || s.Redis.Peak <= 0 {
		t.Errorf("%s: %+v", name, s)
	}
	for _, p := range s.Workers {
		// Without the model a Go program has far less.
		if p.Ready < 30 || p.Peak < p.Ready || p.CPU <= 0 {
			t.Errorf("%s: worker %+v", name, p)
		}
	}
}

func TestShortFormMeasuresGrowth(t *testing.T) {
	var g growth
	table := measured(t, &g, "-growth")
	if len(g.Steps) != 3 {
		t.Fatalf("steps: %+v", g.Steps)
	}
	for i, workers := range []int{1, 2, 4} {
		s := g.Steps[i]
		checkService(t, "growth", s.Service, short.sets[0].Count)
		if s.Workers != workers || len(s.Service.Workers) != workers {
			t.Errorf("%d workers of %d", len(s.Service.Workers), workers)
		}
		if s.RowsAPhoto < 1 || s.UpdatesAPhoto < 1 || s.BytesAPhoto < 100 {
			t.Errorf("PostgreSQL: %+v", s)
		}
	}
	if !strings.Contains(table, "workers") {
		t.Errorf("table:\n%s", table)
	}
}

// one is a set's report of round numbers.
func one(set photoSet) setReport {
	worker := process{Ready: 100, Peak: 229}
	return setReport{
		Photos: set, Limit: 100, Decoding: pace{CPU: 2}, Reference: pace{CPU: 8}, Classifier: pace{PerSecond: 90},
		Service: service{Pace: pace{PerSecond: 90 * 0.85}, Workers: []process{worker}},
		Alone:   service{Pace: pace{P50: 7}},
	}
}

func TestBars(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*report)
		want  []string // bars that are missed, and by how much
	}{
		"good":  {func(*report) {}, nil},
		"slow":  {func(r *report) { r.Sets[0].Classifier.PerSecond = 80 }, []string{"classifier / limit: MISSED by 0.10"}},
		"heavy": {func(r *report) { r.Sets[1].Decoding.CPU = 20; r.Sets[1].Reference.CPU = 90 }, []string{"resize: MISSED by 0.00 ms"}},
		"late":  {func(r *report) { r.Sets[0].Alone.Pace.P50 = 9.5 }, []string{"p50: MISSED by 1.50 ms"}},
		"large": {func(r *report) { r.Sets[1].Service.Workers[0].Peak = 231 }, []string{"own: MISSED by 1.00 MB"}},
		"bare":  {func(r *report) { r.Bare.PerSecond = 300 }, []string{"bare model: MISSED by 0.10"}},
	} {
		r := report{Bare: pace{PerSecond: 200, P50: 2}, Sets: []setReport{one(usual), one(large)}}
		test.spoil(&r)
		r.Bars = judge(r)
		var missed []string
		for _, b := range r.Bars {
			if !b.Pass {
				missed = append(missed, b.Name+": "+b.verdict())
			} else if b.verdict() != "PASS" {
				t.Errorf("%s: %s is %s", name, b.Name, b.verdict())
			}
		}
		if !slices.EqualFunc(missed, test.want, strings.HasSuffix) {
			t.Errorf("%s: %q, want %q", name, missed, test.want)
		}
		var table strings.Builder
		if err := r.print(&table); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(table.String(), "PASS") || (test.want != nil) != strings.Contains(table.String(), "MISSED") {
			t.Errorf("%s:\n%s", name, table.String())
		}
	}
}

// A photo that is refused would make the service look fast.
func TestOnlyLabelsCount(t *testing.T) {
	program, environ := childtest.Build(t)
	folder := t.TempDir()
	dark := filepath.Join(folder, "dark.jpg")
	photo, err := sample.JPEG(sample.Photo(1, sample.Options{Width: 240, Height: 180, Fault: sample.Dark}), 92)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dark, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	b := bench{options: options{program: program, model: shipped, provider: "cpu"}, environ: environ, log: io.Discard, folder: folder}
	_, err = b.measureService(t.Context(), trial{workers: 1, slots: 1, set: photoSet{files: []string{dark}}, count: 1, atATime: 1})
	if err == nil || !strings.Contains(err.Error(), "got no label") {
		t.Errorf("a dark photo: %v", err)
	}
}

func TestPercentile(t *testing.T) {
	var times []time.Duration
	for i := range 100 {
		times = append(times, time.Duration(i+1))
	}
	for p, want := range map[float64]time.Duration{0: 1, 1: 1, 50: 50, 95: 95, 99: 99, 100: 100} {
		if got := percentile(times, p); got != want {
			t.Errorf("p%.0f of 1 to 100 is %d", p, got)
		}
		if got := percentile(times[:1], p); got != 1 {
			t.Errorf("p%.0f of 1 is %d", p, got)
		}
	}
}

func TestRunTellsThatThereIsNoProgram(t *testing.T) {
	err := run(t.Context(), []string{"-program", "./not-there"}, nil, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "look at the program") {
		t.Errorf("missing program: %v", err)
	}
}

func TestReadMemory(t *testing.T) {
	resident, peak, err := readMemory(os.Getpid())
	if err != nil || resident < 1 || peak < resident {
		t.Errorf("%.1f MB, %.1f MB at most, %v", resident, peak, err)
	}
	if _, _, err := readMemory(1 << 30); err == nil {
		t.Error("a process that is not there has memory")
	}
}
