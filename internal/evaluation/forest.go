package evaluation

import (
	"fmt"
	"math"
)

// Where a forest plot's area lies in its picture, 320 units wide.
const (
	forestLeft  = 116
	forestWidth = 158
	forestRow   = 19
)

// A forest compares one figure between groups.
type forest struct {
	Title  string
	Height int
	// Foot is where the rows end and the axis lies.
	Foot  int
	Ticks []tick
	Rows  []forestRowView
	// Overall is where the figure of all photos lies.
	Overall float64
}

// A forestRowView is a group, or, without a value, the heading of a column's groups.
type forestRowView struct {
	Label, Title string
	Heading      bool
	Y            int
	X, Low, High float64
	Value        string
}

// forests returns a plot for each figure that is known of at least one group.
func (r *Report) forests() []forest {
	var forests []forest
	for _, name := range groupFigures {
		low, high, found := r.rangeOf(name)
		overall, ok := r.Figure(name)
		if !found || !ok {
			continue
		}
		low, high = min(low, math.Floor(overall.Value*10)/10), max(high, math.Ceil(overall.Value*10)/10)
		place := func(v float64) float64 { return forestLeft + forestWidth*(v-low)/(high-low) }
		f := forest{Title: overall.Title, Rows: r.forestRows(name, place), Overall: place(overall.Value)}
		f.Foot = forestRow*len(f.Rows) + 4
		f.Height = f.Foot + 22
		for _, v := range []float64{low, (low + high) / 2, high} {
			f.Ticks = append(f.Ticks, tick{Label: fmt.Sprintf("%.2f", v), X: place(v)})
		}
		forests = append(forests, f)
	}
	return forests
}

// rangeOf returns the tenths between which all intervals of a figure lie.
func (r *Report) rangeOf(name string) (low, high float64, found bool) {
	low, high = 1, 0
	for _, g := range r.Groups {
		if f, ok := g.Figure(name); ok {
			low, high, found = min(low, math.Floor(f.Low*10)/10), max(high, math.Ceil(f.High*10)/10), true
		}
	}
	return low, max(high, low+0.1), found
}

func (r *Report) forestRows(name string, place func(float64) float64) []forestRowView {
	var rows []forestRowView
	column := ""
	add := func(row forestRowView) {
		row.Y = forestRow*len(rows) + forestRow/2 + 2
		rows = append(rows, row)
	}
	for _, g := range r.Groups {
		f, ok := g.Figure(name)
		if !ok {
			continue
		}
		if g.Column != column {
			column = g.Column
			add(forestRowView{Label: column, Heading: true})
		}
		add(forestRowView{
			Label: shorten(g.Value), X: place(f.Value), Low: place(f.Low), High: place(f.High),
			Value: fmt.Sprintf("%.2f", f.Value),
			Title: fmt.Sprintf("%s: %.3f, %.3f to %.3f, from %d photos", g.Value, f.Value, f.Low, f.High, f.Photos),
		})
	}
	return rows
}

// shorten cuts what would run into the plot.
func shorten(label string) string {
	const most = 17
	if letters := []rune(label); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return label
}
