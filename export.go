package deepskin

import "time"

// A Sample is a kept photo that reviewers labelled, as it is exported for training. What names it
// there is a pseudonym, which only the store's identity key connects to anything.
type Sample struct {
	// Case finds the photo in the store. It is not exported.
	Case CaseID
	// Image is the pseudonym of the photo.
	Image string
	// Lesion is the pseudonym of its sender: nobody knows which photos of a person show the same
	// lesion, and whoever splits by it keeps them all together.
	Lesion string
	// Decision is a Diagnosis or DecisionNoLesion.
	Decision Decision
	// Decided is when it was decided.
	Decided time.Time
	// Platform is where the photo came from.
	Platform string
	// Kind is what the model took the photo for.
	Kind Kind
	// Model is the version of the model that assessed the photo.
	Model string
}

// A Withdrawal is an exported photo that may not be used any more: its sender, or the limit of how
// long photos are kept, has taken it back.
type Withdrawal struct {
	// Image is the pseudonym of the photo.
	Image string
	// Exported is the day, in UTC, of the first export of the photo: copies from before do not hold it.
	Exported time.Time
}
