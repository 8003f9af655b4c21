package deepskin

import "time"

// Stats say what became of the photos of some time.
type Stats struct {
	// Tallies are by platform and model, in the order of their names.
	Tallies []Tally
	// Median and P95 are times from the promise of an answer, with the photo or with the consent, to
	// its delivery: half and 95% of the answers took no longer. Zero where there was no answer.
	Median, P95 time.Duration
}

// A Tally counts the photos of one platform that one model answered.
type Tally struct {
	Platform string
	// Model is the model's version; empty for photos that no model looked at.
	Model string
	// Photos are all that came; those of no count below wait, or had no consent.
	Photos int
	// Benign, Malignant and Inconclusive are those with that label.
	Benign, Malignant, Inconclusive int
	// Refused are those that could not be judged, Failed those that were apologised for.
	Refused, Failed int
	// Agreed and Disagreed are verdicts of senders.
	Agreed, Disagreed int
}
