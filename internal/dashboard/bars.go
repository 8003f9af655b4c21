package dashboard

import "fmt"

// Where the bars of a list lie in its picture, 380 units wide.
const (
	barsLeft  = 150
	barsWidth = 160
	barsRow   = 26
)

// Bars compare numbers by their lengths, or rates with intervals.
type bars struct {
	Title, Note string
	Height      int
	Rows        []barRow
	Ticks       []tick
	Table       table
}

type barRow struct {
	Label, Value, Title string
	Y                   int
	// Length is that of the bar; or X, Low and High are where a rate and its interval lie.
	Length       float64
	Rate         bool
	X, Low, High float64
}

func (b *bars) add(row barRow) {
	row.Label = shorten(row.Label)
	row.Y = barsRow*len(b.Rows) + barsRow/2
	b.Rows = append(b.Rows, row)
	b.Height = barsRow*len(b.Rows) + 20
}

// Foot is where the rows end.
func (b *bars) Foot() int { return barsRow * len(b.Rows) }

// rates adds an axis from 0 to 1.
func (b *bars) rates() {
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		b.Ticks = append(b.Ticks, tick{At: barsLeft + barsWidth*v, Label: fmt.Sprintf("%.0f%%", 100*v)})
	}
}

// shorten leaves out the middle of what would run into the bars.
func shorten(label string) string {
	const most = 22
	if letters := []rune(label); len(letters) > most {
		return string(letters[:most/2]) + "…" + string(letters[len(letters)-most/2+1:])
	}
	return label
}
