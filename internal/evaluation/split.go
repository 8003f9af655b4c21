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
)

const (
	testShare       = 0.15
	validationShare = 0.15
)

// SplitOf assigns a lesion or patient, and so every photo of it, to a part by a hash of its ID,
// as split_of in models/training does.
func SplitOf(id string) string {
	digest := sha256.Sum256([]byte(id))
	position := float64(binary.BigEndian.Uint64(digest[:8])) / (1 << 64)
	switch {
	case position < testShare:
		return Test
	case position < testShare+validationShare:
		return Validation
	default:
		return Train
	}
}

func checkSplit(split string) error {
	switch split {
	case Test, Validation, Train, All:
		return nil
	}
	return fmt.Errorf("unknown split %q: use %s, %s, %s or %s", split, Test, Validation, Train, All)
}
