package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

const (
	// reviewPause parts the looks at the reviews, unless something happens.
	reviewPause = 10 * time.Second
	// reviewLimit is how many of a kind are looked at in one go.
	reviewLimit = 50
)

// lookAtReviews has the team's posts brought up to date soon. They are by themselves, a little later.
func (b *Bot) lookAtReviews() {
	select {
	case b.reviews <- struct{}{}:
	default: // somebody will look anyway
	}
}

// review keeps the posts in the team's channel as they should be until ctx ends: one for each answer
// that its sender disagrees with and shares the photo of, unless it was settled elsewhere before,
// showing what is known, and gone when that photo is. All that is done there can be done twice.
//
// The team's posts are written here only, one after the other. So a post that shows a photo is always
// one that the store knows, and can be removed.
func (b *Bot) review(ctx context.Context, adapter Adapter, channel deepskin.Address) {
	for {
		for _, look := range []func(context.Context, Adapter, deepskin.Address) error{
			b.removeReviews, b.addReviews, b.showReviews,
		} {
			if err := look(ctx, adapter, channel); err != nil && ctx.Err() == nil {
				b.Logger.Warn("reviews are held up", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.reviews:
		case <-time.After(reviewPause):
		}
	}
}

// removeReviews removes the posts whose photos are gone.
func (b *Bot) removeReviews(ctx context.Context, adapter Adapter, _ deepskin.Address) error {
	ended, err := b.Store.EndedReviews(ctx, adapter.Name(), reviewLimit)
	if err != nil {
		return err
	}
	var held error
	for _, r := range ended {
		err := inTime(ctx, func(ctx context.Context) error {
			if err := adapter.Delete(ctx, r.Post); err != nil {
				return fmt.Errorf("remove the post of case %s: %w", r.Case, err)
			}
			return b.Store.ForgetPost(ctx, r.Case)
		})
		held = errors.Join(held, err)
	}
	return held
}

// addReviews posts for each review without a post a message that shows nothing yet: should we die before its
// address is noted, nobody's photo stands there for ever.
func (b *Bot) addReviews(ctx context.Context, adapter Adapter, channel deepskin.Address) error {
	fresh, err := b.Store.Unposted(ctx, reviewLimit)
	if err != nil {
		return err
	}
	w := words.For(b.TeamLanguage)
	for _, id := range fresh {
		err := inTime(ctx, func(ctx context.Context) error {
			at, err := adapter.Send(ctx, channel, Reply{Case: id, Language: w.Language(), Text: w.Say("review.coming")})
			if err != nil {
				return fmt.Errorf("post the review of case %s: %w", id, err)
			}
			ctx = context.WithoutCancel(ctx) // what is posted is noted, also on the way out
			err = b.Store.AddPost(ctx, id, at)
			if errors.Is(err, deepskin.ErrNotFound) { // it ended in between
				return adapter.Delete(ctx, at)
			}
			return err
		})
		if err != nil {
			return err // the channel is out of reach, for the next one too
		}
	}
	return nil
}

// showReviews shows what is known in posts that do not.
func (b *Bot) showReviews(ctx context.Context, adapter Adapter, _ deepskin.Address) error {
	stale, err := b.Store.StaleReviews(ctx, adapter.Name(), reviewLimit)
	if err != nil {
		return err
	}
	var held error
	for _, r := range stale {
		err := inTime(ctx, func(ctx context.Context) error { return b.showReview(ctx, adapter, r) })
		if err != nil {
			held = errors.Join(held, fmt.Errorf("show the review of case %s: %w", r.Case, err))
		}
	}
	return held
}

func (b *Bot) showReview(ctx context.Context, adapter Adapter, r deepskin.Review) error {
	c, err := b.Store.Case(ctx, r.Case)
	if errors.Is(err, deepskin.ErrNotFound) {
		return nil // it ended
	}
	if err != nil {
		return err
	}
	photo, err := b.Store.Photo(ctx, r.Case)
	if errors.Is(err, deepskin.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	post := reviewPost(words.For(b.TeamLanguage), c, r)
	post.Picture = b.marked(c, photo)
	err = adapter.Edit(ctx, r.Post, post)
	if err != nil && !errors.Is(err, deepskin.ErrNotFound) { // not found: the team removed it
		return err
	}
	return b.Store.ReviewShown(ctx, r.Case, r.Version, b.Now())
}

// marked is the photo with the heatmap, or without where there is none.
func (b *Bot) marked(c deepskin.Case, photo []byte) []byte {
	if c.Assessment == nil || c.Assessment.Grid == nil {
		return photo
	}
	picture, err := b.Config.Heatmap(photo, *c.Assessment.Grid)
	if err != nil {
		b.Logger.Warn("a review goes without heatmap", "case", c.ID, "error", err)
		return photo
	}
	return picture
}

// inTime does something that must not take long.
func inTime(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return do(ctx)
}
