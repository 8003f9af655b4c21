// Package queue is all that DeepSkin keeps in Redis: jobs on their way to the workers, results on
// their way back, photos in transit and rate limits. Nothing here has to last: the store keeps the
// promise to the user, and Redis may come back empty at any time.
//
// A job or a result may arrive twice, after a lost answer or a stalled worker, and whoever takes
// it must tolerate that.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"deepskin/internal/tracing"
)

// A Config says where Redis is and how much may be in it.
type Config struct {
	// URL names a Redis server as redis://user:password@host:port/0 or unix://path, one behind
	// Sentinels as redis+sentinel://user:password@host:port,host:port/0?master_name=name, or a
	// Redis Cluster as redis+cluster://user:password@host:port,host:port; with rediss instead of
	// redis over TLS. The hosts are those of the Sentinels, or some nodes of the cluster. The user
	// is that of the servers with the data; Sentinels that ask for one as well get the parameters
	// sentinel_username and sentinel_password. Empty starts a Redis inside this process, which
	// forgets everything when the process ends.
	URL string
	// StartTimeout is how long Open keeps trying while Redis is not up yet or still reads its
	// files. Zero means one try.
	StartTimeout time.Duration
	// CopyTTL is how long a reduced copy is held after the answer. Zero means 24 hours.
	CopyTTL time.Duration
	// CopyBytes is how many bytes of reduced copies are held; beyond it the oldest go early, so
	// that they never take the room of photos that wait. Zero means 16 MB for the Redis inside
	// this process and 512 MB for a server.
	CopyBytes int
	// Backlog is how many jobs may be waiting or being worked on. Zero means 1,000.
	Backlog int
	// PhotosPerMinute is how many photos a sender may send in a minute. Zero means any number.
	PhotosPerMinute int
	// PhotosPerDay is how many photos a sender may send in 24 hours. Zero means any number.
	PhotosPerDay int
	// PhotosPerChatMinute is how many photos all in one chat may send in a minute together. Zero means
	// any number.
	PhotosPerChatMinute int
	// PhotosPerNetworkMinute is how many photos may come from one IP address, or one /64 network of
	// IPv6, in a minute, where that is known. Zero means any number.
	PhotosPerNetworkMinute int
	// PhotosPerNetworkDay is how many in 24 hours. Zero means any number.
	PhotosPerNetworkDay int
	// PhotosPerMinuteInAll is how many photos everybody may send in a minute together. Zero means any
	// number: then only Backlog, and how long a photo would wait, bound what is taken.
	PhotosPerMinuteInAll int
	// Secret keys the hash under which senders are counted; all bot processes need the same. It
	// may be empty only where no limit on photos is set.
	Secret []byte
	// DeadLetters is how many dead letters are kept, the newest ones. Zero means 1,000.
	DeadLetters int
	// ClaimIdle is how long nothing must be heard of a worker until another takes its job. Zero
	// means 5 seconds.
	ClaimIdle time.Duration
	// MaxDeliveries is how often a job is tried before it becomes a dead letter. Zero means 3.
	MaxDeliveries int
	// DrainTimeout is how long Work and Results let what they hold finish after their context
	// has ended. Zero means 20 seconds.
	DrainTimeout time.Duration
	// Metrics is where the metrics are registered until Close; it takes those of one Queue only.
	// Nil means nowhere.
	Metrics prometheus.Registerer
	// Tracer begins the spans of jobs and results; the zero value begins none.
	Tracer tracing.Tracer
	// Logger is where outages and failed jobs are told. Nil means nowhere.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	setDefault(&c.CopyTTL, 24*time.Hour)
	setDefault(&c.Backlog, 1000)
	setDefault(&c.DeadLetters, 1000)
	setDefault(&c.ClaimIdle, 5*time.Second)
	setDefault(&c.MaxDeliveries, 3)
	setDefault(&c.DrainTimeout, 20*time.Second)
	if c.URL == "" {
		setDefault(&c.CopyBytes, 16<<20)
	}
	setDefault(&c.CopyBytes, 512<<20)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) check() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"start timeout", int64(c.StartTimeout)},
		{"copy TTL", int64(c.CopyTTL)},
		{"bytes of copies", int64(c.CopyBytes)},
		{"backlog", int64(c.Backlog)},
		{"photos per minute", int64(c.PhotosPerMinute)},
		{"photos per day", int64(c.PhotosPerDay)},
		{"photos per minute and chat", int64(c.PhotosPerChatMinute)},
		{"photos per minute and network", int64(c.PhotosPerNetworkMinute)},
		{"photos per day and network", int64(c.PhotosPerNetworkDay)},
		{"photos per minute in all", int64(c.PhotosPerMinuteInAll)},
		{"dead letters", int64(c.DeadLetters)},
		{"claim idle time", int64(c.ClaimIdle)},
		{"deliveries", int64(c.MaxDeliveries)},
		{"drain timeout", int64(c.DrainTimeout)},
	} {
		if f.value < 0 {
			return fmt.Errorf("queue: %s must not be negative", f.name)
		}
	}
	if c.limited() && len(c.Secret) == 0 {
		return errors.New("queue: a rate limit needs a secret to hash senders with")
	}
	return nil
}

// limited reports whether photos are counted at all.
func (c Config) limited() bool {
	return c.PhotosPerMinute > 0 || c.PhotosPerDay > 0 || c.PhotosPerChatMinute > 0 ||
		c.PhotosPerNetworkMinute > 0 || c.PhotosPerNetworkDay > 0 || c.PhotosPerMinuteInAll > 0
}

// A Queue is a connection to Redis. Its methods may be called at the same time.
type Queue struct {
	config   Config
	log      *slog.Logger
	rdb      redis.UniversalClient
	embedded *miniredis.Miniredis // nil where a server was named
	metrics  *metrics
	// registered says that the metrics in the registry are this queue's.
	registered bool
}

// Open connects to the Redis that config names and makes sure that it answers. No error of it
// repeats the URL, which may hold a password. It is an error where the registry has the metrics of
// another Queue.
func Open(ctx context.Context, config Config) (*Queue, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	// The library's own lines repeat every failed try; outages are told once, by us.
	logging.Disable()

	q := &Queue{config: config, log: config.Logger}
	q.metrics = newMetrics(q.state)
	if config.URL == "" {
		q.embedded = miniredis.NewMiniRedis()
		q.embedded.ClockTTL(true)
		q.rdb = inMemory(q.embedded)
	} else {
		var err error
		if q.rdb, err = connect(config.URL); err != nil {
			return nil, err
		}
	}
	if err := q.await(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	if config.Metrics != nil {
		if err := config.Metrics.Register(q.metrics); err != nil {
			return nil, errors.Join(fmt.Errorf("queue: register metrics: %w", err), q.Close())
		}
		q.registered = true
	}
	q.warnOfEviction(ctx)
	return q, nil
}

// await returns once Redis serves, or an error after the start timeout.
func (q *Queue) await(ctx context.Context) error {
	if q.config.StartTimeout == 0 {
		return q.Ping(ctx)
	}
	told := false
	return persist(ctx, q.config.StartTimeout, func(ctx context.Context) error {
		err := q.Ping(ctx)
		if err != nil && !told {
			q.log.WarnContext(ctx, "Redis does not serve yet; trying until it does", "err", err)
			told = true
		}
		return err
	})
}

// Close gives up the connection, and with it an embedded Redis and all that is in it. Work and
// Results must have returned.
func (q *Queue) Close() error {
	if q.registered {
		q.config.Metrics.Unregister(q.metrics)
	}
	err := q.rdb.Close()
	if q.embedded != nil {
		q.embedded.Close()
	}
	if err != nil {
		return fmt.Errorf("close Redis connection: %w", err)
	}
	return nil
}

// Ping returns an error unless Redis answers.
func (q *Queue) Ping(ctx context.Context) error {
	// In a cluster any node would answer PING; this one has to have our keys.
	if err := q.rdb.Exists(ctx, jobsStream).Err(); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// warnOfEviction tells operators of a Redis that drops photos and jobs when its memory is full,
// instead of refusing new ones. Servers that do not say how they are set up are believed.
func (q *Queue) warnOfEviction(ctx context.Context) {
	var server redis.Cmdable = q.rdb
	if cluster, ok := q.rdb.(*redis.ClusterClient); ok {
		node, err := cluster.MasterForKey(ctx, jobsStream)
		if err != nil {
			return
		}
		server = node
	}
	info, err := server.Info(ctx, "memory").Result()
	if err != nil {
		return
	}
	policy, limited := "", false
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "maxmemory_policy":
			policy = value
		case "maxmemory":
			limited = value != "0"
		}
	}
	if limited && policy != "noeviction" {
		q.log.WarnContext(ctx, "Redis drops photos and jobs when its memory is full; set maxmemory-policy to noeviction", "policy", policy)
	}
}
