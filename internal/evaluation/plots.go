package evaluation

import (
	"fmt"
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

// A histogramPlot compares how benign and malignant photos spread, 312 by 140 units.
type histogramPlot struct {
	Columns []histogramColumn
	Ticks   []tick
	// Most is the share that the highest column stands for.
	Most float64
}

// A histogramColumn is a pair of bars, each the share of its kind.
type histogramColumn struct {
	Width                  float64
	BenignX, BenignY       float64
	BenignHeight           float64
	MalignantX, MalignantY float64
	MalignantHeight        float64
	Title                  string
}

// histogramHeight is that of the tallest column.
const histogramHeight = 96

func newHistogramPlot(h Histogram) histogramPlot {
	benign, malignant := 0, 0
	for i := range h.Benign {
		benign, malignant = benign+h.Benign[i], malignant+h.Malignant[i]
	}
	p := histogramPlot{Ticks: newPlot("", "", "", "").Ticks}
	for i := range h.Benign {
		p.Most = max(p.Most, ratio(h.Benign[i], max(benign, 1)), ratio(h.Malignant[i], max(malignant, 1)))
	}
	if p.Most == 0 {
		return p
	}
	width := 1 / float64(len(h.Benign))
	for i := range h.Benign {
		ofBenign := histogramHeight * ratio(h.Benign[i], max(benign, 1)) / p.Most
		ofMalignant := histogramHeight * ratio(h.Malignant[i], max(malignant, 1)) / p.Most
		left, bar, foot := across(float64(i)*width)+1, plotSide*width/2-1, float64(plotTop+histogramHeight)
		p.Columns = append(p.Columns, histogramColumn{
			Width:   bar,
			BenignX: left, BenignY: foot - ofBenign, BenignHeight: ofBenign,
			MalignantX: left + bar, MalignantY: foot - ofMalignant, MalignantHeight: ofMalignant,
			Title: fmt.Sprintf("%.2f to %.2f: %d benign, %d malignant",
				float64(i)*width, float64(i+1)*width, h.Benign[i], h.Malignant[i]),
		})
	}
	return p
}
