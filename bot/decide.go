package bot

import (
	"context"

	"deepskin"
	"deepskin/bot/words"
)

// decide takes a reviewer's decision. The first one counts; the post shows it soon after.
func (b *Bot) decide(
	ctx context.Context, w words.Words, p Press, id deepskin.CaseID, d deepskin.Decision,
) (PressReply, error) {
	if !p.Reviewer || !d.Valid() {
		return PressReply{Notice: w.Say("review.reviewers")}, nil
	}
	first, err := b.Store.Decide(ctx, id, p.Sender, d, b.Now())
	if err != nil {
		return PressReply{}, err
	}
	if !first {
		return PressReply{Notice: w.Say("review.already")}, nil
	}
	b.metrics.decided(d)
	b.Logger.Info("review decided", "case", id, "decision", d)
	b.lookAtReviews()
	return PressReply{Notice: w.Fill("review.noted", words.Data{"Decision": decisionName(w, d)})}, nil
}
