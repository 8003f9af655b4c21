package queue_test

import (
	"strings"
	"testing"
	"time"

	"deepskin/queue"
)

// impatient keeps the client itself from trying again.
const impatient = "?max_retries=-1"

func TestOpenWaitsForRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t, "--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024")
	// So many keys that loading them, a tenth of a second each, would take too long.
	rdb := client(t, server.url)
	for range 10 * patience / time.Second {
		if err := rdb.Set(t.Context(), string(newJob().Case), make([]byte, 2000), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.ConfigSet(t.Context(), "rdbcompression", "no").Err(); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}

	// Not up.
	log, lines := capture()
	type opened struct {
		q   *queue.Queue
		err error
	}
	waiting := make(chan opened, 1)
	go func() {
		q, err := queue.Open(t.Context(), queue.Config{URL: server.url + impatient, StartTimeout: 2 * patience, Logger: log})
		waiting <- opened{q, err}
	}()
	waitFor(t, "the absence to be logged", func() bool { return strings.Contains(lines(), "Redis does not serve yet") })

	// Loading.
	started := make(chan error, 1)
	go func() { started <- server.Start(t.Context()) }()
	waitFor(t, "Redis to be loading", func() bool {
		q, err := queue.Open(t.Context(), queue.Config{URL: server.url + impatient})
		if err == nil {
			t.Fatal("opened a Redis that is loading", q.Close())
		}
		return strings.Contains(err.Error(), "LOADING")
	})
	select {
	case o := <-waiting:
		t.Fatalf("opened a Redis that is loading, or gave up: %v", o.err)
	default:
	}
	if err := rdb.ConfigSet(t.Context(), "key-load-delay", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, started); err != nil {
		t.Fatal(err)
	}
	o := receive(t, waiting)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if err := o.q.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenGivesUpAfterTheStartTimeout(t *testing.T) {
	t.Parallel()
	q, err := queue.Open(t.Context(), queue.Config{URL: "redis://:hunter2@127.0.0.1:1" + impatient, StartTimeout: 3 * time.Second})
	if err == nil {
		t.Fatal("opened", q.Close())
	}
	if !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want the reason and not the password", err)
	}
}
