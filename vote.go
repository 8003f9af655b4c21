package deepskin

import "time"

// A Vote is what one reviewer says of a photo, without having seen what others say.
type Vote struct {
	// Reviewer is a keyed hash, never a name; empty once the reviewer has had it forgotten.
	Reviewer string
	Decision Decision
	At       time.Time
}

// A VoteOutcome is what became of a vote.
type VoteOutcome struct {
	// Counted is false where the reviewer had voted already, or the review was settled before.
	Counted bool
	// Status is the review's, after the vote.
	Status ReviewStatus
	// Decision is the review's, after the vote: empty while the status is ReviewNew.
	Decision Decision
}

// maxVotes is how many votes settle every review.
const maxVotes = 3

// SettleVotes returns what the votes on an answer with a label, in their order, amount to: ReviewNew
// and no decision while another vote is asked for. Votes after those that settle it do not count.
//
// One vote is enough where it rejects the photo, or finds the risk that the answer said. Anything
// else would teach the model that it was wrong about the risk, which takes two reviewers who say the
// same: so does a diagnosis where the answer was inconclusive, and that there is no lesion. Where two
// differ, a third is asked. A decision with two votes wins; where all three differ nobody knows, and
// the photo is rejected.
func SettleVotes(label Label, votes []Decision) (ReviewStatus, Decision) {
	count := map[Decision]int{}
	for i, d := range votes {
		count[d]++
		alone := i == 0 && (d == DecisionReject || d.risk() == label)
		switch {
		case count[d] == 2 || alone:
			return settled(d), d
		case i+1 == maxVotes:
			return ReviewRejected, DecisionReject
		}
	}
	return ReviewNew, ""
}

func settled(d Decision) ReviewStatus {
	if d == DecisionReject {
		return ReviewRejected
	}
	return ReviewLabelled
}

// noRisk is what decisions that are no diagnosis say of the risk. No answer has this label.
const noRisk Label = "none"

// risk is Malignant or Benign where the decision is a diagnosis, and noRisk otherwise.
func (d Decision) risk() Label {
	switch {
	case Diagnosis(d).Malignant():
		return Malignant
	case d == DecisionNoLesion || d == DecisionReject:
		return noRisk
	default:
		return Benign
	}
}
