package queue_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
	"deepskin/queue"
)

var pendingJobs = &redis.XPendingExtArgs{Stream: "{deepskin}:jobs", Group: "workers", Start: "-", End: "+", Count: 10}

func TestWorkersShareTheJobs(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		// Each takes one job and no more while it works, so both have to.
		begun, release := make(chan int), make(chan bool)
		for i := range 2 {
			work(t, open(t, queue.Config{URL: url}), 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
				begun <- i
				<-release
				return answer(ctx, job, photo)
			})
		}
		q := open(t, queue.Config{URL: url})
		answers := results(t, q)
		for range 3 {
			submit(t, q, newJob())
		}
		if a, b := receive(t, begun), receive(t, begun); a == b {
			t.Errorf("worker %d took two jobs at a time", a)
		}
		if pending := client(t, url).XPendingExt(t.Context(), pendingJobs).Val(); len(pending) != 2 {
			t.Errorf("%d jobs claimed, want 2: one is waiting", len(pending))
		}
		if n := backlog(t, q); n != 3 {
			t.Errorf("backlog %d, want 3", n)
		}
		close(release)
		receive(t, begun)
		for range 3 {
			receive(t, answers)
		}
	})
}

func TestWorkDrains(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		begun, release := make(chan bool), make(chan bool)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			done <- q.Work(ctx, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
				begun <- true
				<-release
				if err := ctx.Err(); err != nil {
					return queue.Outcome{}, err
				}
				return answer(ctx, job, photo)
			})
		}()
		first, second := submit(t, q, newJob()), submit(t, q, newJob())
		receive(t, begun)
		cancel()
		select {
		case err := <-done:
			t.Fatalf("Work returned %v with a job in its hands", err)
		case <-time.After(50 * time.Millisecond):
		}
		close(release)
		if err := receive(t, done); err != nil {
			t.Errorf("Work: %v", err)
		}
		answers := results(t, q)
		if r := receive(t, answers); r.Case != first.Case || r.Assessment == nil {
			t.Errorf("result %+v, want the first case's", r)
		}
		if n := backlog(t, q); n != 1 || !hasPhoto(t, q, second.Case) {
			t.Errorf("backlog %d, want the second job", n)
		}
	})
}

func TestADrainThatTakesTooLongLeavesTheJobToOthers(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, ClaimIdle: soon, DrainTimeout: 20 * time.Millisecond})
		begun := make(chan bool)
		stop := work(t, q, 1, func(ctx context.Context, _ deepskin.Job, _ []byte) (queue.Outcome, error) {
			begun <- true
			<-ctx.Done()
			return queue.Outcome{}, ctx.Err()
		})
		job := submit(t, q, newJob())
		receive(t, begun)
		if err := stop(); err != nil {
			t.Errorf("Work: %v", err)
		}
		if n := backlog(t, q); n != 1 {
			t.Fatalf("backlog %d, want 1", n)
		}
		work(t, q, 1, answer)
		if r := receive(t, results(t, q)); r.Case != job.Case || r.Assessment == nil {
			t.Errorf("result %+v", r)
		}
	})
}

func TestAResultIsHandedOutUntilItIsHandled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func() error{
		"error": func() error { return errors.New("the platform is away") },
		"panic": func() error { panic("nil map") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onAll(t, func(t *testing.T, url string) {
				q := open(t, queue.Config{URL: url, ClaimIdle: soon})
				work(t, q, 1, answer)
				handled := make(chan deepskin.CaseID, 10)
				var tries atomic.Int32
				background(t, func(ctx context.Context) error {
					return q.Results(ctx, platform, func(_ context.Context, r deepskin.Result) error {
						if tries.Add(1) < 5 {
							return fault()
						}
						handled <- r.Case
						return nil
					})
				})
				job := submit(t, q, newJob())
				if got := receive(t, handled); got != job.Case {
					t.Errorf("case %s, want %s", got, job.Case)
				}
				rdb := client(t, url)
				waitFor(t, "the result to be deleted", func() bool {
					return rdb.XLen(t.Context(), "{deepskin}:results:"+platform).Val() == 0
				})
			})
		})
	}
}

func TestBotsShareTheResultsOfTheirPlatform(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		handled := make(chan deepskin.CaseID, 100)
		for range 2 {
			q := open(t, queue.Config{URL: url})
			background(t, func(ctx context.Context) error {
				return q.Results(ctx, platform, func(_ context.Context, r deepskin.Result) error {
					handled <- r.Case
					return nil
				})
			})
		}
		q := open(t, queue.Config{URL: url})
		work(t, q, 4, answer)
		other := newJob()
		other.Platform = "other"
		submit(t, q, other)
		seen := map[deepskin.CaseID]int{}
		for range 20 {
			submit(t, q, newJob())
		}
		for range 20 {
			seen[receive(t, handled)]++
		}
		if len(seen) != 20 || seen[other.Case] != 0 {
			t.Errorf("%d different cases, want the platform's 20, each once", len(seen))
		}
		rdb := client(t, url)
		waitFor(t, "the results to be deleted", func() bool {
			return rdb.XLen(t.Context(), "{deepskin}:results:"+platform).Val() == 0
		})
		if n := rdb.XLen(t.Context(), "{deepskin}:results:other").Val(); n != 1 {
			t.Errorf("the other platform has %d results, want 1", n)
		}
	})
}
