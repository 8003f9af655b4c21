package queue

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// takeOver claims an entry of which nothing was heard for the claim idle time: its consumer died,
// or its handling failed.
func (c *consumer) takeOver(ctx context.Context) (entry, bool, error) {
	// Redis looks at a few entries per call and says where to go on.
	for cursor := "0-0"; ; {
		messages, next, err := c.q.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream:   c.stream,
			Group:    c.group,
			Consumer: c.name,
			MinIdle:  c.q.config.ClaimIdle,
			Start:    cursor,
			Count:    1,
		}).Result()
		if err != nil {
			return entry{}, false, err
		}
		if len(messages) > 0 {
			deliveries, err := c.deliveries(ctx, messages[0].ID)
			return newEntry(messages[0], deliveries), err == nil, err
		}
		if next == "0-0" {
			return entry{}, false, nil
		}
		cursor = next
	}
}

// deliveries returns how often an entry that this consumer has just claimed was handed out.
func (c *consumer) deliveries(ctx context.Context, id string) (int, error) {
	pending, err := c.q.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: c.stream, Group: c.group, Start: id, End: id, Count: 1,
	}).Result()
	if err != nil {
		return 0, err
	}
	if len(pending) == 0 {
		return 1, nil // a slow holder has acknowledged it in between; doing it again does no harm
	}
	return int(pending[0].RetryCount), nil
}

// keepScript resets the idle time of an entry unless another consumer has it. The count is passed
// on because not every server leaves it alone under JUSTID.
var keepScript = redis.NewScript(`
local stream, group, consumer, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local pending = redis.call('XPENDING', stream, group, id, id, 1, consumer)
if #pending == 0 then return 0 end
redis.call('XCLAIM', stream, group, consumer, 0, id, 'RETRYCOUNT', pending[1][4], 'JUSTID')
return 1
`)

// keep tells the others that an entry is being worked on, until the returned function is called.
func (c *consumer) keep(ctx context.Context, id string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(max(c.q.config.ClaimIdle/3, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				// On an error the next tick tries again, and at worst the entry is worked on
				// twice. The reading loop tells of outages.
				_ = keepScript.Run(ctx, c.q.rdb, []string{c.stream}, c.group, c.name, id).Err()
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

// dismissScript deletes a consumer unless it holds entries: those would be lost with it.
var dismissScript = redis.NewScript(`
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
if #redis.call('XPENDING', stream, group, '-', '+', 1, consumer) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)
return 1
`)

func (c *consumer) dismiss(ctx context.Context, name string) error {
	return dismissScript.Run(ctx, c.q.rdb, []string{c.stream}, c.group, name).Err()
}

// leave deletes this consumer after ctx has ended. Where that fails, or it still holds entries, a
// sweep of another does it later.
func (c *consumer) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.dismiss(ctx, c.name)
}

// goneAfter is how long a consumer must have been silent for a sweep to delete it. One that was
// only stalled comes back by reading.
func (c *consumer) goneAfter() time.Duration { return 12 * c.q.config.ClaimIdle }

// sweep deletes consumers that died and whose entries others have taken over.
func (c *consumer) sweep(ctx context.Context) error {
	consumers, err := c.q.rdb.XInfoConsumers(ctx, c.stream, c.group).Result()
	if err != nil {
		if redis.HasErrorPrefix(err, "no such key") {
			return c.createGroup(ctx)
		}
		return err
	}
	for _, other := range consumers {
		if other.Name != c.name && other.Pending == 0 && other.Idle > c.goneAfter() {
			if err := c.dismiss(ctx, other.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
