package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// askAgain is for how long a sender who was asked for consent is not asked again, so that an album
// brings one question, nor told again that it was too much. It is short, because a message can get
// lost on its way.
const askAgain = time.Minute

// ask returns the question whether a waiting photo may be looked at.
func (b *Bot) ask(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID,
) (Reply, error) {
	// Consent that was given just before the case was written did not release it.
	agreed, err := b.Store.HasConsent(ctx, sender)
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("look up consent: %w", err)
	case agreed:
		return Reply{Case: id}, b.release(ctx, sender)
	case !b.asked.once(sender, b.Now()):
		return Reply{Case: id}, nil
	default:
		return askConsent(w, id, b.ConsentWait), nil
	}
}

// release records the sender's consent and brings waiting photos on their way.
func (b *Bot) release(ctx context.Context, sender deepskin.Sender) error {
	now := b.Now()
	released, err := b.Store.GiveConsent(ctx, sender, now, now.Add(b.Deadline))
	if err != nil {
		return fmt.Errorf("record consent: %w", err)
	}
	b.asked.forget(sender)
	for _, c := range released {
		b.advance(ctx, c.Platform, c.ID, b.begin(b.bring))
	}
	return nil
}

// consent takes the yes to the question.
func (b *Bot) consent(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID,
) (_ PressReply, err error) {
	if _, err := b.Store.OwnCase(ctx, sender, id); err != nil {
		return PressReply{}, err
	}
	ctx, span := b.Tracer.Start(ctx, "receive consent", id, sender.Platform)
	defer func() { span.End(err) }()
	if err := b.release(ctx, sender); err != nil {
		return PressReply{}, err
	}
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	late := c.Status == deepskin.Waiting || c.Status == deepskin.Expired
	return PressReply{Edit: agreed(w, late)}, nil
}

// decline takes the no to the question, and erases everything that the sender has sent.
func (b *Bot) decline(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID,
) (PressReply, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	if c.Status != deepskin.Waiting && c.Status != deepskin.Expired {
		return alreadyAgreed(w), nil
	}
	if _, err := b.forgetSender(ctx, w, sender); err != nil {
		return PressReply{}, err
	}
	return PressReply{Edit: declined(w)}, nil
}

// recent remembers for a moment whom, or of what, something was said.
type recent[Name comparable] struct {
	mu    sync.Mutex
	until map[Name]time.Time
}

// once reports whether it is to be said now, and takes it that it is.
func (r *recent[Name]) once(name Name, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other, end := range r.until {
		if now.After(end) {
			delete(r.until, other)
		}
	}
	if _, said := r.until[name]; said {
		return false
	}
	if r.until == nil {
		r.until = map[Name]time.Time{}
	}
	r.until[name] = now.Add(askAgain)
	return true
}

// forget makes the next time bring it again.
func (r *recent[Name]) forget(name Name) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.until, name)
}
