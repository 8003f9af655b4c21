package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/semaphore"

	"deepskin"
)

// blockLimit bounds how long a read waits in Redis, and so how long an idle loop takes to end.
const blockLimit = 250 * time.Millisecond

// How long to wait after an error of Redis: from the first to the second, doubling.
const (
	minBackoff = 50 * time.Millisecond
	maxBackoff = 2 * time.Second
)

// An entry is what a consumer takes from a stream.
type entry struct {
	id      string
	payload string
	// deliveries is how often the entry has been handed out, this time included.
	deliveries int
}

// A consumer takes entries from a stream in the name of a group, as many at a time as it can work
// on, and takes over those of which nothing was heard for too long.
type consumer struct {
	q           *Queue
	stream      string
	group       string
	name        string
	concurrency int
	// do works on an entry and acknowledges it. What it leaves is handed out again.
	do func(ctx context.Context, e entry)
	// lastTry is the delivery that do has to itself if it is not the first; zero means none.
	lastTry int

	// The rest belongs to run's goroutine.
	nextTakeOver time.Time
	nextSweep    time.Time
	outage       bool
	backoff      time.Duration
}

func (q *Queue) newConsumer(stream, group string, concurrency int, do func(context.Context, entry)) *consumer {
	return &consumer{q: q, stream: stream, group: group, name: rand.Text(), concurrency: concurrency, do: do}
}

// run takes entries until ctx ends, lets those it holds finish, and returns nil. It returns an
// error only where the queue was closed under it.
func (c *consumer) run(ctx context.Context) error {
	// Work on hand outlives ctx, until it is done or the drain takes too long.
	work, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var busy sync.WaitGroup
	all := int64(c.concurrency)
	slots := semaphore.NewWeighted(all)

	var err error
	for err == nil && slots.Acquire(ctx, 1) == nil {
		var e entry
		var ok bool
		if e, ok, err = c.next(ctx); !ok {
			slots.Release(1)
			continue
		}
		alone := e.deliveries > 1 && e.deliveries == c.lastTry
		done := make(chan struct{})
		busy.Go(func() {
			defer close(done)
			defer slots.Release(1)
			defer c.keep(work, e.id)()
			if alone {
				if slots.Acquire(work, all-1) != nil {
					return
				}
				defer slots.Release(all - 1)
			}
			c.do(work, e)
		})
		if alone { // take nothing until it is done
			select {
			case <-done:
			case <-ctx.Done():
			}
		}
	}

	done := make(chan struct{})
	go func() {
		busy.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(c.q.config.DrainTimeout):
		c.q.log.WarnContext(ctx, "work on hand took too long to finish; leaving it to others", "stream", c.stream)
		giveUp()
		// Only a moment: what does not heed its context must not keep the process.
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
	c.leave(ctx)
	return err
}

// next returns an entry to work on, or false where there was none for a while. An error of Redis
// is told once, waited on and not returned, unless the queue was closed.
func (c *consumer) next(ctx context.Context) (entry, bool, error) {
	e, ok, err := c.fetch(ctx)
	if groupIsGone(err) {
		// New, or emptied: whatever is in the stream was not handed out by this group.
		e, ok, err = entry{}, false, c.createGroup(ctx)
	}
	switch {
	case err == nil:
		if c.outage {
			c.q.log.InfoContext(ctx, "Redis serves again", "stream", c.stream)
		}
		c.outage, c.backoff = false, 0
		return e, ok, nil
	case errors.Is(err, redis.ErrClosed):
		return entry{}, false, fmt.Errorf("read %s: %w", c.stream, err)
	case ctx.Err() != nil:
		return entry{}, false, nil
	}
	if !c.outage {
		c.q.log.ErrorContext(ctx, "Redis does not serve; trying until it does", "stream", c.stream, "err", err)
	}
	c.outage = true
	c.backoff = min(max(minBackoff, 2*c.backoff), maxBackoff)
	sleep(ctx, c.backoff)
	return entry{}, false, nil
}

func (c *consumer) fetch(ctx context.Context) (entry, bool, error) {
	if time.Now().After(c.nextSweep) {
		if err := c.sweep(ctx); err != nil {
			return entry{}, false, err
		}
		c.nextSweep = time.Now().Add(c.goneAfter())
	}
	if time.Now().After(c.nextTakeOver) {
		e, ok, err := c.takeOver(ctx)
		if err != nil || ok {
			return e, ok, err
		}
		c.nextTakeOver = time.Now().Add(c.pause())
	}
	return c.read(ctx)
}

// read waits a while for a fresh entry. A context that ends does not interrupt it: an entry that
// comes until then is worked on like any other.
func (c *consumer) read(ctx context.Context) (entry, bool, error) {
	streams, err := c.q.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group:    c.group,
		Consumer: c.name,
		Streams:  []string{c.stream, ">"},
		Count:    1,
		Block:    min(c.pause(), blockLimit),
	}).Result()
	if errors.Is(err, redis.Nil) {
		return entry{}, false, nil
	}
	if err != nil {
		return entry{}, false, err
	}
	for _, s := range streams {
		for _, m := range s.Messages {
			return newEntry(m, 1), true, nil
		}
	}
	return entry{}, false, nil
}

func newEntry(m redis.XMessage, deliveries int) entry {
	payload, _ := m.Values[payloadField].(string)
	return entry{id: m.ID, payload: payload, deliveries: deliveries}
}

// pause is how often entries to take over are looked for.
func (c *consumer) pause() time.Duration {
	// A read must not be told to block for zero milliseconds: it would for ever.
	return max(c.q.config.ClaimIdle/5, 10*time.Millisecond)
}

// createGroup makes the group and, where it is missing, the stream.
func (c *consumer) createGroup(ctx context.Context) error {
	err := c.q.rdb.XGroupCreateMkStream(ctx, c.stream, c.group, "0").Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") {
		return nil // another was faster
	}
	return err
}

// groupIsGone tells a Redis that came back empty, also under a read that was waiting.
func groupIsGone(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// acknowledge takes an entry off the stream for good.
func (c *consumer) acknowledge(ctx context.Context, id string) error {
	_, err := c.q.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAck(ctx, c.stream, c.group, id)
		p.XDel(ctx, c.stream, id)
		return nil
	})
	return err
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// safely calls f, which is about a case, and turns a panic into an error.
func (q *Queue) safely(ctx context.Context, id deepskin.CaseID, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.log.ErrorContext(ctx, "panic", "case", id, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
