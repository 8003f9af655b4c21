package evaluation

import "math"

// calibrationBins is how many bins of equally many photos the calibration error compares.
const calibrationBins = 15

// A tally is what a bin of photos adds up to.
type tally struct {
	photos, positives int
	score             float64
}

// bins puts the photos, from the lowest score, into equally filled bins, the first ones with one
// photo more where they do not divide evenly.
func (r ranking) bins(weights []int) []tally {
	positives, negatives := r.totals(weights)
	photos := positives + negatives
	bins := make([]tally, 0, calibrationBins)
	left := 0 // places in the present bin
	for i, row := range r.rows {
		for count := weights[row]; count > 0; {
			if left == 0 {
				left = photos / calibrationBins
				if len(bins) < photos%calibrationBins {
					left++
				}
				bins = append(bins, tally{})
			}
			bin, taken := &bins[len(bins)-1], min(count, left)
			bin.photos += taken
			bin.score += float64(taken) * r.scores[i]
			if r.positive[i] {
				bin.positives += taken
			}
			count, left = count-taken, left-taken
		}
	}
	return bins
}

// calibrationError is the mean gap between score and share of positives over the bins.
func (r ranking) calibrationError(weights []int) float64 {
	gaps, photos := 0.0, 0
	for _, bin := range r.bins(weights) {
		gaps += math.Abs(bin.score - float64(bin.positives))
		photos += bin.photos
	}
	if photos == 0 {
		return math.NaN()
	}
	return gaps / float64(photos)
}

func (t tally) describe() Bin {
	observed := ratio(t.positives, t.photos)
	low, high := wilson(t.positives, t.photos)
	return Bin{Photos: t.photos, Stated: t.score / float64(t.photos), Observed: observed, Low: low, High: high}
}

// wilson returns the 95% interval of a share.
func wilson(part, whole int) (low, high float64) {
	const z = 1.959963984540054
	p, n := ratio(part, whole), float64(whole)
	middle := p + z*z/(2*n)
	reach := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max((middle-reach)/scale, 0), min((middle+reach)/scale, 1)
}
