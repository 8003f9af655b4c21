package bot

import (
	"context"
	"fmt"

	"deepskin"
)

// An Erasure says how much was erased, and never whose it was.
type Erasure struct {
	// Cases are photos with their answers and all that hung on them.
	Cases int `json:"cases"`
	// Messages of the bot's were removed from chats.
	Messages int `json:"messages"`
	// MessagesLeft could not be removed.
	MessagesLeft int `json:"messages_left"`
	// CopiesLeft are photos in Redis that could not be removed; they expire within a day.
	CopiesLeft int `json:"copies_left"`
}

// Forget erases what a sender's own /delete does, for an operator whom they asked: it returns when
// all is done, and needs no conversation. Where it is not this process that runs the bot, the one
// that does removes the team's posts within seconds.
func (b *Bot) Forget(ctx context.Context, sender deepskin.Sender) (Erasure, error) {
	erased, err := b.Store.ForgetSender(ctx, sender)
	if err != nil {
		return Erasure{}, fmt.Errorf("forget a sender: %w", err)
	}
	e := Erasure{Cases: len(erased)}
	seen := map[deepskin.Address]bool{} // an album has one message
	for _, c := range erased {
		if err := b.Queue.Forget(ctx, c.ID); err != nil {
			b.Logger.Warn("photo in transit stays until it expires", "case", c.ID, "error", err)
			e.CopiesLeft++
		}
		if !c.Acknowledged || seen[c.Address] {
			continue
		}
		seen[c.Address] = true
		if err := b.remove(ctx, c.Address); err != nil {
			b.Logger.Warn("a message stays", "case", c.ID, "error", err)
			e.MessagesLeft++
			continue
		}
		e.Messages++
	}
	return e, nil
}

// remove removes a message on any of the platforms that are connected.
func (b *Bot) remove(ctx context.Context, at deepskin.Address) error {
	adapter, connected := b.adapters[at.Platform]
	if !connected {
		return fmt.Errorf("%s is not connected", at.Platform)
	}
	return inTime(ctx, func(ctx context.Context) error { return adapter.Delete(ctx, at) })
}
