package evaluation

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// A Bar is what a figure must reach: at least or at most a value, one of the two.
type Bar struct {
	Figure  string   `json:"figure"`
	AtLeast *float64 `json:"at_least,omitempty"`
	AtMost  *float64 `json:"at_most,omitempty"`
}

// A Result is a bar and whether it was reached.
type Result struct {
	Bar
	// Value is nil where the data did not allow the figure; then the bar was missed.
	Value *float64 `json:"value"`
	Met   bool     `json:"met"`
}

// ReadBars reads the bars for one kind of photo from JSON, an object of lists by kind.
func ReadBars(r io.Reader, kind string) ([]Bar, error) {
	var kinds map[string][]Bar
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&kinds); err != nil {
		return nil, fmt.Errorf("read bars: %w", err)
	}
	bars, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("read bars: no kind %q: use one of %v", kind, slices.Sorted(maps.Keys(kinds)))
	}
	for _, bar := range bars {
		if titleOf(bar.Figure) == "" {
			return nil, fmt.Errorf("read bars: no figure %q: use one of %v", bar.Figure, names())
		}
		if (bar.AtLeast == nil) == (bar.AtMost == nil) {
			return nil, fmt.Errorf("read bars: %s: want at_least or at_most", bar.Figure)
		}
	}
	return bars, nil
}

// Compare holds the report's figures to the bars and reports whether all were reached.
func (r *Report) Compare(bars []Bar) bool {
	all := true
	for _, bar := range bars {
		result := Result{Bar: bar}
		if figure, ok := r.Figure(bar.Figure); ok {
			result.Value = &figure.Value
			result.Met = bar.AtLeast != nil && figure.Value >= *bar.AtLeast ||
				bar.AtMost != nil && figure.Value <= *bar.AtMost
		}
		all = all && result.Met
		r.Bars = append(r.Bars, result)
	}
	return all
}

// limit is the bar in words.
func (b Bar) limit() string {
	if b.AtLeast != nil {
		return "≥ " + number(*b.AtLeast)
	}
	return "≤ " + number(*b.AtMost)
}

// verdict is the outcome in words.
func (r Result) verdict() string {
	switch {
	case r.Value == nil:
		return "not measured"
	case r.Met:
		return "pass"
	default:
		return "MISS"
	}
}
