package bot

import (
	"context"
	"fmt"

	"deepskin/bot/words"
)

// teamPages gives a reviewer in the team's channel a one-time link to the team's pages. Only they see the
// answer.
func (b *Bot) teamPages(ctx context.Context, w words.Words, m Message) (Reply, error) {
	switch {
	case !m.Reviewer:
		return Reply{Text: w.Say("team.reviewers")}, nil
	case b.TeamLink == nil:
		return Reply{Text: w.Say("team.nowhere")}, nil
	}
	link, err := b.TeamLink(ctx, m.Sender)
	if err != nil {
		return Reply{}, fmt.Errorf("make a reviewer's link: %w", err)
	}
	return Reply{Title: w.Say("team.title"), Text: paragraphs(link, w.Say("team.text"))}, nil
}
