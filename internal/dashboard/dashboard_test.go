package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/dashboard"
	"deepskin/internal/logtest"
	"deepskin/internal/watch"
	"deepskin/store"
)

// A queue is one that says how it is.
type queue struct {
	jobs, workers int
	err           error
}

func (q queue) Backlog(context.Context) (int, error) { return q.jobs, q.err }
func (q queue) Workers(context.Context) (int, error) { return q.workers, q.err }

// frame writes a page that has nothing around its body.
func frame(w http.ResponseWriter, status int, body template.HTML) error {
	w.WriteHeader(status)
	_, err := io.WriteString(w, string(body))
	return err
}

func newDashboard(s dashboard.Store, q dashboard.Queue, log io.Writer) *dashboard.Dashboard {
	return dashboard.New(dashboard.Config{
		Store: s, Queue: q, Frame: frame, Logger: slog.New(slog.NewTextHandler(log, nil)), Now: func() time.Time { return now },
	})
}

// get returns the dashboard's page.
func get(tb testing.TB, d http.Handler, path string) (status int, page string) {
	tb.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// tile returns the value and the note of a tile.
func tile(tb testing.TB, page, name string) string {
	tb.Helper()
	found := regexp.MustCompile(`<dt>` + name + `</dt><dd>([^<]*)</dd><dd class="hint">([^<]*)</dd>`).FindStringSubmatch(page)
	if found == nil {
		tb.Fatalf("there is no tile %q", name)
	}
	return strings.ReplaceAll(found[1]+"; "+found[2], "\u202f", "")
}

var (
	row  = regexp.MustCompile(`<tr>(.*?)</tr>`)
	cell = regexp.MustCompile(`<t[hd][^>]*>([^<]*)</t[hd]>`)
)

// tableOf returns the cells of the table below a chart, without its head.
func tableOf(tb testing.TB, page, title string) [][]string {
	tb.Helper()
	_, rest, found := strings.Cut(page, "<h2>"+title+"</h2>")
	if !found {
		tb.Fatalf("there is no chart %q", title)
	}
	rest, _, _ = strings.Cut(rest, "</table>")
	var rows [][]string
	for _, r := range row.FindAllStringSubmatch(rest, -1) {
		var cells []string
		for _, c := range cell.FindAllStringSubmatch(r[1], -1) {
			cells = append(cells, strings.ReplaceAll(c[1], "\u202f", ""))
		}
		rows = append(rows, cells)
	}
	return rows
}

// sums adds up the columns of a table whose first column is a name.
func sums(tb testing.TB, rows [][]string) map[string]int {
	tb.Helper()
	total := map[string]int{}
	for _, r := range rows[1:] {
		for i, c := range r[1:] {
			n := 0
			if _, err := fmt.Sscan(c, &n); err != nil {
				tb.Fatalf("%q is no number", c)
			}
			total[rows[0][i+1]] += n
		}
	}
	maps.DeleteFunc(total, func(_ string, n int) bool { return n == 0 })
	return total
}

// What the page shows of a year of cases is what was put in, in each range of time.
func TestAYearIsShownAsItWas(t *testing.T) {
	y := newYear(t)
	d := newDashboard(y.store, queue{jobs: 3, workers: 2}, t.Output())
	for _, c := range []struct {
		days int
		per  string
		want tallied
	}{{365, "week", y.total}, {30, "day", y.ofMonth}, {7, "day", y.ofWeek}} {
		begin := time.Now()
		status, page := get(t, d, fmt.Sprintf("/dashboard?days=%d", c.days))
		t.Logf("%d days of a year with %d cases took %v", c.days, aYear, time.Since(begin).Round(time.Millisecond))
		if status != http.StatusOK {
			t.Fatalf("%d days: status %d: %s", c.days, status, page)
		}
		if got := sums(t, tableOf(t, page, "Photos per "+c.per)); !maps.Equal(got, c.want.Platforms) {
			t.Errorf("%d days: photos %v, want %v", c.days, got, c.want.Platforms)
		}
		if got := sums(t, tableOf(t, page, "What became of them")); !maps.Equal(got, c.want.Outcomes) {
			t.Errorf("%d days: outcomes %v, want %v", c.days, got, c.want.Outcomes)
		}
		for _, r := range tableOf(t, page, "Why photos were refused")[1:] {
			problem := deepskin.Problem(strings.ReplaceAll(r[0], " ", "_"))
			if want := fmt.Sprint(c.want.Refusals[problem]); r[1] != want {
				t.Errorf("%d days: %s %s times, want %s", c.days, problem, r[1], want)
			}
		}
		for _, r := range tableOf(t, page, "Thumbs down, by model")[1:] {
			down, up := c.want.Down[r[0]], c.want.Up[r[0]]
			if r[1] != fmt.Sprint(down) || r[2] != fmt.Sprint(down+up) || r[3] != fmt.Sprintf("%.1f%%", 100*float64(down)/float64(down+up)) {
				t.Errorf("%d days: thumbs down %v, want %d of %d", c.days, r, down, down+up)
			}
		}
		if got, want := tile(t, page, "Photos"), fmt.Sprint(c.want.Photos); !strings.HasPrefix(got, want+";") {
			t.Errorf("%d days: the tile says %s photos, want %s", c.days, got, want)
		}
		slices.Sort(c.want.Times)
		median := c.want.Times[(len(c.want.Times)-1)/2].Seconds()
		var shown float64
		if _, err := fmt.Sscanf(tile(t, page, "Half answered within"), "%f s;", &shown); err != nil || shown < median*0.93 || shown > median*1.07 {
			t.Errorf("%d days: half answered within %v s (%v), want about %.2f", c.days, shown, err, median)
		}
		if got := tile(t, page, "In the queue"); got != "3; 2 workers live" {
			t.Errorf("the queue: %q", got)
		}
	}
}

// In the last weeks the photos grow darker and blurrier, and the page says so of those features alone.
func TestDriftIsShown(t *testing.T) {
	y := newYear(t)
	d := newDashboard(y.store, queue{}, t.Output())
	_, page := get(t, d, "/dashboard?days=30")
	_, rest, _ := strings.Cut(page, "<h3>phone</h3>")
	rest, _, _ = strings.Cut(rest, "</table>")
	level := regexp.MustCompile(`<th scope="row">([^<]+)</th><td>([0-9.]+)</td>.*class="level (\w+)"`)
	found := map[string]string{}
	for _, r := range level.FindAllStringSubmatch(rest, -1) {
		found[r[1]] = r[3]
	}
	if len(found) != len(watch.Features) {
		t.Fatalf("%d features are told, want %d: %v", len(found), len(watch.Features), found)
	}
	for title, level := range found {
		drifted := title == "Brightness" || title == "Sharpness"
		if drifted == (level == "stable") {
			t.Errorf("%s is called %s", title, level)
		}
	}
	for _, want := range []string{"Drift", "its test set", secondModel, "compared with 400"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// A model whose file does not say what its test set was like is compared with its first weeks.
func TestDriftWithoutTheModelsDistributions(t *testing.T) {
	y := newYear(t)
	d := newDashboard(told{y.store, []watch.Card{{Version: secondModel}}}, queue{}, t.Output())
	if _, page := get(t, d, "/dashboard?days=30"); !strings.Contains(page, "those of its first days in service") || !strings.Contains(page, `class="level`) {
		t.Error("the page does not compare the photos with the model's first days")
	}
	if _, page := get(t, d, "/dashboard?days=365"); !strings.Contains(page, "There is nothing to compare with") {
		t.Error("the page compares the photos with themselves")
	}
}

func TestNothingYet(t *testing.T) {
	d := newDashboard(told{empty(t), nil}, queue{err: errors.New("Redis is away")}, t.Output())
	status, page := get(t, d, "/dashboard")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for name, want := range map[string]string{
		"Photos": "0; 0 failed", "Refused": "–; of those looked at", "Half answered within": "–; 99% within –",
		"In the queue": "unknown; Redis does not answer", "Reviews that wait": "0; for the team&#39;s votes",
		"Reviewers agree": "–; no photo has two votes",
	} {
		if got := tile(t, page, name); !strings.HasPrefix(got, strings.ReplaceAll(want, "&#39;", "'")) && got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"No photo came in this time", "No worker has told of its model yet", `aria-current="page">30 days`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// empty is a database without cases.
func empty(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "deepskin.db"), keys())
	ok(t, err)
	t.Cleanup(func() { ok(t, s.Close()) })
	return s
}

// told is a store to which workers have told of these models.
type told struct {
	dashboard.Store
	models []watch.Card
}

func (s told) Models(context.Context) ([]watch.Card, error) { return s.models, nil }

// broken is a store that fails.
type broken struct{ dashboard.Store }

func (broken) OpenReviews(context.Context) (int, error) { return 0, errors.New("the disk is full") }

func TestTroubleIsToldToOperatorsOnly(t *testing.T) {
	log := &logtest.Log{}
	status, page := get(t, newDashboard(broken{empty(t)}, queue{}, log), "/dashboard")
	if status != http.StatusInternalServerError || strings.Contains(page, "disk") {
		t.Errorf("status %d, %s", status, page)
	}
	if !strings.Contains(log.String(), "the disk is full") {
		t.Errorf("the log does not say why: %s", log)
	}
}

func TestTheStyleSheetIsServed(t *testing.T) {
	d := newDashboard(nil, queue{}, t.Output())
	if status, sheet := get(t, d, dashboard.StylePath); status != http.StatusOK || !strings.Contains(sheet, ".tiles") {
		t.Errorf("status %d: %.60s", status, sheet)
	}
}

// BenchmarkYear is how long a page takes with a year of cases.
func BenchmarkYear(b *testing.B) {
	y := newYear(b)
	d := newDashboard(y.store, queue{}, io.Discard)
	for b.Loop() {
		if status, _ := get(b, d, "/dashboard?days=365"); status != http.StatusOK {
			b.Fatal(status)
		}
	}
}
