package queue_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"deepskin"
	"deepskin/queue"
)

func expectedWait(t testing.TB, q *queue.Queue) time.Duration {
	t.Helper()
	wait, err := q.ExpectedWait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// millis writes a time as the reports have it.
func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

func TestExpectedWaitFollowsTheReports(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		for range 10 {
			submit(t, q, newJob())
		}
		if wait := expectedWait(t, q); wait != 0 {
			t.Errorf("without workers: %v, want 0", wait)
		}
		rdb := client(t, url)
		now, err := rdb.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		live := " " + millis(now.Add(time.Hour))
		for _, report := range []struct {
			name, report string
			want         time.Duration
		}{
			{"that has done nothing yet", "8 0.000" + live, 0},
			{"with two slots, 10 jobs/s each", "2 100.000" + live, 500 * time.Millisecond},
			{"with one slot, 20 jobs/s", "1 50.000" + live, 250 * time.Millisecond},
			{"that died", "100 1.000 " + millis(now.Add(-time.Second)), 250 * time.Millisecond},
		} {
			if err := rdb.HSet(t.Context(), "{deepskin}:workers", report.name, report.report).Err(); err != nil {
				t.Fatal(err)
			}
			if wait := expectedWait(t, q); wait != report.want {
				t.Errorf("with another worker %s: %v, want %v", report.name, wait, report.want)
			}
		}
	})
}

func TestWorkersReportThemselves(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, ClaimIdle: soon})
		const slots, took = 2, 50 * time.Millisecond
		begun, release := make(chan bool, slots), make(chan bool)
		stop := work(t, q, slots, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			time.Sleep(took)
			begun <- true
			<-release
			return answer(ctx, job, photo)
		})
		answers := results(t, q)
		submit(t, q, newJob())
		receive(t, begun)
		if wait := expectedWait(t, q); wait != 0 {
			t.Errorf("before the first job is done: %v, want 0", wait)
		}
		release <- true
		receive(t, answers)

		// An idle worker keeps what it knows, longer than a report counts.
		time.Sleep(4 * soon)
		const jobs = 10
		for range jobs {
			submit(t, q, newJob())
		}
		for range slots {
			receive(t, begun)
		}
		least := jobs * took / slots
		waitFor(t, "the pace to count", func() bool { return expectedWait(t, q) >= least })
		if wait := expectedWait(t, q); wait > patience {
			t.Errorf("expected wait %v for %d jobs", wait, jobs)
		}

		// A worker that drains takes no more, and is gone at once after it.
		close(release)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		submit(t, q, newJob())
		if wait := expectedWait(t, q); wait != 0 {
			t.Errorf("after a clean stop: %v, want 0", wait)
		}
	})
}

func TestReportsOfADeadWorkerCountNoMore(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		dead, err := queue.Open(t.Context(), queue.Config{URL: url, ClaimIdle: soon})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		first := true
		go func() {
			ended <- dead.Work(context.Background(), 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
				if first {
					first = false
					return answer(ctx, job, photo)
				}
				return queue.Outcome{}, errors.New("broken")
			})
		}()
		q := open(t, queue.Config{URL: url})
		answers := results(t, q)
		submit(t, q, newJob())
		receive(t, answers)
		waitFor(t, "the pace to count", func() bool {
			submit(t, q, newJob())
			return expectedWait(t, q) > 0
		})
		if err := dead.Close(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the dead worker's report to run out", func() bool {
			return backlog(t, q) > 0 && expectedWait(t, q) == 0
		})
		if err := receive(t, ended); err == nil {
			t.Error("Work on a closed queue returned no error")
		}
		// All reports have run out, and so has their key.
		rdb := client(t, url)
		waitFor(t, "the reports to be deleted", func() bool {
			return rdb.Exists(t.Context(), "{deepskin}:workers").Val() == 0
		})
	})
}

func TestExpectedWaitNeedsRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	q := open(t, queue.Config{URL: server.url + impatient})
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if wait, err := q.ExpectedWait(t.Context()); err == nil {
		t.Errorf("without Redis: %v and no error", wait)
	}
}
