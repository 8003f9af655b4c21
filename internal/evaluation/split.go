package evaluation

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The parts of the data, and all of it.
const (
	Test       = "test"
	Validation = "validation"
	Train      = "train"
	All        = "all"
	// Unfitted is the half of photos without labels on which nothing is fitted, by a hash of
	// their names: the other half may teach the model what to refuse.
	Unfitted = "unfitted"
)

const (
	testShare       = 0.15
	validationShare = 0.15
	unfittedShare   = 0.5
)

// SplitOf assigns a lesion or patient, and so every photo of it, to a part by a hash of its ID,
// as split_of in models/training does.
func SplitOf(id string) string {
	switch position := positionOf(id); {
	case position < testShare:
		return Test
	case position < testShare+validationShare:
		return Validation
	default:
		return Train
	}
}

// positionOf maps a name to a number from 0 to 1 by a hash, as position_of in models/training.
func positionOf(name string) float64 {
	digest := sha256.Sum256([]byte(name))
	return float64(binary.BigEndian.Uint64(digest[:8])) / (1 << 64)
}

// isIn reports whether what has that ID is in the part.
func isIn(split, id string) bool {
	switch split {
	case All:
		return true
	case Unfitted:
		return positionOf(id) < unfittedShare
	default:
		return SplitOf(id) == split
	}
}

func checkSplit(split string, labelled bool) error {
	switch split {
	case Test, Validation, Train, All:
		return nil
	case Unfitted:
		if labelled {
			return fmt.Errorf("the part %q is of photos without labels", Unfitted)
		}
		return nil
	}
	return fmt.Errorf("unknown split %q: use %s, %s, %s, %s or %s", split, Test, Validation, Train, All, Unfitted)
}
