package evaluation

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"deepskin"
)

//go:embed report.html
var pageSource string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"signed":  func(v float64) string { return strings.ReplaceAll(fmt.Sprintf("%+.3f", v), "-", "−") },
	"verdict": Outcome.verdict,
	"three":   func(v float64) string { return fmt.Sprintf("%.3f", v) },
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	"whole":   func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
}).Parse(pageSource))

// A view is what the page shows, ready to be laid out.
type view struct {
	*Report
	Summary, Note string
	Figures       []figureRow
	Plots         []plot
	Histograms    []histogramPlot
	Confusion     []confusionRow
	Forests       []forest
	// Differences are empty unless the model was compared with another one.
	Differences []forest
	Refusals    []refusalRow
}

// A figureRow is a figure with its bars; without a figure, its bars alone.
type figureRow struct {
	Title  string
	Figure *Figure
	// Difference is nil where there is none.
	Difference *Difference
	Bars       []barView
}

type barView struct {
	Limit, Verdict string
	Met            bool
}

type confusionRow struct {
	Truth deepskin.Diagnosis
	Cells []confusionCell
	// Right is the share of the row's photos that were named rightly.
	Right string
}

type confusionCell struct {
	Count int
	// Share is that of the row's photos, 0 to 1; zero in an empty row.
	Share   float64
	Deep    bool // dark enough to need another colour of text
	Correct bool
}

type refusalRow struct {
	Problem deepskin.Problem
	Photos  int
	// Share is that of all photos, 0 to 1.
	Share float64
}

// WriteHTML writes the report as one page that needs no other file.
func (r *Report) WriteHTML(w io.Writer) error {
	v := view{
		Report: r, Summary: r.summary(), Note: r.note(), Figures: r.figureRows(), Plots: r.plots(),
		Histograms: r.histograms(), Confusion: r.confusionRows(), Forests: r.forests(),
		Differences: r.differenceForests(),
	}
	for _, problem := range r.problems() {
		v.Refusals = append(v.Refusals, refusalRow{problem, r.Refusals[problem], ratio(r.Refusals[problem], r.Data.Photos)})
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("lay out the report's page: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the report's page: %w", err)
	}
	return nil
}

func (r *Report) figureRows() []figureRow {
	var rows []figureRow
	for _, t := range titles {
		row := figureRow{Title: t.title}
		if f, ok := r.Figure(t.name); ok {
			row.Figure = &f
		}
		if r.Against != nil {
			if d, ok := r.Against.Difference(t.name); ok {
				row.Difference = &d
			}
		}
		for _, bar := range r.barsOf(t.name) {
			row.Bars = append(row.Bars, barView{bar.limit(), bar.verdict(), bar.Met})
		}
		if row.Figure != nil || row.Bars != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

func (r *Report) confusionRows() []confusionRow {
	if r.Confusion == nil {
		return nil
	}
	var rows []confusionRow
	for i, counts := range r.Confusion.Counts {
		photos := 0
		for _, n := range counts {
			photos += n
		}
		row := confusionRow{Truth: r.Confusion.Diagnoses[i], Right: percentOf(counts[i], photos)}
		for j, n := range counts {
			share := ratio(n, max(photos, 1))
			row.Cells = append(row.Cells, confusionCell{n, share, share > 0.55, i == j})
		}
		rows = append(rows, row)
	}
	return rows
}
