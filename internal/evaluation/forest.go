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

// A stripe is one group's line in a forest plot.
type stripe struct {
	column, value    string
	middle, low, end float64
	photos           int
}

// forests returns a plot for each figure that is known of at least one group.
func (r *Report) forests() []forest {
	var forests []forest
	for _, name := range groupFigures {
		var stripes []stripe
		for _, g := range r.Groups {
			if f, ok := g.Figure(name); ok {
				stripes = append(stripes, stripe{g.Column, g.Value, f.Value, f.Low, f.High, f.Photos})
			}
		}
		if overall, ok := r.Figure(name); ok && len(stripes) > 0 {
			forests = append(forests, drawForest(overall.Title, "", stripes, overall.Value))
		}
	}
	return forests
}

// differenceForests returns a plot for each figure whose difference is known of at least one group.
func (r *Report) differenceForests() []forest {
	if r.Against == nil {
		return nil
	}
	var forests []forest
	for _, name := range groupFigures {
		var stripes []stripe
		for _, g := range r.Against.Groups {
			if d, ok := g.Difference(name); ok {
				stripes = append(stripes, stripe{g.Column, g.Value, d.Value, d.Low, d.High, g.Photos})
			}
		}
		if len(stripes) > 0 {
			forests = append(forests, drawForest(titleOf(name), "+", stripes, 0))
		}
	}
	return forests
}

// drawForest draws the groups' lines, and a guide at one place. The sign is "+" where numbers are
// shown with theirs.
func drawForest(title, sign string, stripes []stripe, guide float64) forest {
	low, high := tenths(stripes, guide)
	place := func(v float64) float64 { return forestLeft + forestWidth*(v-low)/(high-low) }
	f := forest{Title: title, Rows: forestRows(sign, stripes, place), Overall: place(guide)}
	f.Foot = forestRow*len(f.Rows) + 4
	f.Height = f.Foot + 22
	for _, v := range []float64{low, (low + high) / 2, high} {
		f.Ticks = append(f.Ticks, tick{Label: fmt.Sprintf("%"+sign+".2f", v), X: place(v)})
	}
	return f
}

// tenths returns those between which all lines and the guide lie.
func tenths(stripes []stripe, guide float64) (low, high float64) {
	low, high = guide, guide
	for _, s := range stripes {
		low, high = min(low, s.low), max(high, s.end)
	}
	low, high = math.Floor(low*10)/10, math.Ceil(high*10)/10
	return low, max(high, low+0.1)
}

func forestRows(sign string, stripes []stripe, place func(float64) float64) []forestRowView {
	var rows []forestRowView
	column := ""
	add := func(row forestRowView) {
		row.Y = forestRow*len(rows) + forestRow/2 + 2
		rows = append(rows, row)
	}
	for _, s := range stripes {
		if s.column != column {
			column = s.column
			add(forestRowView{Label: column, Heading: true})
		}
		three := "%" + sign + ".3f"
		add(forestRowView{
			Label: shorten(s.value), X: place(s.middle), Low: place(s.low), High: place(s.end),
			Value: fmt.Sprintf("%"+sign+".2f", s.middle),
			Title: fmt.Sprintf("%s: "+three+", "+three+" to "+three+", from %d photos", s.value, s.middle, s.low, s.end, s.photos),
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
