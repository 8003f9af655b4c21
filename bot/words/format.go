package words

import (
	"math"
	"time"
)

// Percent returns a probability, 0 to 1, in whole per cent. It never claims certainty: below half a
// per cent it says "less than 1%", and above 99.5% "more than 99%".
func (w Words) Percent(p float64) string {
	return w.outOf100(p, "percent.less", "percent.is", "percent.more")
}

// Share returns how many of 100 a probability stands for: "about 62". As with Percent, it is never
// none or all.
func (w Words) Share(p float64) string {
	return w.outOf100(p, "share.less", "share.is", "share.more")
}

func (w Words) outOf100(p float64, less, is, more string) string {
	switch n := int(math.Round(100 * p)); {
	case n < 1:
		return w.Fill(less, Data{"N": 1})
	case n > 99:
		return w.Fill(more, Data{"N": 99})
	default:
		return w.Fill(is, Data{"N": n})
	}
}

// Roughly returns a wait, rounded up: seconds for up to two minutes, minutes for up to an hour,
// hours beyond.
func (w Words) Roughly(d time.Duration) string {
	switch {
	case d <= 2*time.Minute:
		return w.Count("time.seconds", int(math.Ceil(d.Seconds())))
	case d <= time.Hour:
		return w.Count("time.minutes", int(math.Ceil(d.Minutes())))
	default:
		return w.Count("time.hours", int(math.Ceil(d.Hours())))
	}
}
