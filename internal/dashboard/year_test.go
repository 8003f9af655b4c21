package dashboard_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/watch"
	"deepskin/store"
)

// now is when the generated year ends.
var now = time.Date(2026, 11, 20, 15, 30, 0, 0, time.UTC)

// Models of the year: the second took over when 60% of it had passed.
const (
	firstModel  = "deepskin-2-fc5ee737"
	secondModel = "deepskin-3-81d20c4e"
)

// A year is a database with cases and what there is in it, counted as they were made.
type year struct {
	store *store.Store
	// total, ofMonth and ofWeek are of all, of the last 30 days and of the last 7.
	total, ofMonth, ofWeek tallied
}

type tallied struct {
	Photos    int
	Platforms map[string]int
	Outcomes  map[string]int
	Refusals  map[deepskin.Problem]int
	Down, Up  map[string]int
	Times     []time.Duration
}

// folder is where the database of all tests is, and theYear what is in it.
var (
	folder  string
	theYear *year
)

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "dashboard"); err != nil {
		panic(err)
	}
	status := m.Run()
	if theYear != nil {
		_ = theYear.store.Close() // the file goes anyway
	}
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

// newYear makes a year of plausible cases in SQLite, once for all tests: none may change it. More come
// towards the end, fewer at weekends; the photos grow darker and blurrier in the last weeks.
func newYear(tb testing.TB) *year {
	tb.Helper()
	if theYear == nil {
		theYear = makeYear(tb, aYear)
	}
	return theYear
}

func makeYear(tb testing.TB, cases int) *year {
	tb.Helper()
	path := filepath.Join(folder, "deepskin.db")
	s, err := store.Open(tb.Context(), "sqlite:"+path, keys())
	ok(tb, err)
	y := &year{store: s}
	y.fill(tb, path, cases)
	ok(tb, s.CountCases(tb.Context(), now.Add(-24*time.Hour)))
	for i, version := range []string{firstModel, secondModel} {
		card, err := json.Marshal(cardOf(version))
		ok(tb, err)
		ok(tb, s.KeepModel(tb.Context(), card, now.Add(time.Duration(i)*time.Second)))
	}
	return y
}

// fill writes the cases past the store, which would take its time for each.
func (y *year) fill(tb testing.TB, path string, cases int) {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	ok(tb, err)
	defer db.Close()
	tx, err := db.Begin()
	ok(tb, err)
	insert, err := tx.Prepare(`
		INSERT INTO cases (id, sender, event, platform, status, created, deadline, settled, delivered, address, source,
			assessment, label, model, refused, agrees, judged, promised)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $7, x'00', x'00', $8, $9, $10, $11, $12, $13, $6)`)
	ok(tb, err)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range cases {
		c := draw(r, i, cases)
		var assessment, label, model, agrees, judged any
		refused := 0
		if c.assessment != nil {
			text, err := json.Marshal(c.assessment)
			ok(tb, err)
			assessment, label, model = string(text), string(c.assessment.Label), c.assessment.Model
			if c.assessment.Refused() {
				refused = 1
			}
		}
		if c.up != nil {
			agrees, judged = 0, c.created.Add(time.Minute).UnixMilli()
			if *c.up {
				agrees = 1
			}
		}
		name := fmt.Sprintf("%026d", i)
		_, err := insert.Exec(name, []byte(name), []byte(name), c.platform, string(c.status), c.created.UnixMilli(),
			c.created.Add(c.took).UnixMilli(), assessment, label, model, refused, agrees, judged)
		ok(tb, err)
		y.total.count(c)
		for days, span := range map[int]*tallied{30: &y.ofMonth, 7: &y.ofWeek} {
			if since := now.Truncate(24*time.Hour).AddDate(0, 0, 1-days); !c.created.Before(since) {
				span.count(c)
			}
		}
	}
	ok(tb, tx.Commit())
}

func (y *tallied) count(c drawn) {
	if y.Platforms == nil {
		y.Platforms, y.Outcomes, y.Refusals = map[string]int{}, map[string]int{}, map[deepskin.Problem]int{}
		y.Down, y.Up = map[string]int{}, map[string]int{}
	}
	y.Photos++
	y.Platforms[c.platform]++
	if c.assessment == nil {
		y.Outcomes[string(c.status)]++
		return
	}
	y.Times = append(y.Times, c.took)
	label := string(c.assessment.Label)
	for _, p := range c.assessment.Problems {
		label = "refused"
		y.Refusals[p]++
	}
	y.Outcomes[label]++
	if c.up != nil {
		if *c.up {
			y.Up[c.assessment.Model]++
		} else {
			y.Down[c.assessment.Model]++
		}
	}
}

// A drawn case is one that chance made.
type drawn struct {
	platform   string
	status     deepskin.Status
	created    time.Time
	took       time.Duration
	assessment *deepskin.Assessment
	up         *bool
}

func draw(r *rand.Rand, i, cases int) drawn {
	// Evenly spread numbers, bent so that there are twice as many at the end; each day busier at noon.
	share := (math.Sqrt(1+3*(float64(i)+r.Float64())/float64(cases)) - 1)
	begin := now.AddDate(0, 0, -364).Truncate(24 * time.Hour)
	at := begin.Add(time.Duration(share * float64(now.Sub(begin))))
	if day := at.Weekday(); (day == time.Saturday || day == time.Sunday) && r.Float64() < 0.5 {
		at = at.AddDate(0, 0, -2)
	}
	if at.Before(begin) {
		at = begin
	}
	c := drawn{created: at, status: deepskin.Answered, platform: pick(r, "telegram", 0.55, "discord", 0.25, "web")}
	c.took = time.Duration(math.Exp(math.Log(1800)+0.45*r.NormFloat64())) * time.Millisecond
	switch v := r.Float64(); {
	case v < 0.004:
		c.status = deepskin.Failed
		return c
	case v < 0.03:
		c.status = deepskin.Expired
		return c
	}
	model := firstModel
	if share > 0.6 {
		model = secondModel
	}
	late := max(0, 30-now.Sub(at).Hours()/24) / 30 // 0, growing to 1 over the last month
	a := assess(r, model, late)
	c.assessment = &a
	if r.Float64() < 0.12 && !a.Refused() {
		c.up = new(r.Float64() > map[string]float64{firstModel: 0.21, secondModel: 0.15}[model])
	}
	return c
}

// assess makes an assessment of a photo, darker and blurrier the later it is (0 to 1).
func assess(r *rand.Rand, model string, late float64) deepskin.Assessment {
	a := deepskin.Assessment{Label: deepskin.Benign, Model: model, Kind: deepskin.Phone, Problems: []deepskin.Problem{}, Millis: 30}
	a.PhoneProbability = logistic(5 + r.NormFloat64())
	if r.Float64() < 0.35 {
		a.Kind, a.PhoneProbability = deepskin.Dermoscopy, logistic(-6+1.5*r.NormFloat64())
	}
	a.Malignancy = logistic(-2.6 + 1.7*r.NormFloat64())
	switch {
	case a.Malignancy >= 0.26:
		a.Label = deepskin.Malignant
	case a.Malignancy > 0.22:
		a.Label = deepskin.Inconclusive
	}
	a.Confidence = max(a.Malignancy, 1-a.Malignancy)
	a.OOD = -7 + 2*r.NormFloat64()
	side := 0.2 + 0.25*r.Float64()
	a.Lesion = &deepskin.Box{Left: 0.5 - side, Top: 0.5 - side, Right: 0.5 + side, Bottom: 0.5 + side}
	a.Quality = &deepskin.Quality{
		Side: 720 + r.IntN(2000), Brightness: 148 - 35*late + 22*r.NormFloat64(), BurntOut: 0.01 * r.Float64(),
		Sharpness: math.Exp(4.2 - 0.8*late + 0.8*r.NormFloat64()),
	}
	values := make([]float32, 49)
	for i := range values {
		values[i] = r.Float32()
	}
	a.Grid = &deepskin.Grid{Rows: 7, Columns: 7, Values: values}
	for _, p := range []struct {
		problem deepskin.Problem
		odds    float64
	}{{deepskin.TooSmall, 0.004}, {deepskin.TooDark, 0.01 + 0.02*late}, {deepskin.Blurred, 0.02 + 0.06*late}, {deepskin.NotALesion, 0.035}} {
		if r.Float64() < p.odds {
			a.Label, a.Problems = deepskin.Inconclusive, append(a.Problems, p.problem)
		}
	}
	return a
}

// cardOf is the card of a model whose test set has what assess makes early in the year.
func cardOf(version string) watch.Card {
	c := watch.Card{
		Version: version, Licence: "CC BY-NC 4.0",
		Thresholds: map[deepskin.Kind]float64{deepskin.Dermoscopy: 0.109, deepskin.Phone: 0.261},
		Measured:   map[string]watch.Measured{},
		Figures: map[string]map[string][3]float64{
			"dermoscopy": {"malignant_auc": {0.930, 0.909, 0.948}, "sensitivity": {0.918, 0.872, 0.954}, "specificity": {0.735, 0.702, 0.768}, "refused": {0.001, 0, 0.004}},
			"phone":      {"malignant_auc": {0.894, 0.825, 0.951}, "sensitivity": {0.96, 0.91, 0.99}, "specificity": {0.42, 0.25, 0.6}, "refused": {0.039, 0.01, 0.08}},
			"not_skin":   {"refused": {0.995, 0.988, 1}},
		},
	}
	r := rand.New(rand.NewPCG(3, 4))
	for kind, photos := range map[deepskin.Kind]int{deepskin.Dermoscopy: 1448, deepskin.Phone: 400} {
		m := watch.Measured{Distributions: map[string]watch.Histogram{}}
		for n := 0; n < photos; {
			if a := assess(r, version, 0); a.Kind == kind {
				watch.Measure(m.Distributions, a)
				n++
			}
		}
		for i := 0; i <= 40; i++ {
			x := float64(i) / 40
			m.ROC = append(m.ROC, [2]float64{x, math.Pow(x, 0.12)})
		}
		for i := range 15 {
			stated := math.Pow(float64(i+1)/15, 2)
			m.Reliability = append(m.Reliability, watch.Bin{
				Photos: photos / 15, Stated: stated, Observed: stated * 0.95, Low: stated * 0.85, High: min(1, stated*1.05+0.03),
			})
		}
		c.Measured[string(kind)] = m
	}
	return c
}

func logistic(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// pick returns one of three words: the first two with their odds, else the last.
func pick(r *rand.Rand, a string, oddsA float64, b string, oddsB float64, c string) string {
	switch v := r.Float64(); {
	case v < oddsA:
		return a
	case v < oddsA+oddsB:
		return b
	}
	return c
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func keys() store.Keys {
	return store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
}
