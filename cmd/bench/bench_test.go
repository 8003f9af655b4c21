package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin/adapters/web/client"
	"deepskin/internal/child/childtest"
)

// The short form against the real program. How fast it is decides nothing here.
func TestShortFormMeasuresTheRealService(t *testing.T) {
	program, environ := childtest.Build(t)
	file := filepath.Join(t.TempDir(), "figures.json")
	var table strings.Builder
	if err := run(t.Context(), []string{"-short", "-program", program, "-json", file}, environ, &table, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, table.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Model == "" || r.Machine.Cores == 0 || !strings.HasPrefix(r.Machine.Go, "go1.") {
		t.Errorf("model %q, machine %+v", r.Model, r.Machine)
	}
	if p := r.Photos; p.Count != short.drawings || p.Smallest < 150 || p.Largest > 300 || p.Smallest == p.Largest {
		t.Errorf("photos: %+v", p)
	}
	if u := r.Unloaded; u.Photos != short.unloaded || u.P50 <= 0 || u.P95 < u.P50 || u.P99 < u.P95 {
		t.Errorf("times: %+v", u)
	}
	if l := r.Loaded; l.Photos != sum(short.loaded) || l.PhotosPerSecond <= 0 || len(l.Memory) != len(short.loaded) {
		t.Errorf("load: %+v", l)
	}
	for _, m := range r.Loaded.Memory {
		// Without the model a Go program has far less.
		if m.Resident < 30 || m.Peak < m.Resident {
			t.Errorf("memory: %+v", m)
		}
	}
	if r.Bars != nil || strings.Contains(table.String(), "PASS") {
		t.Error("the short form was held against the bars")
	}
	for _, want := range []string{r.Model, "photos/s", "one at a time"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
}

func TestBars(t *testing.T) {
	good := report{
		Unloaded: unloaded{Photos: 100, P50: 59.9},
		Loaded:   loaded{Memory: []reading{{500, 100, 100}, {1000, 240, 245}, {1500, 251, 251}}},
	}
	slow, big, growing := good, good, good
	slow.Unloaded.P50 = 60
	big.Loaded.Memory = []reading{{1000, 262.5, 300}, {1500, 262.5, 300}}
	growing.Loaded.Memory = []reading{{1000, 100, 100}, {1500, 107, 107}}
	for _, test := range []struct {
		name   string
		report report
		want   []string
	}{
		{"good", good, []string{"PASS", "PASS", "PASS"}},
		{"slow", slow, []string{"MISSED by 0.0 ms", "PASS", "PASS"}},
		{"big", big, []string{"PASS", "MISSED by 12.5 MB", "PASS"}},
		{"growing", growing, []string{"PASS", "PASS", "MISSED by 2.0 %"}},
	} {
		test.report.Bars = judge(test.report)
		var got []string
		for _, b := range test.report.Bars {
			got = append(got, b.verdict())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		var table strings.Builder
		if err := test.report.print(&table); err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			if !strings.Contains(table.String(), want) {
				t.Errorf("%s: the table lacks %q:\n%s", test.name, want, table.String())
			}
		}
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

// A service that answers without the model would look fast.
func TestOnlyAnswersOfTheModelCount(t *testing.T) {
	for event, want := range map[string]string{
		`{"status":"answered","malignancy":0.5,"model":"m"}`:             "",
		`{"status":"answered","malignancy":0.5,"problems":["too_dark"]}`: "",
		`{"status":"answered","problems":["corrupt"]}`:                   "without asking the model",
		`{"status":"failed"}`: "got no answer",
	} {
		var sent atomic.Int32
		mux := http.NewServeMux()
		mux.HandleFunc("POST /v1/cases", func(w http.ResponseWriter, _ *http.Request) {
			sent.Add(1)
			_, _ = io.WriteString(w, `{"id":"A","status":"pending"}`)
		})
		mux.HandleFunc("GET /v1/cases/A/events", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, "event: case\ndata: %s\n\n", event)
		})
		server := httptest.NewServer(mux)
		_, _, err1 := measureUnloaded(t.Context(), server.URL, [][]byte{{1}, {2}}, 1, 2)
		err2 := load(t.Context(), []*client.Client{client.New(server.URL), client.New(server.URL)}, [][]byte{{1}}, 5)
		server.Close()
		for _, err := range []error{err1, err2} {
			switch {
			case want == "" && err != nil:
				t.Errorf("%s: %v", event, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%s: %v, want %q", event, err, want)
			}
		}
		if want == "" && sent.Load() != 3+5 {
			t.Errorf("%s: %d photos were sent, want 8", event, sent.Load())
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
