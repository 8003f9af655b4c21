package dashboard

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Where a chart's area lies in its picture of 380 by 210 units; a unit is about a pixel.
const (
	areaLeft   = 46
	areaTop    = 8
	areaWidth  = 326
	areaHeight = 172
)

// A chart is a diagram over time, with all its numbers in a table for those who do not see it.
type chart struct {
	Title, Note string
	// Legend names the series, in the order of their classes s0, s1 and so on.
	Legend []key
	// Columns are stacked bars, Lines polylines; a chart has one or the other.
	Columns []rect
	Lines   []line
	Marks   []mark
	Across  []tick
	Up      []tick
	Table   table
}

type key struct{ Class, Name string }

type rect struct {
	Class               string
	X, Y, Width, Height float64
	Title               string
}

type line struct{ Class, Points string }

type mark struct {
	Class string
	X, Y  float64
	Title string
}

// A tick is a place on an axis.
type tick struct {
	At    float64
	Label string
	// Anchor is where the label stands: start, middle or end.
	Anchor string
}

// A table has a heading for each column; the first cell of a row is the row's own.
type table struct {
	Head []string
	Rows [][]string
}

// A bucket is a day, or a week where there are many days.
type bucket struct {
	// Name says when it was, Short is for an axis.
	Name, Short string
}

func class(i int) string { return "s" + strconv.Itoa(i%6) }

func legend(names []string) []key {
	var keys []key
	for i, name := range names {
		keys = append(keys, key{class(i), name})
	}
	return keys
}

// stack draws a column of counts for each bucket: counts has a row for each bucket, and in it a number
// for each of the series. Of shares, all columns are as high as the area.
func stack(c *chart, series []string, buckets []bucket, counts [][]int, shares bool) {
	c.Legend = legend(series)
	c.Table.Head = append([]string{"when"}, series...)
	most := 1.0
	for _, row := range counts {
		most = max(most, float64(sum(row)))
	}
	top, step := roundUp(most)
	for v := 0.0; v <= top && !shares; v += step {
		c.Up = append(c.Up, tick{At: upTo(v / top), Label: short(v)})
	}
	if shares {
		for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
			c.Up = append(c.Up, tick{At: upTo(v), Label: fmt.Sprintf("%.0f%%", 100*v)})
		}
	}
	width := areaWidth / float64(len(buckets))
	gap := min(2, width/5)
	for i, row := range counts {
		cells := []string{buckets[i].Name}
		whole := top
		if shares {
			whole = max(float64(sum(row)), 1)
		}
		height := 0.0
		for s, n := range row {
			cells = append(cells, strconv.Itoa(n))
			if n == 0 {
				continue
			}
			part := areaHeight * float64(n) / whole
			height += part
			c.Columns = append(c.Columns, rect{
				class(s), areaLeft + float64(i)*width + gap/2, areaTop + areaHeight - height, width - gap, part,
				fmt.Sprintf("%s, %s: %d", buckets[i].Name, series[s], n),
			})
		}
		c.Table.Rows = append(c.Table.Rows, cells)
	}
	c.Across = dates(buckets)
}

// logarithmic draws a line of seconds for each series over the buckets, on a logarithmic scale. Values has a row
// for each bucket; a row without values is left out.
func logarithmic(c *chart, series []string, buckets []bucket, values [][]float64) {
	c.Legend = legend(series)
	c.Table.Head = append([]string{"when"}, series...)
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range values {
		for _, v := range row {
			low, high = min(low, v), max(high, v)
		}
	}
	if math.IsInf(low, 1) {
		return
	}
	low, high = decade(low, math.Floor), decade(high*1.0001, math.Ceil)
	height := func(v float64) float64 { return upTo(math.Log(v/low) / math.Log(high/low)) }
	for v := low; v <= high*1.01; v *= 10 {
		c.Up = append(c.Up, tick{At: height(v), Label: seconds(v)})
	}
	width := areaWidth / float64(len(buckets))
	points := make([]strings.Builder, len(series))
	for i, row := range values {
		cells := []string{buckets[i].Name}
		for s, v := range row {
			x, y := areaLeft+(float64(i)+0.5)*width, height(v)
			fmt.Fprintf(&points[s], "%.1f,%.1f ", x, y)
			cells = append(cells, seconds(v))
			c.Marks = append(c.Marks, mark{class(s), x, y, fmt.Sprintf("%s, %s: %s", buckets[i].Name, series[s], seconds(v))})
		}
		if len(row) > 0 {
			c.Table.Rows = append(c.Table.Rows, cells)
		}
	}
	for s := range series {
		c.Lines = append(c.Lines, line{class(s), points[s].String()})
	}
	c.Across = dates(buckets)
}

// dates are the ticks below a chart: the first, the middle and the last bucket.
func dates(buckets []bucket) []tick {
	width := areaWidth / float64(len(buckets))
	at := func(i int) float64 { return areaLeft + (float64(i)+0.5)*width }
	last := len(buckets) - 1
	ticks := []tick{{areaLeft, buckets[0].Short, "start"}, {areaLeft + areaWidth, buckets[last].Short, "end"}}
	if last > 1 {
		ticks = append(ticks, tick{at(last / 2), buckets[last/2].Short, "middle"})
	}
	return ticks
}

// upTo is how far down in the picture a share of the area's height reaches.
func upTo(share float64) float64 { return areaTop + areaHeight*(1-share) }

// roundUp returns a round number that is not less, and a round step that leads there in two to five.
func roundUp(v float64) (top, step float64) {
	for step = 1; ; step *= 10 {
		for _, factor := range []float64{1, 2, 5} {
			if n := math.Ceil(v / (step * factor)); n <= 5 {
				return max(n, 1) * step * factor, step * factor
			}
		}
	}
}

// decade rounds to a power of ten.
func decade(v float64, round func(float64) float64) float64 {
	return math.Pow(10, round(math.Log10(v)))
}

func short(v float64) string {
	if v >= 10_000 {
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// seconds writes a duration as its size wants it.
func seconds(v float64) string {
	switch {
	case v < 0.0995:
		return fmt.Sprintf("%.0f ms", 1000*v)
	case v < 10:
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + " s"
	}
	return fmt.Sprintf("%.0f s", v)
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
