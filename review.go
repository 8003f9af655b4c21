package deepskin

import (
	"slices"
	"time"
)

// Diagnoses are all seven, malignant ones first. Nobody changes them.
var Diagnoses = []Diagnosis{
	Melanoma, BasalCellCarcinoma, ActinicKeratosis, MelanocyticNevus, BenignKeratosis, VascularLesion, Dermatofibroma,
}

// A Decision is what a reviewer of the team says of a photo: a Diagnosis, or one of those below.
type Decision string

// What a reviewer can say beside the diagnoses.
const (
	DecisionNoLesion Decision = "no_lesion"
	DecisionReject   Decision = "reject" // of no use for training
)

// Valid reports whether the decision is a diagnosis or one of those above.
func (d Decision) Valid() bool {
	return d == DecisionNoLesion || d == DecisionReject || slices.Contains(Diagnoses, Diagnosis(d))
}

// A Review is an answer that the team looks at, because its sender disagrees and shares the photo.
type Review struct {
	Case CaseID
	// Post is the team's message about it.
	Post Address
	// Version counts what there was to show.
	Version int64
	// Decision is empty until a reviewer decides, and Decided is zero.
	Decision Decision
	Decided  time.Time
}
