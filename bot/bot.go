package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"deepskin"
)

// Config is what a bot needs. Store, Queue, Heatmap and Logger are required; a zero duration
// means its default.
type Config struct {
	Store Store
	Queue Queue
	// Heatmap draws a grid over a photo and returns a JPEG.
	Heatmap func(photo []byte, grid deepskin.Grid) ([]byte, error)
	Logger  *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time

	// Deadline is how long after a photo its sender has been told something: an answer, or
	// that there will be none. Default 2 minutes.
	Deadline time.Duration
	// ConsentWait is how long a photo waits for its sender's consent. Default 10 minutes.
	ConsentWait time.Duration
	// Sweep is the pause between looks for cases that need something. Default 2 seconds.
	Sweep time.Duration
	// Grace is how long a case may go without a sign of progress before a sweep steps in.
	// Default 15 seconds.
	Grace time.Duration
}

const (
	// Answers slower than this come as a new message, since edits do not notify.
	quietEdit = 15 * time.Second
	// A case is failed this long before its deadline, so that the apology arrives by it.
	apologyLead = 5 * time.Second
	// Of an answer that cannot be delivered, no more is tried after this.
	deliveryLimit = 24 * time.Hour
	// Photos that are fetched, and answers that are delivered, at the same time.
	concurrency = 32
)

// A Bot holds the conversation. It implements Handler; its methods may be called at the same
// time.
type Bot struct {
	Config

	adapters map[string]Adapter
	// background lives from New until Run returns, so that work begun by a handler outlasts
	// the event that began it but not the bot.
	background context.Context
	stop       context.CancelFunc
	work       sync.WaitGroup
	slots      chan struct{}
	// cases holds those that some goroutine is bringing forward.
	cases caseLocks
	// asked holds the senders who were asked for consent, and until when they need not be
	// asked again.
	asked askedSenders
}

// New returns a bot that is ready to handle events.
func New(c Config) *Bot {
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.Deadline, 2 * time.Minute},
		{&c.ConsentWait, 10 * time.Minute},
		{&c.Sweep, 2 * time.Second},
		{&c.Grace, 15 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	b := &Bot{Config: c, adapters: map[string]Adapter{}, slots: make(chan struct{}, concurrency)}
	b.background, b.stop = context.WithCancel(context.Background())
	return b
}

// Connect adds a platform. It must not be called once Run has been.
func (b *Bot) Connect(a Adapter) { b.adapters[a.Name()] = a }

// Run connects the adapters, takes results and sweeps until ctx ends, and then finishes what it
// holds. A bot runs once.
func (b *Bot) Run(ctx context.Context) error {
	defer b.stop()
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range b.adapters {
		g.Go(func() error {
			if err := a.Run(ctx, b); err != nil {
				return fmt.Errorf("run the %s adapter: %w", a.Name(), err)
			}
			return nil
		})
		g.Go(func() error {
			if err := b.Queue.Results(ctx, a.Name(), b.settle); err != nil && ctx.Err() == nil {
				return fmt.Errorf("take results for %s: %w", a.Name(), err)
			}
			return nil
		})
	}
	g.Go(func() error { b.sweepUntil(ctx); return nil })
	err := g.Wait()
	b.finish()
	return err
}

// finish waits for what is in progress, but not for longer than a case may stand still anyway.
func (b *Bot) finish() {
	patience := time.AfterFunc(b.Grace, b.stop)
	defer patience.Stop()
	b.work.Wait()
}

// forward brings a case forward in the background, unless somebody is at it already.
func (b *Bot) forward(id deepskin.CaseID, step func(ctx context.Context) error) {
	if !b.cases.tryLock(id) {
		return
	}
	b.work.Go(func() {
		defer b.cases.unlock(id)
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
		case <-b.background.Done():
			return
		}
		if err := step(b.background); err != nil {
			// The sweep comes back to it.
			b.Logger.Warn("case is held up", "case", id, "error", err)
		}
	})
}
