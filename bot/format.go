package bot

import (
	"fmt"
	"math"
	"time"
)

// percent never claims certainty.
func percent(p float64) string {
	switch n := math.Round(p * 100); {
	case n < 1:
		return "less than 1%"
	case n > 99:
		return "more than 99%"
	default:
		return fmt.Sprintf("%.0f%%", n)
	}
}

// roughly rounds a wait up to words.
func roughly(d time.Duration) string {
	switch {
	case d <= 2*time.Minute:
		return count(int(math.Ceil(d.Seconds())), "second", "seconds")
	case d <= time.Hour:
		return count(int(math.Ceil(d.Minutes())), "minute", "minutes")
	default:
		return count(int(math.Ceil(d.Hours())), "hour", "hours")
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
