package deepskin

// An Agreement says how far the first and the second reviewer of the same photos agree on whether it
// shows something malignant, something benign, or neither (no lesion, or of no use).
type Agreement struct {
	// Pairs is how many photos had two votes. One vote is enough where it confirms the answer's risk,
	// so these are the photos of which the first reviewer saw another risk than the model.
	Pairs int
	// Observed is the share of pairs that agree, 0 to 1; zero where there are none.
	Observed float64
	// Kappa is Cohen's: 1 where all pairs agree, 0 where they agree as often as chance would have it,
	// negative below. It is zero, too, where chance alone would make all agree, and without pairs.
	Kappa float64
}

// Agree measures the agreement of pairs of decisions, a first and a second reviewer's, of which each is
// given as often as it says.
func Agree(pairs map[[2]Decision]int) Agreement {
	first, second := map[Label]float64{}, map[Label]float64{}
	n, same := 0.0, 0.0
	for pair, times := range pairs {
		a, b, weight := pair[0].risk(), pair[1].risk(), float64(times)
		n += weight
		first[a] += weight
		second[b] += weight
		if a == b {
			same += weight
		}
	}
	if n == 0 {
		return Agreement{}
	}
	agreement := Agreement{Pairs: int(n), Observed: same / n}
	chance := 0.0
	for risk, times := range first {
		chance += times / n * second[risk] / n
	}
	if chance < 1 {
		agreement.Kappa = (agreement.Observed - chance) / (1 - chance)
	}
	return agreement
}
