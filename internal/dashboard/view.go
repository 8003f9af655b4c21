package dashboard

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"deepskin"
	"deepskin/internal/evaluation"
	"deepskin/internal/watch"
)

// A view is what the page shows, ready to be laid out.
type view struct {
	Ranges []rangeLink
	Since  string
	Tiles  []tile
	// Charts, Refusals and Thumbs are nil where there is nothing to show.
	Charts   []chart
	Refusals *bars
	Thumbs   *bars
	Drift    driftView
	Card     *cardView
}

type rangeLink struct {
	Days    int
	Current bool
}

// A tile is one number.
type tile struct{ Name, Value, Note string }

// weekly is the span, in days, from which the charts are by week.
const weekly = 120

func (f *findings) view() view {
	v := view{Since: beginning(f.now, f.span).Format("2 January 2006"), Tiles: f.tiles(), Drift: f.drift()}
	for _, days := range ranges {
		v.Ranges = append(v.Ranges, rangeLink{days, days == f.span})
	}
	if len(f.days) > 0 {
		v.Charts = f.charts()
		v.Refusals = f.refusals()
	}
	v.Thumbs = f.thumbsDown()
	v.Card = f.cardView()
	return v
}

func (f *findings) tiles() []tile {
	known := func(n *int) string {
		if n == nil {
			return "unknown"
		}
		return strconv.Itoa(*n)
	}
	photos, refused := f.total.Photos(), f.total.Outcomes[watch.Refused]
	looked := refused
	for _, label := range []deepskin.Label{deepskin.Benign, deepskin.Malignant, deepskin.Inconclusive} {
		looked += f.total.Outcomes[string(label)]
	}
	times := f.total.Times
	tiles := []tile{
		{"Photos", group(photos), fmt.Sprintf("%s failed", group(f.total.Outcomes[string(deepskin.Failed)]))},
		{"Refused", percent(refused, looked), "of those looked at"},
		{"Half answered within", duration(times.Percentile(0.5)), "99% within " + duration(times.Percentile(0.99))},
		{"In the queue", known(f.jobs), workers(f.workers)},
		{"Reviews that wait", group(f.reviews), "for the team's votes"},
	}
	kappa := tile{"Reviewers agree", "–", "no photo has two votes"}
	if f.agreement.Pairs > 0 {
		kappa.Value = percent(int(f.agreement.Observed*float64(f.agreement.Pairs)+0.5), f.agreement.Pairs)
		kappa.Note = fmt.Sprintf("of %d pairs; kappa %.2f", f.agreement.Pairs, f.agreement.Kappa)
	}
	return append(tiles, kappa)
}

func workers(n *int) string {
	switch {
	case n == nil:
		return "Redis does not answer"
	case *n == 1:
		return "1 worker lives"
	}
	return fmt.Sprintf("%d workers live", *n)
}

// buckets puts the days together by day or by week, oldest first, without leaving any out.
func (f *findings) buckets() ([]bucket, []watch.Day) {
	first, step, what := beginning(f.now, f.span), 1, ""
	if f.span >= weekly {
		step, what = 7, "week of "
		first = first.AddDate(0, 0, (f.span-1)%7+1-7) // so that the last one ends today
	}
	n := (f.span + step - 1) / step
	buckets, days := make([]bucket, n), make([]watch.Day, n)
	for i := range buckets {
		date := first.AddDate(0, 0, i*step)
		buckets[i] = bucket{what + date.Format("2 January 2006"), date.Format("2 Jan")}
	}
	for _, day := range f.days {
		i := int(day.Date.Sub(first)/(24*time.Hour)) / step
		days[min(max(i, 0), n-1)].Add(day)
	}
	return buckets, days
}

func (f *findings) charts() []chart {
	buckets, days := f.buckets()
	per := "day"
	if f.span >= weekly {
		per = "week"
	}
	platforms := slices.Sorted(maps.Keys(f.total.Platforms))
	photos := chart{Title: "Photos per " + per}
	stack(&photos, platforms, buckets, table2(days, platforms, func(d watch.Day) map[string]int { return d.Platforms }), false)
	outcomes := append(slices.Clone(watch.Labels), string(deepskin.Failed), string(deepskin.Expired))
	labels := chart{Title: "What became of them", Note: "Refused: could not be judged. Failed: apologised for. Expired: had no consent."}
	stack(&labels, outcomes, buckets, table2(days, outcomes, func(d watch.Day) map[string]int { return d.Outcomes }), true)
	times := chart{Title: "Time to the answer", Note: "From the photo, or the consent, to the delivery. The scale is logarithmic."}
	values := make([][]float64, len(days))
	for i, d := range days {
		if d.Times.Total() > 0 {
			for _, share := range []float64{0.5, 0.95, 0.99} {
				values[i] = append(values[i], d.Times.Percentile(share).Seconds())
			}
		}
	}
	logarithmic(&times, []string{"half (p50)", "95% (p95)", "99% (p99)"}, buckets, values)
	return []chart{photos, labels, times}
}

// table2 has the counts of each day in the order of the keys.
func table2(days []watch.Day, keys []string, of func(watch.Day) map[string]int) [][]int {
	counts := make([][]int, len(days))
	for i, d := range days {
		for _, key := range keys {
			counts[i] = append(counts[i], of(d)[key])
		}
	}
	return counts
}

func (f *findings) refusals() *bars {
	if len(f.total.Refusals) == 0 {
		return nil
	}
	b := &bars{
		Title: "Why photos were refused", Note: "A photo may have several reasons.",
		Table: table{Head: []string{"reason", "photos"}},
	}
	reasons := slices.SortedFunc(maps.Keys(f.total.Refusals), func(x, y deepskin.Problem) int {
		if n := f.total.Refusals[y] - f.total.Refusals[x]; n != 0 {
			return n
		}
		return strings.Compare(string(x), string(y))
	})
	for _, reason := range reasons {
		n, name := f.total.Refusals[reason], strings.ReplaceAll(string(reason), "_", " ")
		b.add(barRow{
			Label: name, Value: group(n), Title: fmt.Sprintf("%s: %d", name, n),
			Length: barsWidth * float64(n) / float64(f.total.Refusals[reasons[0]]),
		})
		b.Table.Rows = append(b.Table.Rows, []string{name, group(n)})
	}
	return b
}

// versions are the verdicts on all models of which there is something to tell, in order.
func (f *findings) versions() []watch.Thumbs {
	all := map[string]watch.Thumbs{}
	for version := range f.total.Features {
		all[version] = watch.Thumbs{Version: version}
	}
	if f.card.Version != "" {
		all[f.card.Version] = watch.Thumbs{Version: f.card.Version}
	}
	for _, t := range f.thumbs {
		all[t.Version] = t
	}
	var thumbs []watch.Thumbs
	for _, version := range slices.Sorted(maps.Keys(all)) {
		thumbs = append(thumbs, all[version])
	}
	return thumbs
}

func (f *findings) thumbsDown() *bars {
	b := &bars{
		Title: "Thumbs down, by model", Note: "Share of the verdicts, with Wilson's 95% interval. People who disagree say so more often than others.",
		Table: table{Head: []string{"model", "thumbs down", "verdicts", "share", "95% interval"}},
	}
	for _, t := range f.versions() {
		all := t.Up + t.Down
		if all == 0 {
			continue
		}
		low, high := evaluation.Wilson(t.Down, all)
		share := float64(t.Down) / float64(all)
		interval := fmt.Sprintf("%.1f%% to %.1f%%", 100*low, 100*high)
		b.add(barRow{
			Label: t.Version, Value: percent(t.Down, all), Rate: true,
			X: barsLeft + barsWidth*share, Low: barsLeft + barsWidth*low, High: barsLeft + barsWidth*high,
			Title: fmt.Sprintf("%s: %d of %d, %s", t.Version, t.Down, all, interval),
		})
		b.Table.Rows = append(b.Table.Rows, []string{t.Version, group(t.Down), group(all), percent(t.Down, all), interval})
	}
	if len(b.Rows) == 0 {
		return nil
	}
	b.rates()
	return b
}

// group writes a number with its thousands apart.
func group(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

func duration(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return seconds(d.Seconds())
}

// A driftView compares the photos with the reference.
type driftView struct {
	Version string
	// Own is until when the service's own first days are the reference; empty where it is the test set's.
	Own string
	// None says that there is no reference.
	None  bool
	Kinds []kindDrift
}

type kindDrift struct {
	Kind              deepskin.Kind
	Photos, Reference string
	// Few says that there are too few photos to tell.
	Few    bool
	Shifts []shiftRow
}

type shiftRow struct {
	Title, PSI, Chance string
	// Length is that of the bar, and Level how bad it is: stable, moderate or major.
	Length float64
	Level  string
}

// Where the bars of a drift's table end, in units, and what index that is.
const (
	driftWidth = 120
	driftMost  = 0.5
)

func (f *findings) drift() driftView {
	v := driftView{Version: f.card.Version, None: len(f.reference.kinds) == 0}
	if f.reference.own && !v.None {
		v.Own = f.reference.until.Format("2 January 2006")
	}
	for _, kind := range kinds {
		photos := f.total.Features[f.card.Version][kind]["label"].Total()
		k := kindDrift{
			Kind: kind, Photos: group(photos), Few: true,
			Reference: group(f.reference.kinds[kind]["label"].Total()),
		}
		for _, s := range f.shifts(kind) {
			row := shiftRow{Title: s.Title, PSI: "–", Chance: "–", Level: "too few photos"}
			if s.known {
				k.Few = false
				row = shiftRow{
					Title: s.Title, PSI: fmt.Sprintf("%.3f", s.PSI), Chance: fmt.Sprintf("%.3f", s.Chance),
					Length: driftWidth * min(s.PSI/driftMost, 1), Level: level(s.PSI),
				}
			}
			k.Shifts = append(k.Shifts, row)
		}
		v.Kinds = append(v.Kinds, k)
	}
	return v
}

func level(psi float64) string {
	switch {
	case psi >= watch.Major:
		return "major"
	case psi >= watch.Moderate:
		return "moderate"
	}
	return "stable"
}

// A cardView is the model's card.
type cardView struct {
	Version, Licence string
	Sets             []setView
}

// A setView is what was measured on one set of photos.
type setView struct {
	Name      string
	Threshold string
	Figures   []figureRow
	// Plots are those that the card allows.
	Plots []plot
}

// A plot is a curve's picture, with its numbers.
type plot struct {
	Picture template.HTML
	Table   table
}

type figureRow struct{ Title, Value, Interval string }

// shown are the figures of the card that the dashboard shows.
var shown = []struct{ name, title string }{
	{"malignant_auc", "AUC, malignant against benign"},
	{"sensitivity", "Sensitivity"},
	{"specificity", "Specificity"},
	{"balanced_accuracy", "Balanced accuracy, seven diagnoses"},
	{"calibration_error", "Calibration error"},
	{"refused", "Refused"},
}

// sets name what a card's sets of photos are.
var sets = []struct{ name, title string }{
	{"dermoscopy", "Dermoscopy"}, {"phone", "Phone photos"}, {"not_skin", "Everyday photos"},
}

func (f *findings) cardView() *cardView {
	if f.card.Version == "" {
		return nil
	}
	v := &cardView{Version: f.card.Version, Licence: f.card.Licence}
	for _, set := range sets {
		figures, ok := f.card.Figures[set.name]
		if !ok {
			continue
		}
		s := setView{Name: set.title}
		if t, ok := f.card.Thresholds[deepskin.Kind(set.name)]; ok {
			s.Threshold = fmt.Sprintf("%.3f", t)
		}
		for _, row := range shown {
			if v, ok := figures[row.name]; ok {
				s.Figures = append(s.Figures, figureRow{
					row.title, fmt.Sprintf("%.3f", v[0]), fmt.Sprintf("%.3f to %.3f", v[1], v[2]),
				})
			}
		}
		measured := f.card.Measured[set.name]
		if len(measured.ROC) > 0 {
			picture := evaluation.PlotROC(measured.ROC, figures["sensitivity"][0], figures["specificity"][0])
			s.Plots = append(s.Plots, plot{picture, rocTable(measured.ROC)})
		}
		if len(measured.Reliability) > 0 {
			s.Plots = append(s.Plots, plot{evaluation.PlotReliability(measured.Reliability), reliabilityTable(measured.Reliability)})
		}
		v.Sets = append(v.Sets, s)
	}
	return v
}

// rocTable has the least share of false alarms for each tenth of sensitivity.
func rocTable(curve [][2]float64) table {
	t := table{Head: []string{"sensitivity", "1 - specificity"}}
	next := 0.1
	for _, p := range curve {
		for ; next < 1.05 && p[1] >= next-1e-9; next += 0.1 {
			t.Rows = append(t.Rows, []string{fmt.Sprintf("%.1f", next), fmt.Sprintf("%.3f", p[0])})
		}
	}
	return t
}

func reliabilityTable(bins []watch.Bin) table {
	t := table{Head: []string{"stated", "observed", "95% interval", "photos"}}
	for _, b := range bins {
		t.Rows = append(t.Rows, []string{
			fmt.Sprintf("%.3f", b.Stated), fmt.Sprintf("%.3f", b.Observed),
			fmt.Sprintf("%.3f to %.3f", b.Low, b.High), strconv.Itoa(b.Photos),
		})
	}
	return t
}
