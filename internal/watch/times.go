package watch

import (
	"math"
	"slices"
	"time"
)

// timeStep is the ratio of neighbouring bins of Times: a percentile is off by 2 % at most.
const timeStep = 1.04

// Times count durations in bins that widen with the duration: by k, those of up to 1.04^k milliseconds.
type Times map[int]int

// Add counts a duration; one of less than a millisecond counts as one.
func (t Times) Add(d time.Duration) {
	ms := max(float64(d)/float64(time.Millisecond), 1)
	t[int(math.Ceil(math.Log(ms)/math.Log(timeStep)))]++
}

// Total returns how many durations were counted.
func (t Times) Total() int {
	total := 0
	for _, n := range t {
		total += n
	}
	return total
}

// Percentile returns the least duration that a share, 0 to 1, of all does not exceed (nearest rank), to
// within 2 %; zero where there is none.
func (t Times) Percentile(share float64) time.Duration {
	bins := make([]int, 0, len(t))
	for bin := range t {
		bins = append(bins, bin)
	}
	slices.Sort(bins)
	left := int(math.Ceil(share * float64(t.Total())))
	for _, bin := range bins {
		if left -= t[bin]; left <= 0 {
			return time.Duration(math.Pow(timeStep, float64(bin)-0.5) * float64(time.Millisecond))
		}
	}
	return 0
}
