package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"deepskin"
)

// Message implements Handler.
func (b *Bot) Message(ctx context.Context, m Message) (Reply, error) {
	if m.Photo != nil {
		return b.takePhoto(ctx, m)
	}
	switch m.Command {
	case "start":
		return welcome(), nil
	case "privacy":
		return privacy(), nil
	case "delete":
		return b.forgetSender(ctx, m.Sender)
	default:
		return help(), nil
	}
}

// takePhoto writes the case before anything is acknowledged, and brings it on its way.
func (b *Bot) takePhoto(ctx context.Context, m Message) (Reply, error) {
	wait, err := b.Queue.Allow(ctx, m.Sender)
	if err != nil {
		return Reply{}, fmt.Errorf("check the sender's limits: %w", err)
	}
	if wait > 0 {
		return tooMany(wait), nil
	}
	now := b.Now()
	if m.Consent {
		if _, err := b.Store.GiveConsent(ctx, m.Sender, now, now.Add(b.Deadline)); err != nil {
			return Reply{}, fmt.Errorf("record consent: %w", err)
		}
	}
	agreed, err := b.Store.HasConsent(ctx, m.Sender)
	if err != nil {
		return Reply{}, fmt.Errorf("look up consent: %w", err)
	}
	fresh := deepskin.NewCase{
		ID: deepskin.NewCaseID(), Sender: m.Sender, Event: m.Event,
		Status: deepskin.Pending, Created: now, Deadline: now.Add(b.Deadline),
		Address: m.At, Source: m.Photo.Source,
	}
	if !agreed && m.Photo.Problem == "" { // what nobody will look at needs no consent
		fresh.Status, fresh.Deadline = deepskin.Waiting, now.Add(b.ConsentWait)
	}
	c, added, err := b.Store.AddCase(ctx, fresh)
	if err != nil {
		return Reply{}, fmt.Errorf("write the case: %w", err)
	}
	reply := Reply{Case: c.ID}
	if !added {
		return reply, nil // the event came twice; the sweep sees to whatever is missing
	}
	if m.Photo.Bytes != nil {
		// Nobody else has these bytes: they are in Redis before the sender is told.
		if err := b.hand(ctx, c, *m.Photo); err != nil {
			return Reply{}, err
		}
		return reply, nil
	}
	b.forward(c.ID, func(ctx context.Context) error {
		if c.Status == deepskin.Pending {
			c = b.acknowledge(ctx, c)
		}
		return b.hand(ctx, c, *m.Photo)
	})
	if c.Status == deepskin.Waiting && b.asked.once(m.Sender, now, fresh.Deadline) {
		question := askConsent(c.ID, b.ConsentWait)
		question.Case = c.ID
		return question, nil
	}
	return reply, nil
}

// acknowledge tells the sender that the photo has come. Where that fails, the answer will be the
// first that they hear.
func (b *Bot) acknowledge(ctx context.Context, c deepskin.Case) deepskin.Case {
	at, err := b.adapters[c.Platform].Send(ctx, c.Address, looking())
	if err != nil {
		b.Logger.Warn("acknowledgement was not sent", "case", c.ID, "error", err)
		return c
	}
	if err := b.Store.SetAddress(ctx, c.ID, at); err != nil {
		b.Logger.Error("acknowledgement was not noted", "case", c.ID, "error", err)
		return c
	}
	c.Address, c.Acknowledged = at, true
	return c
}

// hand fetches the photo if need be, puts it within the workers' reach, and asks for an
// assessment unless consent is still to come.
func (b *Bot) hand(ctx context.Context, c deepskin.Case, p Photo) error {
	if p.Problem != "" {
		return b.refuse(ctx, c, p.Problem)
	}
	if p.Bytes == nil {
		photo, err := b.adapters[c.Platform].Fetch(ctx, p.Source)
		switch {
		case errors.Is(err, deepskin.ErrTooLarge):
			return b.refuse(ctx, c, deepskin.TooManyBytes)
		case errors.Is(err, deepskin.ErrGone):
			return b.fail(ctx, c, failurePhotoGone)
		case err != nil:
			return fmt.Errorf("fetch photo: %w", err)
		}
		p.Bytes = photo
	}
	ttl := c.Deadline.Sub(b.Now())
	if ttl <= 0 {
		return nil // the sweep tells the sender
	}
	if err := b.Queue.PutPhoto(ctx, c.ID, p.Bytes, ttl); err != nil {
		return fmt.Errorf("hold photo: %w", err)
	}
	if c.Status == deepskin.Waiting {
		// Consent may have come while the photo was being fetched.
		var err error
		if c, err = b.Store.Case(ctx, c.ID); err != nil || c.Status != deepskin.Pending {
			return err
		}
	}
	return b.enqueue(ctx, c)
}

// enqueue asks for an assessment; where too much is waiting, the sender hears so.
func (b *Bot) enqueue(ctx context.Context, c deepskin.Case) error {
	err := b.Queue.Enqueue(ctx, deepskin.Job{Case: c.ID, Platform: c.Platform, Deadline: c.Deadline})
	if errors.Is(err, deepskin.ErrBusy) {
		return b.fail(ctx, c, failureBusy)
	}
	return err
}

// refuse answers a photo that no worker needs to see. A waiting case hears of it once it has
// consent, when its photo is asked for again.
func (b *Bot) refuse(ctx context.Context, c deepskin.Case, problem deepskin.Problem) error {
	return b.settle(ctx, deepskin.Result{Case: c.ID, Assessment: &deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{problem},
	}})
}

// askedSenders remembers who was asked for consent, so that an album brings one question.
type askedSenders struct {
	mu    sync.Mutex
	until map[deepskin.Sender]time.Time
}

// once reports whether the sender should be asked now.
func (a *askedSenders) once(s deepskin.Sender, now, until time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other, end := range a.until {
		if now.After(end) {
			delete(a.until, other)
		}
	}
	if _, asked := a.until[s]; asked {
		return false
	}
	if a.until == nil {
		a.until = map[deepskin.Sender]time.Time{}
	}
	a.until[s] = until
	return true
}

// forget makes the next photo bring the question again.
func (a *askedSenders) forget(s deepskin.Sender) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.until, s)
}
