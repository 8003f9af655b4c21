package bot

import (
	"context"
	"errors"
	"fmt"

	"deepskin"
	"deepskin/bot/words"
)

// A View is a case as its owner sees it.
type View struct {
	Case deepskin.Case
	// Reply holds the words for the case's present state.
	Reply Reply
}

// Case returns one of the sender's cases, or deepskin.ErrNotFound. Language is what the sender reads,
// as in Message; where it is empty, the words are in the language that the case came in.
func (b *Bot) Case(
	ctx context.Context, sender deepskin.Sender, language string, id deepskin.CaseID,
) (View, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return View{}, fmt.Errorf("look up case %s: %w", id, err)
	}
	return View{Case: c, Reply: present(words.For(language, c.Language), c)}, nil
}

// Judge records the sender's verdict on an answered case, and keeps or erases the photo as the
// verdict says. It returns deepskin.ErrNotFound for a case that is not the sender's or not
// answered, and deepskin.ErrGone where the photo to keep has been deleted already.
func (b *Bot) Judge(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict,
) error {
	if err := b.judgeable(ctx, sender, id); err != nil {
		return err
	}
	switch {
	case v.Keep == nil:
	case *v.Keep:
		// The photo comes first: consent without a photo would be a promise to nobody.
		photo, err := b.photo(ctx, id)
		if err != nil {
			return err
		}
		if err := b.Store.KeepPhoto(ctx, id, photo); err != nil {
			return fmt.Errorf("keep photo of case %s: %w", id, err)
		}
	default:
		if err := b.Store.DropPhoto(ctx, id); err != nil {
			return fmt.Errorf("erase photo of case %s: %w", id, err)
		}
	}
	if err := b.Store.SetVerdict(ctx, sender, id, v); err != nil {
		return fmt.Errorf("record verdict on case %s: %w", id, err)
	}
	b.metrics.verdict(v)
	b.lookAtReviews()
	b.Logger.Info("verdict recorded", "case", id, "agrees", v.Agrees, "truth", v.Truth)
	return nil
}

// judgeable says whether there is an answer to judge: refusals have one too.
func (b *Bot) judgeable(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) error {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return fmt.Errorf("look up case %s: %w", id, err)
	}
	if c.Assessment == nil {
		return fmt.Errorf("case %s has no answer: %w", id, deepskin.ErrNotFound)
	}
	return nil
}

// Heatmap draws where the model looked, as a JPEG. It returns deepskin.ErrNotFound where there is
// nothing to draw, and deepskin.ErrGone once the photo has been deleted.
func (b *Bot) Heatmap(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) ([]byte, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return nil, fmt.Errorf("look up case %s: %w", id, err)
	}
	if c.Assessment == nil || c.Assessment.Grid == nil {
		return nil, fmt.Errorf("case %s has no grid: %w", id, deepskin.ErrNotFound)
	}
	photo, err := b.photo(ctx, id)
	if err != nil {
		return nil, err
	}
	picture, err := b.Config.Heatmap(photo, *c.Assessment.Grid)
	if err != nil {
		return nil, fmt.Errorf("draw heatmap of case %s: %w", id, err)
	}
	return picture, nil
}

// photo returns the reduced copy of a photo, kept or on its way to be deleted.
func (b *Bot) photo(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	photo, err := b.Store.Photo(ctx, id)
	if errors.Is(err, deepskin.ErrGone) {
		photo, err = b.Queue.Copy(ctx, id)
	}
	if err != nil {
		return nil, fmt.Errorf("get photo of case %s: %w", id, err)
	}
	return photo, nil
}

// ForgetCase erases a case of this sender with its photo and verdict, or returns
// deepskin.ErrNotFound.
func (b *Bot) ForgetCase(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) error {
	if err := b.Store.ForgetCase(ctx, sender, id); err != nil {
		return fmt.Errorf("forget case %s: %w", id, err)
	}
	b.erasePhoto(sender.Platform, id)
	b.lookAtReviews()
	return nil
}

// forgetSender erases all that is held under the sender's key, and the bot's own posts.
func (b *Bot) forgetSender(
	ctx context.Context, w words.Words, sender deepskin.Sender,
) (Reply, error) {
	erased, err := b.Store.ForgetSender(ctx, sender)
	if err != nil {
		return Reply{}, fmt.Errorf("forget a sender: %w", err)
	}
	b.asked.forget(sender)
	b.lookAtReviews()
	for _, c := range erased {
		b.erasePhoto(c.Platform, c.ID)
		if !c.Acknowledged {
			continue
		}
		b.session(c.Platform).work.start(func() { b.unsend(c.ID, c.Address) })
	}
	return forgotten(w, len(erased)), nil
}
