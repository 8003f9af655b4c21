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

// A ReviewStatus is how far a review has come.
type ReviewStatus string

// The statuses of a review.
const (
	ReviewNew      ReviewStatus = "new"      // waits for votes
	ReviewLabelled ReviewStatus = "labelled" // the team says what the photo shows
	ReviewRejected ReviewStatus = "rejected" // the photo is of no use for training
)

// A Review is an answer that the team looks at, because its sender disagrees and shares the photo. It
// begins when the photo is kept, and ends with the photo.
type Review struct {
	Case   CaseID
	Status ReviewStatus
	// Votes is how many reviewers have voted. Nothing says who, or what for.
	Votes int
	// Priority, 0 to 1, is higher the more the decision will teach; see ReviewPriority.
	Priority float64
	// Post is the team's message about it; zero where there is none.
	Post Address
	// Version counts what there was to show.
	Version int64
	// Decision is empty and Decided is zero while the status is ReviewNew.
	Decision Decision
	Decided  time.Time
}

// A ReviewTask is what a reviewer sees of a review, beside the photo. It never holds anybody's vote,
// and its case has no address and no source.
type ReviewTask struct {
	Case   Case
	Review Review
	// Voted says that this reviewer has voted already.
	Voted bool
}
