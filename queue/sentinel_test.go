package queue_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
	"deepskin/queue"
)

func TestAReplicaTakesOverFromADeadMaster(t *testing.T) {
	t.Parallel()
	// The Sentinel asks for another password than the servers.
	const data, watch = "hunter2/?", "hunter3@"
	master := startRedis(t, "--requirepass", data, "--masterauth", data, "--repl-diskless-sync-delay", "0")
	_, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := startRedis(t, "--requirepass", data, "--masterauth", data, "--replicaof", "127.0.0.1 "+port)
	sentinel := startSentinel(t, watch, data, port)
	url := fmt.Sprintf("redis+sentinel://:hunter2%%2F%%3F@127.0.0.1:1,%s/0?master_name=mymaster&sentinel_password=hunter3%%40", sentinel)
	q := open(t, queue.Config{URL: url, ClaimIdle: soon})
	work(t, q, 2, answer)
	answers := results(t, q)
	job := submit(t, q, newJob())
	if r := receive(t, answers); r.Case != job.Case || r.Assessment == nil {
		t.Fatalf("result %+v", r)
	}

	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	job = newJob()
	waitFor(t, "the replica to take a job", func() bool {
		return q.PutPhoto(t.Context(), job.Case, []byte("photo"), time.Hour) == nil && q.Enqueue(t.Context(), job) == nil
	})
	// What the failover lost, or gave out twice, is not this test's business.
	for r := (deepskin.Result{}); r.Case != job.Case; {
		r = receive(t, answers)
	}
	// The job went through the replica and nowhere else.
	rdb := redis.NewClient(&redis.Options{Addr: replica.Addr(), Password: data})
	defer rdb.Close()
	if n, err := rdb.Exists(t.Context(), "{deepskin}:jobs").Result(); err != nil || n != 1 {
		t.Errorf("%d jobs streams in the replica, %v; want 1", n, err)
	}
}

// startSentinel starts a Sentinel that decides by itself, waits until it knows of a replica that
// could take over, and returns its address.
func startSentinel(t *testing.T, password, dataPassword, masterPort string) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", port)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	settings := fmt.Sprintf(`port %s
bind 127.0.0.1
dir %q
requirepass %q
sentinel monitor mymaster 127.0.0.1 %s 1
sentinel auth-pass mymaster %q
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 2000
`, port, filepath.Dir(file), password, masterPort, dataPassword)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is not installed: run the project's set-up (make setup), or apt-get install redis-server")
	}
	server := exec.Command(path, file, "--sentinel")
	server.Stderr = os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})

	s := redis.NewSentinelClient(&redis.Options{Addr: address, Password: password})
	defer s.Close()
	waitFor(t, "the Sentinel to know a replica", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		replicas, err := s.Replicas(ctx, "mymaster").Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})
	return address
}
