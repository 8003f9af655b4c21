package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"deepskin"
	"deepskin/bot"
	"deepskin/classifier"
	"deepskin/queue"
	"deepskin/store"
)

// deskCommand makes this program a desk: the bot's process, with the real bot, queue and store, and instead
// of a chat platform somebody who sends photos and reads no answers.
const deskCommand = "desk"

// platform is the name of that platform.
const platform = "bench"

// An order is what a desk is told to do.
type order struct {
	Redis, Database, Folder string
	// Files are the photos, which are read as they are sent, as from a network.
	Files []string
	// Count photos are sent, AtATime of which are on their way together. WarmUp more come before.
	Count, AtATime, WarmUp int
	// Profiles is a folder for the desk's profiles; none if empty.
	Profiles string
}

// A delivery is what came of it. Times are from the moment when a photo is handed to Redis until its
// answer is in the store.
type delivery struct {
	Pace pace `json:"pace"`
	// Peak is the desk's peak memory, in MB of 10^6 bytes.
	Peak float64 `json:"peak_mb"`
}

func serveDesk(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	var o order
	if err := json.NewDecoder(stdin).Decode(&o); err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	d, err := o.carryOut(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(d)
}

func (o order) carryOut(ctx context.Context) (d delivery, err error) {
	keys, err := store.LoadOrCreateKeys(filepath.Join(o.Folder, "keys.json"))
	if err != nil {
		return delivery{}, err
	}
	kept, err := store.Open(ctx, o.Database, keys)
	if err != nil {
		return delivery{}, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	jobs, err := queue.Open(ctx, queue.Config{URL: o.Redis})
	if err != nil {
		return delivery{}, err
	}
	defer func() { err = errors.Join(err, jobs.Close()) }()
	l := &ledger{begun: map[deepskin.CaseID]time.Time{}, took: map[deepskin.CaseID]time.Duration{}}
	b := bot.New(bot.Config{
		Store: watchedStore{kept, l}, Queue: watchedQueue{jobs, l},
		Heatmap: classifier.Heatmap, Chart: classifier.Chart, Logger: slog.New(slog.DiscardHandler),
	})
	b.Connect(silent{})
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()

	if err := o.send(ctx, b, l, "warm-up", o.WarmUp); err != nil {
		return delivery{}, err
	}
	l.clear()
	profiled, err := profile(o.Profiles)
	if err != nil {
		return delivery{}, err
	}
	defer func() { err = errors.Join(err, profiled()) }()
	cpu, err := ownCPU()
	if err != nil {
		return delivery{}, err
	}
	begun := time.Now()
	if err := o.send(ctx, b, l, "photo", o.Count); err != nil {
		return delivery{}, err
	}
	elapsed := time.Since(begun)
	after, err := ownCPU()
	if err != nil {
		return delivery{}, err
	}
	if err := readBack(ctx, kept, l, o.Count); err != nil {
		return delivery{}, err
	}
	_, peak, err := readMemory(os.Getpid())
	return delivery{Pace: paceOf(l.times(), elapsed, after-cpu), Peak: peak}, err
}

// send has so many photos answered. Their events begin with a name, which no two calls share.
func (o order) send(ctx context.Context, b *bot.Bot, l *ledger, name string, count int) error {
	free := make(chan struct{}, o.AtATime)
	for range o.AtATime {
		free <- struct{}{}
	}
	l.whenAnswered(func() { free <- struct{}{} })
	wait := func() error {
		select {
		case <-free:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return errors.New("no photo was answered for a minute")
		}
	}
	for i := range count {
		if err := wait(); err != nil {
			return err
		}
		photo, err := os.ReadFile(o.Files[i%len(o.Files)])
		if err != nil {
			return fmt.Errorf("read a photo: %w", err)
		}
		event := name + strconv.Itoa(i)
		reply, err := b.Message(ctx, bot.Message{
			Sender: deepskin.Sender{Platform: platform, ID: "somebody"}, Event: event, Consent: true,
			At: deepskin.Address{Platform: platform, Chat: "chat", Message: event}, Photo: &bot.Photo{Bytes: photo},
		})
		if err != nil {
			return err
		}
		if reply.Case == "" {
			return fmt.Errorf("a photo was turned away: %s", reply.Text)
		}
	}
	for range o.AtATime {
		if err := wait(); err != nil {
			return err
		}
	}
	return nil
}

// readBack makes sure that the store has a label for every photo: what was refused costs less.
func readBack(ctx context.Context, kept *store.Store, l *ledger, want int) error {
	ids := l.ids()
	if len(ids) != want {
		return fmt.Errorf("%d photos were answered, %d were sent", len(ids), want)
	}
	for _, id := range ids {
		c, err := kept.Case(ctx, id)
		if err != nil {
			return err
		}
		if c.Status != deepskin.Answered || c.Assessment == nil || c.Assessment.Refused() || len(c.Assessment.Diagnoses) != 7 {
			return fmt.Errorf("a photo got no label: it is %s, %+v", c.Status, c.Assessment)
		}
	}
	return nil
}

// A ledger notes when photos are queued and answered.
type ledger struct {
	mu       sync.Mutex
	begun    map[deepskin.CaseID]time.Time
	took     map[deepskin.CaseID]time.Duration
	answered func()
}

func (l *ledger) whenAnswered(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = f
}

func (l *ledger) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.begun)
	clear(l.took)
}

func (l *ledger) queue(id deepskin.CaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun[id] = time.Now()
}

func (l *ledger) answer(id deepskin.CaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[id] = time.Since(l.begun[id])
	l.answered()
}

func (l *ledger) ids() (ids []deepskin.CaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.took {
		ids = append(ids, id)
	}
	return ids
}

func (l *ledger) times() (times []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, took := range l.took {
		times = append(times, took)
	}
	return times
}

type watchedQueue struct {
	*queue.Queue
	ledger *ledger
}

func (q watchedQueue) PutPhoto(ctx context.Context, id deepskin.CaseID, photo []byte, ttl time.Duration) error {
	q.ledger.queue(id)
	return q.Queue.PutPhoto(ctx, id, photo, ttl)
}

type watchedStore struct {
	*store.Store
	ledger *ledger
}

func (s watchedStore) Answer(ctx context.Context, id deepskin.CaseID, a deepskin.Assessment) (bool, error) {
	won, err := s.Store.Answer(ctx, id, a)
	if won {
		s.ledger.answer(id)
	}
	return won, err
}

// A silent platform takes every message at once.
type silent struct{}

func (silent) Name() string    { return platform }
func (silent) Exclusive() bool { return false }

func (silent) Run(ctx context.Context, _ bot.Handler) error {
	<-ctx.Done()
	return nil
}

func (silent) Send(_ context.Context, to deepskin.Address, _ bot.Reply) (deepskin.Address, error) {
	to.Message = "answer to " + to.Message
	return to, nil
}

func (silent) Edit(context.Context, deepskin.Address, bot.Reply) error { return nil }
func (silent) Delete(context.Context, deepskin.Address) error          { return nil }

func (silent) Fetch(context.Context, string) ([]byte, error) { return nil, deepskin.ErrGone }
