package bot

import (
	"context"

	"deepskin"
)

// Photo returns the reduced copy of the photo of one of the sender's cases, a JPEG: upright and
// without camera data. It returns deepskin.ErrNotFound where the case is not the sender's or has
// no answer yet, and deepskin.ErrGone once the copy has been deleted.
func (b *Bot) Photo(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) ([]byte, error) {
	if err := b.judgeable(ctx, sender, id); err != nil {
		return nil, err
	}
	return b.photo(ctx, id)
}
