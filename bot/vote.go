package bot

import (
	"context"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// Vote takes a reviewer's vote as Store.Vote does, counts it for operators, and has the team's post show
// soon that there is one.
func (b *Bot) Vote(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (deepskin.VoteOutcome, error) {
	outcome, err := b.Store.Vote(ctx, id, reviewer, d, at)
	if err != nil || !outcome.Counted {
		return outcome, err
	}
	b.metrics.voted(outcome)
	b.Logger.Info("review voted on", "case", id, "status", outcome.Status, "decision", outcome.Decision)
	b.lookAtReviews()
	return outcome, nil
}

// vote takes a reviewer's press. Only the reviewer sees what comes of it.
func (b *Bot) vote(
	ctx context.Context, w words.Words, p Press, id deepskin.CaseID, d deepskin.Decision,
) (PressReply, error) {
	if !p.Reviewer || !d.Valid() {
		return PressReply{Notice: w.Say("review.reviewers")}, nil
	}
	outcome, err := b.Vote(ctx, id, p.Sender, d, b.Now())
	switch {
	case err != nil:
		return PressReply{}, err
	case outcome.Counted:
		return PressReply{Notice: w.Fill("review.noted", words.Data{"Decision": decisionName(w, d)})}, nil
	case outcome.Status == deepskin.ReviewNew:
		return PressReply{Notice: w.Say("review.voted")}, nil
	default:
		return PressReply{Notice: w.Say("review.already")}, nil
	}
}
