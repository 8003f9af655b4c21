package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// The photos of an album are cases of their own, each with its deadline, answer and verdict. But
// their sender hears of them together: those that have yet to be delivered share one
// acknowledgement, which is the address of one of them, and one summary. A photo that comes once the
// others have been summed up is told of by itself, like any photo.

const (
	// albumPause is how long the acknowledgement of an album waits, so that it knows how many
	// photos there are.
	albumPause = 300 * time.Millisecond
	// albumQuiet is for how long no photo of an album must have come before it is summed up.
	albumQuiet = 2 * time.Second
)

// acknowledgeAlbum tells the sender that an album has come, unless another photo of it has.
func (b *Bot) acknowledgeAlbum(ctx context.Context, c deepskin.Case) {
	ctx, cancel := context.WithTimeout(ctx, quietEdit)
	defer cancel()
	pause(ctx, albumPause)
	if !b.albums.lock(ctx, c.Album) {
		return
	}
	defer b.albums.unlock(c.Album)
	album, err := b.Store.Album(ctx, c.Album)
	if err != nil {
		b.Logger.Warn("acknowledgement was not sent", "case", c.ID, "error", err)
		return
	}
	inOrder(album)
	var waiting []deepskin.Case
	for _, other := range album {
		switch {
		case !other.Delivered.IsZero():
		case other.Acknowledged:
			return
		default:
			waiting = append(waiting, other)
		}
	}
	if len(waiting) > 0 { // else /delete came in between
		first := waiting[0]
		b.announce(ctx, first, lookingAtAll(words.For(c.Language), first.ID, len(waiting), b.expectedWait(ctx, first.ID)))
	}
}

// deliverAlbum tells of a settled photo together with the others of its album, once all of them
// are settled and no more come.
func (b *Bot) deliverAlbum(ctx context.Context, c deepskin.Case) error {
	for {
		wait, err := b.sumUp(ctx, c)
		if err != nil || wait <= 0 {
			return err
		}
		pause(ctx, wait)
	}
}

// sumUp tells of the settled photos of c's album, c among them. It returns how long to wait where
// more photos may be about to come. Zero also means that another photo will see to it, or has.
func (b *Bot) sumUp(ctx context.Context, c deepskin.Case) (wait time.Duration, err error) {
	if !b.albums.lock(ctx, c.Album) {
		return 0, ctx.Err()
	}
	defer b.albums.unlock(c.Album)
	album, err := b.Store.Album(ctx, c.Album)
	if err != nil {
		return 0, err
	}
	inOrder(album)
	var settled []numbered
	open, ours, over := false, false, false
	var newest time.Time
	for i, other := range album {
		if !other.Delivered.IsZero() {
			continue
		}
		if other.Created.After(newest) {
			newest = other.Created
		}
		if isOpen(other) {
			open = true
			continue
		}
		settled = append(settled, numbered{other, i + 1})
		ours = ours || other.ID == c.ID
		over = over || !b.Now().Before(b.patience(other))
	}
	switch quiet := b.Now().Sub(newest); {
	case !ours, open && !over:
		return 0, nil
	case quiet < albumQuiet && !over:
		return albumQuiet - quiet, nil
	}
	return 0, b.tellOf(ctx, settled)
}

// tellOf brings some photos of an album to their sender: one as any photo, several in a summary.
func (b *Bot) tellOf(ctx context.Context, settled []numbered) (err error) {
	if len(settled) == 1 {
		return b.tell(ctx, settled[0].Case)
	}
	begun := b.Now()
	lead := settled[0].Case
	since := b.promised(lead)
	var ids []deepskin.CaseID
	for _, n := range settled {
		ids = append(ids, n.ID)
		if n.Acknowledged {
			lead = n.Case
		}
		if p := b.promised(n.Case); p.Before(since) {
			since = p
		}
	}
	ctx, span := b.Tracer.Start(ctx, "deliver", lead.ID, lead.Platform)
	span.Outcome(string(lead.Status))
	defer func() { span.End(err) }()
	err = b.post(ctx, lead, since, summary(words.For(lead.Language), lead.ID, settled))
	if err := b.excuse(lead, err); err != nil {
		return err
	}
	if err == nil {
		b.metrics.stage(stageDeliver, b.Now().Sub(begun))
		for _, n := range settled {
			b.metrics.delivered(n.Case, b.Now().Sub(b.promised(n.Case)))
		}
	}
	// What is not noted would be said again.
	err = b.session(lead.Platform).insist(func(ctx context.Context) error {
		return b.Store.DeliveredTogether(ctx, ids, b.Now())
	})
	if err != nil {
		return fmt.Errorf("note delivery: %w", err)
	}
	return nil
}

// patience is until when a settled photo can wait for the others of its album. It leaves time for a
// sweep to settle those whose time is over as well.
func (b *Bot) patience(c deepskin.Case) time.Time {
	if c.Status == deepskin.Expired {
		return c.Deadline.Add(b.apologyLead())
	}
	return c.Deadline.Add(-b.apologyLead() / 2)
}

// withoutOne sees to the rest of an album from which a photo was taken back: the others may have
// waited for it.
func (b *Bot) withoutOne(ctx context.Context, c deepskin.Case) {
	album, err := b.Store.Album(ctx, c.Album)
	if err != nil {
		b.Logger.Warn("an album may be summed up late", "case", c.ID, "error", err) // by the sweep
		return
	}
	for _, other := range album {
		if !isOpen(other) && other.Delivered.IsZero() {
			b.advance(ctx, other.Platform, other.ID, nil)
			return
		}
	}
}

// inOrder puts the cases of an album into the order in which their sender sees them, by the numbers
// of their messages. Platforms count those upwards, whatever order the events come in.
func inOrder(album []deepskin.Case) {
	slices.SortStableFunc(album, func(a, b deepskin.Case) int {
		x, y := sentIn(a), sentIn(b)
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
}

// sentIn is the sender's own message with the photo.
func sentIn(c deepskin.Case) string {
	if c.Acknowledged {
		return c.Address.ReplyTo
	}
	return c.Address.Message
}
