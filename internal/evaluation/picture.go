package evaluation

import (
	"bytes"
	"fmt"
	"html/template"

	"deepskin/internal/watch"
)

// PlotROC draws a ROC curve, as Report.Curve has it, and the point of the labels, for a page with the
// classes of the report's style.
func PlotROC(curve [][2]float64, sensitivity, specificity float64) template.HTML {
	r := Report{Figures: []Figure{{Name: "sensitivity", Value: sensitivity}, {Name: "specificity", Value: specificity}}}
	for _, p := range curve {
		r.ROC = append(r.ROC, Point{p[0], p[1]})
	}
	return r.picture()
}

// PlotReliability draws what was stated against what was observed, as PlotROC does.
func PlotReliability(bins []watch.Bin) template.HTML {
	var r Report
	for _, b := range bins {
		r.Reliability = append(r.Reliability, Bin(b))
	}
	return r.picture()
}

// picture draws the plots that the report's data allow.
func (r *Report) picture() template.HTML {
	var out bytes.Buffer
	for _, p := range r.plots() {
		if err := page.ExecuteTemplate(&out, "plot", p); err != nil {
			panic(fmt.Sprintf("draw a plot: %v", err)) // the template depends on nothing else
		}
	}
	return template.HTML(out.String()) //nolint:gosec // a template escaped what is in it
}
