package queue_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"deepskin/queue"
)

// servers are the two that everything here must work on.
var servers = []struct {
	name  string
	start func(testing.TB) string // returns a URL
}{
	{"miniredis", startMiniredis},
	{"redis", func(t testing.TB) string { return startRedis(t).url }},
}

// onBoth runs a test on either server, each with one of its own.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s.start(t))
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

// A redisServer is a real one, without persistence, on a loopback port of its own.
type redisServer struct {
	url  string
	port int
	stop func()
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	for range 5 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		s := &redisServer{url: fmt.Sprintf("redis://127.0.0.1:%d", port), port: port}
		serves := s.start(t)
		t.Cleanup(func() { s.stop() }) // here, so that a restarted one outlives its users as well
		if serves {
			return s
		}
	}
	t.Fatal("redis-server found no port")
	return nil
}

// start reports whether the server got its port; another may have been faster.
func (s *redisServer) start(t testing.TB) bool {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is not installed: run the project's set-up (make setup), or apt-get install redis-server")
	}
	server := exec.Command(path, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", t.TempDir())
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(exited)
	}()
	s.stop = func() {
		_ = server.Process.Kill()
		<-exited
	}
	rdb := client(t, s.url)
	self := fmt.Sprintf("process_id:%d\r\n", server.Process.Pid)
	serves := false
	waitFor(t, "redis-server to answer", func() bool {
		select {
		case <-exited:
			return true
		default:
		}
		serves = strings.Contains(rdb.Info(t.Context(), "server").Val(), self)
		return serves
	})
	return serves
}

// client looks into Redis past the queue.
func client(t testing.TB, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(options)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
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
