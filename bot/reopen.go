package bot

import (
	"context"
	"fmt"

	"deepskin"
)

// Reopen promises an answer to a failed case once more, for an operator who has mended what made it
// fail. A running bot fetches its photo from the platform again, and the answer takes the place
// of the apology. It returns deepskin.ErrGone where the platform keeps no copy of the photo, and
// deepskin.ErrNotFound where there is no such case, or it has not failed.
func (b *Bot) Reopen(ctx context.Context, id deepskin.CaseID) error {
	c, err := b.Store.Case(ctx, id)
	if err != nil {
		return fmt.Errorf("reopen case %s: %w", id, err)
	}
	if c.Source == "" {
		return fmt.Errorf("reopen case %s: %w", id, deepskin.ErrGone)
	}
	now := b.Now()
	opened, err := b.Store.Reopen(ctx, id, now, now.Add(b.Deadline))
	if err == nil && !opened {
		err = deepskin.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reopen case %s: %w", id, err)
	}
	return nil
}
