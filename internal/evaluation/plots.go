package evaluation

import (
	"fmt"
	"slices"
	"strings"
)

// Where a square plot's area lies in its picture of 312 by 306 units; a unit is about a pixel.
const (
	plotLeft = 44
	plotTop  = 8
	plotSide = 256
)

// A plot is a square diagram of two quantities from 0 to 1.
type plot struct {
	Name, Caption, X, Y string
	Ticks               []tick
	Lines               []line
	Dots                []dot
}

// A tick is a place on both axes.
type tick struct {
	Label string
	X, Y  float64
}

// A line is a polyline of a style.
type line struct{ Class, Points string }

// A dot is a value with a whisker from Low to High, all in units of the picture.
type dot struct {
	X, Y, Low, High float64
	Title           string
}

func across(v float64) float64 { return plotLeft + plotSide*v }
func up(v float64) float64     { return plotTop + plotSide*(1-v) }

func newPlot(name, caption, x, y string) plot {
	p := plot{Name: name, Caption: caption, X: x, Y: y}
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		p.Ticks = append(p.Ticks, tick{number(v), across(v), up(v)})
	}
	return p
}

func (p *plot) draw(class string, points ...Point) {
	var path strings.Builder
	for _, point := range points {
		fmt.Fprintf(&path, "%.1f,%.1f ", across(point.X), up(point.Y))
	}
	p.Lines = append(p.Lines, line{class, path.String()})
}

// mark shows a point without a whisker.
func (p *plot) mark(at Point, title string) {
	p.Dots = append(p.Dots, dot{across(at.X), up(at.Y), up(at.Y), up(at.Y), title})
}

// plots returns the diagrams that the data allow.
func (r *Report) plots() []plot {
	var plots []plot
	sensitivity, positives := r.Figure("sensitivity")
	specificity, negatives := r.Figure("specificity")
	precision, calls := r.Figure("precision")
	if r.ROC != nil {
		p := newPlot("ROC curve", "The dot is the label, without refused photos.", "1 - specificity", "sensitivity")
		p.draw("guide", Point{0, 0}, Point{1, 1})
		p.draw("curve", r.ROC...)
		if positives && negatives {
			p.mark(Point{1 - specificity.Value, sensitivity.Value}, "the label")
		}
		plots = append(plots, p)
	}
	if r.PrecisionRecall != nil {
		p := newPlot("Precision and recall", "The dashed line is the share of malignant photos, which guessing reaches.", "recall (sensitivity)", "precision")
		share := ratio(r.Data.Malignant, r.Data.Photos)
		p.draw("guide", Point{0, share}, Point{1, share})
		p.draw("curve", r.PrecisionRecall...)
		if positives && calls {
			p.mark(Point{sensitivity.Value, precision.Value}, "the label")
		}
		plots = append(plots, p)
	}
	if r.Reliability != nil {
		p := newPlot("Reliability", "Each dot is a fifteenth of the photos, with Wilson's 95 % interval; on the dashed line the malignancy means what it says.", "malignancy, as stated", "share that was malignant")
		p.draw("guide", Point{0, 0}, Point{1, 1})
		for _, b := range r.Reliability {
			p.Dots = append(p.Dots, dot{
				across(b.Stated), up(b.Observed), up(b.Low), up(b.High),
				fmt.Sprintf("stated %.3f, observed %.3f, %d photos", b.Stated, b.Observed, b.Photos),
			})
		}
		plots = append(plots, p)
	}
	return plots
}

// A histogramPlot compares how photos of two classes spread, 312 by 140 units.
type histogramPlot struct {
	Name, X string
	// First and Second name the classes.
	First, Second string
	Columns       []histogramColumn
	Ticks         []tick
	// Most is the share that the highest column stands for.
	Most float64
}

// A histogramColumn is a pair of bars, each the share of its class.
type histogramColumn struct {
	Width         float64
	First, Second bar
	Title         string
}

// A bar is a rectangle, but for its width.
type bar struct{ X, Y, Height float64 }

// histogramHeight is that of the tallest column.
const histogramHeight = 96

// histograms returns those that the data allow.
func (r *Report) histograms() []histogramPlot {
	plots := []histogramPlot{
		{Name: "Malignancy, as stated", X: "malignancy", First: "benign", Second: "malignant"},
		{Name: "Kind of photo", X: "probability of a phone photo", First: "dermoscopy", Second: "phone"},
	}
	plots[0].draw(r.Malignancies)
	plots[1].draw(r.Kinds)
	return slices.DeleteFunc(plots, func(p histogramPlot) bool { return p.Columns == nil })
}

// draw adds the columns, unless there are no photos.
func (p *histogramPlot) draw(h Histogram) {
	first, second := 0, 0
	for i := range h.First {
		first, second = first+h.First[i], second+h.Second[i]
	}
	shares := func(i int) (ofFirst, ofSecond float64) {
		return ratio(h.First[i], max(first, 1)), ratio(h.Second[i], max(second, 1))
	}
	for i := range h.First {
		p.Most = max(p.Most, max(shares(i)))
	}
	if p.Most == 0 {
		return
	}
	p.Ticks = newPlot("", "", "", "").Ticks
	bins := float64(len(h.First))
	width := plotSide/bins/2 - 1
	for i := range h.First {
		place := func(x, share float64) bar {
			height := histogramHeight * share / p.Most
			return bar{x, plotTop + histogramHeight - height, height}
		}
		left := across(float64(i)/bins) + 1
		ofFirst, ofSecond := shares(i)
		p.Columns = append(p.Columns, histogramColumn{
			Width: width, First: place(left, ofFirst), Second: place(left+width, ofSecond),
			Title: fmt.Sprintf("%.2f to %.2f: %d %s, %d %s",
				float64(i)/bins, float64(i+1)/bins, h.First[i], p.First, h.Second[i], p.Second),
		})
	}
}
