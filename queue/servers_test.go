package queue_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"deepskin/internal/servers"
	"deepskin/queue"
)

// kinds are those of Redis that everything here must work on.
var kinds = []struct {
	name  string
	start func(testing.TB) string // returns a URL
}{
	{"miniredis", startMiniredis},
	{"redis", func(t testing.TB) string { return startRedis(t).url }},
	{"cluster", useCluster},
}

// onAll runs a test on each kind, empty and with nobody else there.
func onAll(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			test(t, kind.start(t))
		})
	}
}

func startMiniredis(t testing.TB) string {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	m.ClockTTL(true)
	t.Cleanup(m.Close)
	return "redis://" + m.Addr()
}

// A redisServer is a real one, without persistence.
type redisServer struct {
	*servers.Redis
	url string
}

func startRedis(t testing.TB, args ...string) redisServer {
	t.Helper()
	r := servers.NewRedis(t, args...)
	return redisServer{r, "redis://" + r.Addr()}
}

// client looks into Redis past the queue.
func client(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	var rdb redis.UniversalClient
	if address, ok := strings.CutPrefix(url, "redis+cluster://"); ok {
		rdb = redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{address}})
	} else {
		options, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		rdb = redis.NewClient(options)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// onNodes runs a command that names no key on every node.
func onNodes(t testing.TB, url string, run func(ctx context.Context, node redis.Cmdable) error) {
	t.Helper()
	rdb := client(t, url)
	var err error
	if cluster, ok := rdb.(*redis.ClusterClient); ok {
		var lock sync.Mutex // the nodes are asked at the same time
		err = cluster.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
			lock.Lock()
			defer lock.Unlock()
			return run(ctx, node)
		})
	} else {
		err = run(t.Context(), rdb)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// flush empties Redis.
func flush(t testing.TB, url string) {
	t.Helper()
	onNodes(t, url, func(ctx context.Context, node redis.Cmdable) error { return node.FlushAll(ctx).Err() })
}

// allKeys returns all that is in Redis.
func allKeys(t testing.TB, url string) (keys []string) {
	t.Helper()
	onNodes(t, url, func(ctx context.Context, node redis.Cmdable) error {
		some, err := node.Keys(ctx, "*").Result()
		keys = append(keys, some...)
		return err
	})
	return keys
}

func open(t testing.TB, config queue.Config) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// background runs f until the test ends, or until the returned function is called, which waits
// for f and returns its error.
func background(t testing.TB, f func(context.Context) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return receive(t, done)
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return stop
}

// patience is how long anything may take on a machine that is busy with other things.
const patience = 30 * time.Second

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
