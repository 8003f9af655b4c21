package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// LeastRounds is how many bootstrap rounds a comparison needs to be judged: with fewer, intervals
// are too much a matter of luck.
const LeastRounds = 200

// Rules say what a new model must fulfil on one kind of photo to take the place of another one.
type Rules struct {
	// NotWorse bounds how far figures may get worse, and be it by chance. It must not be empty.
	NotWorse []Margin `json:"not_worse"`
	// Better is nil where nothing needs to be better.
	Better *Better `json:"better,omitempty"`
}

// A Margin bounds how far a figure may fall, or rise, one of the two. The bound holds for the end of
// the difference's 95% interval: the figure must be shown to be not worse, to within the margin.
type Margin struct {
	Figure      string   `json:"figure"`
	FallsAtMost *float64 `json:"falls_at_most,omitempty"`
	RisesAtMost *float64 `json:"rises_at_most,omitempty"`
}

// Better says what must be better: one of the figures must rise, or fall, on the same photos. That
// may be chance: what keeps harm out are the margins.
type Better struct {
	Rises []string `json:"rises,omitempty"`
	Falls []string `json:"falls,omitempty"`
}

// An Outcome is what the rules say of a comparison.
type Outcome struct {
	Passed bool `json:"passed"`
	// Better says that some figure is better; false where none needed to be.
	Better bool    `json:"better"`
	Checks []Check `json:"checks"`
}

// A Check is one of the rules, and whether it was fulfilled.
type Check struct {
	// Rule and Found are in words.
	Rule  string `json:"rule"`
	Found string `json:"found"`
	Met   bool   `json:"met"`
}

// ReadRules reads the rules for one kind of photo from JSON, an object by kind.
func ReadRules(r io.Reader, kind string) (Rules, error) {
	var kinds map[string]Rules
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&kinds); err != nil {
		return Rules{}, fmt.Errorf("read the gate's rules: %w", err)
	}
	rules, ok := kinds[kind]
	if !ok {
		return Rules{}, fmt.Errorf("read the gate's rules: no kind %q: use one of %v", kind, slices.Sorted(maps.Keys(kinds)))
	}
	if err := rules.check(); err != nil {
		return Rules{}, fmt.Errorf("read the gate's rules: %s: %w", kind, err)
	}
	return rules, nil
}

func (r Rules) check() error {
	if len(r.NotWorse) == 0 {
		return errors.New("not_worse is empty: any model would do")
	}
	var figures []string
	for _, m := range r.NotWorse {
		figures = append(figures, m.Figure)
		if (m.FallsAtMost == nil) == (m.RisesAtMost == nil) {
			return fmt.Errorf("%s: want falls_at_most or rises_at_most", m.Figure)
		}
		if m.margin() <= 0 {
			return fmt.Errorf("%s: want a margin above 0", m.Figure)
		}
	}
	if b := r.Better; b != nil {
		figures = slices.Concat(figures, b.Rises, b.Falls)
		if len(b.Rises)+len(b.Falls) == 0 {
			return errors.New("better names no figure")
		}
	}
	for _, name := range figures {
		if titleOf(name) == "" {
			return fmt.Errorf("no figure %q: use one of %v", name, names())
		}
	}
	return nil
}

// Judge holds a comparison to the rules and reports whether it passed.
func (c *Comparison) Judge(r Rules) bool {
	outcome := Outcome{Passed: true}
	for _, m := range r.NotWorse {
		outcome.Checks = append(outcome.Checks, c.notWorse(m))
	}
	if r.Better != nil {
		check := c.better(*r.Better)
		outcome.Better = check.Met
		outcome.Checks = append(outcome.Checks, check)
	}
	for _, check := range outcome.Checks {
		outcome.Passed = outcome.Passed && check.Met
	}
	c.Gate = &outcome
	return outcome.Passed
}

func (m Margin) margin() float64 {
	if m.FallsAtMost != nil {
		return *m.FallsAtMost
	}
	return *m.RisesAtMost
}

func (c *Comparison) notWorse(m Margin) Check {
	check := Check{Rule: fmt.Sprintf("%s: rises by less than %s", titleOf(m.Figure), number(m.margin()))}
	if m.FallsAtMost != nil {
		check.Rule = fmt.Sprintf("%s: falls by less than %s", titleOf(m.Figure), number(m.margin()))
	}
	d, ok := c.Difference(m.Figure)
	if !ok {
		check.Found = "it was not measured"
		return check
	}
	worst, end := d.High, "high"
	check.Met = worst < m.margin()
	if m.FallsAtMost != nil {
		worst, end = d.Low, "low"
		check.Met = worst > -m.margin()
	}
	check.Found = fmt.Sprintf("it changed by %+.3f, and the %s end of the interval is %+.3f", d.Value, end, worst)
	return check
}

func (c *Comparison) better(b Better) Check {
	figures := slices.Concat(b.Rises, b.Falls)
	var check Check
	var titles, found []string
	for i, name := range figures {
		titles = append(titles, titleOf(name))
		d, ok := c.Difference(name)
		if !ok {
			continue
		}
		found = append(found, fmt.Sprintf("%s %+.3f (%+.3f to %+.3f)", d.Title, d.Value, d.Low, d.High))
		check.Met = check.Met || i < len(b.Rises) && d.Value > 0 || i >= len(b.Rises) && d.Value < 0
	}
	check.Rule = "better somewhere: " + strings.Join(titles, " or ")
	check.Found = "it changed by " + strings.Join(found, "; ")
	if len(found) == 0 {
		check.Found = "it was not measured"
	}
	return check
}

// verdict is the outcome in words.
func (o Outcome) verdict() string {
	if o.Passed {
		return "passed: it may take the other one's place"
	}
	missed := 0
	for _, check := range o.Checks {
		if !check.Met {
			missed++
		}
	}
	return fmt.Sprintf("stopped: %d of %d rules not fulfilled", missed, len(o.Checks))
}
