package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deepskin"
	"deepskin/bot/words"
	"deepskin/internal/tracing"
)

const (
	// Answers slower than this come as a new message, since edits do not notify.
	quietEdit = 15 * time.Second
	// Of an answer that cannot be delivered, no more is tried after this.
	deliveryLimit = 24 * time.Hour
)

// deliver brings a settled case's words to its sender and notes it.
func (b *Bot) deliver(ctx context.Context, c deepskin.Case) error {
	if c.Album != "" {
		return b.deliverAlbum(ctx, c)
	}
	return b.tell(ctx, c)
}

// tell delivers one case by itself.
func (b *Bot) tell(ctx context.Context, c deepskin.Case) (err error) {
	begun := b.Now()
	ctx, span := b.Tracer.Start(ctx, "deliver", c.ID, c.Platform)
	span.Outcome(string(c.Status))
	defer func() { span.End(err) }()
	err = b.post(ctx, c, b.promised(c), present(words.For(c.Language), c))
	if err := b.excuse(c, err); err != nil {
		return err
	}
	if err == nil {
		b.metrics.stage(stageDeliver, b.Now().Sub(begun))
		b.metrics.delivered(c, b.Now().Sub(b.promised(c)))
	}
	// What is not noted would be said again.
	err = b.session(c.Platform).insist(func(ctx context.Context) error { return b.Store.Delivered(ctx, c.ID, b.Now()) })
	if err != nil && !errors.Is(err, deepskin.ErrNotFound) {
		return fmt.Errorf("note delivery: %w", err)
	}
	return nil
}

// excuse returns the error of a post that is worth another try later, and logs any other.
func (b *Bot) excuse(c deepskin.Case, err error) error {
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		b.Logger.Info("nobody is there to take the answer", "case", c.ID)
	case err != nil && b.Now().Sub(c.Created) < deliveryLimit:
		return fmt.Errorf("deliver: %w", err)
	case err != nil:
		b.Logger.Error("answer was given up", "case", c.ID, "error", err)
	}
	return nil
}

// post edits the acknowledgement into the answer, or sends the answer as a message of its own
// where the acknowledgement is missing or, the answer being promised since then, so old that an
// edit would go unnoticed.
func (b *Bot) post(ctx context.Context, c deepskin.Case, since time.Time, answer Reply) error {
	adapter := b.adapters[c.Platform]
	late := b.Now().Sub(since) > quietEdit
	if c.Acknowledged && !late {
		ctx, span := tracing.Child(ctx, "edit message")
		err := adapter.Edit(ctx, c.Address, answer)
		span.End(err)
		if !errors.Is(err, deepskin.ErrNotFound) {
			return err
		}
	}
	to := c.Address
	if c.Acknowledged { // which is about to go, or gone
		to.Message, to.ReplyTo = to.ReplyTo, ""
	}
	sending, span := tracing.Child(ctx, "send message")
	at, err := adapter.Send(sending, to, answer)
	span.End(err)
	if err != nil {
		return err
	}
	at.ReplyTo = to.Message
	// Should we die before the delivery is noted, the next process replaces this message.
	err = b.session(c.Platform).insist(func(ctx context.Context) error { return b.Store.SetAddress(ctx, c.ID, at) })
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		b.unsend(c.ID, at) // /delete came in between
		return nil
	case err != nil:
		return fmt.Errorf("note the answer's address: %w", err)
	case c.Acknowledged:
		b.unsend(c.ID, c.Address)
	}
	return nil
}

// unsend removes one of the bot's messages. Where that fails the message stays: it says nothing
// that its reader does not know.
func (b *Bot) unsend(id deepskin.CaseID, at deepskin.Address) {
	if err := b.adapters[at.Platform].Delete(b.session(at.Platform).ctx, at); err != nil {
		b.Logger.Warn("a message stays", "case", id, "error", err)
	}
}
