package queue_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/queue"
)

// soon is a claim idle time for tests in which a job has to be handed out again.
const soon = 200 * time.Millisecond

func TestAJobOfADeadWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		// The connection of the first worker is closed under it, with the job in its hands.
		dead, err := queue.Open(t.Context(), queue.Config{URL: url, ClaimIdle: soon, DrainTimeout: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		begun, never := make(chan bool), make(chan bool)
		defer close(never)
		ended := make(chan error, 1)
		go func() {
			ended <- dead.Work(context.Background(), 2, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
				begun <- true
				<-never
				return queue.Outcome{}, errors.New("came back from the dead")
			})
		}()
		q := open(t, queue.Config{URL: url, ClaimIdle: soon})
		job := submit(t, q, newJob())
		receive(t, begun)
		if err := dead.Close(); err != nil {
			t.Fatal(err)
		}

		answers := results(t, q)
		work(t, q, 1, answer)
		if r := receive(t, answers); r.Case != job.Case || r.Assessment == nil {
			t.Errorf("result %+v", r)
		}
		if err := receive(t, ended); err == nil {
			t.Error("Work on a closed queue returned no error")
		}
		// The dead consumer goes as well, where the server tells how long it was silent.
		if strings.Contains(t.Name(), "miniredis") {
			return
		}
		rdb := client(t, url)
		waitFor(t, "the dead consumer to be deleted", func() bool {
			return len(rdb.XInfoConsumers(t.Context(), "{deepskin}:jobs", "workers").Val()) == 1
		})
	})
}

func TestALiveWorkerKeepsItsClaim(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, ClaimIdle: time.Second})
		begun, release := make(chan bool), make(chan bool)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- true
			<-release
			return answer(ctx, job, photo)
		})
		answers := results(t, q)
		submit(t, q, newJob())
		receive(t, begun)

		// The only worker has its hands full, so that a fall of the idle time is its own sign of life.
		rdb := client(t, url)
		var last time.Duration
		signs := 0
		waitFor(t, "three signs of life", func() bool {
			pending, err := rdb.XPendingExt(t.Context(), pendingJobs).Result()
			if err != nil || len(pending) != 1 {
				t.Fatalf("pending: %v, %v", pending, err)
			}
			if pending[0].RetryCount != 1 {
				t.Fatalf("a sign of life counts as delivery %d", pending[0].RetryCount)
			}
			if pending[0].Idle < last {
				signs++
			}
			last = pending[0].Idle
			return signs == 3
		})
		release <- true
		receive(t, answers)
	})
}

func TestAPoisonedJobBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]struct {
		handle handler
		cause  string
	}{
		"error": {
			func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
				return queue.Outcome{}, errors.New("run model: " + strings.Repeat("é", 1000))
			},
			"run model: éé",
		},
		"panic": {
			func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) { panic("index out of range") },
			"panic: index out of range",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onAll(t, func(t *testing.T, url string) {
				q := open(t, queue.Config{URL: url, ClaimIdle: soon})
				var tries atomic.Int32
				work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
					tries.Add(1)
					return poison.handle(ctx, job, photo)
				})
				answers := results(t, q)
				before := time.Now().Add(-time.Second)
				job := submit(t, q, newJob())

				r := receive(t, answers)
				if r.Case != job.Case || r.Assessment != nil || !strings.HasPrefix(r.Failure, poison.cause) || len(r.Failure) > 300 {
					t.Errorf("result %+v", r)
				}
				if n := tries.Load(); n != 3 {
					t.Errorf("%d tries, want 3", n)
				}
				letters, err := q.DeadLetters(t.Context(), 10)
				if err != nil || len(letters) != 1 {
					t.Fatalf("dead letters %+v, %v; want one", letters, err)
				}
				if l := letters[0]; l.Case != job.Case || l.Platform != platform || l.Cause != r.Failure || l.Deliveries != 3 || l.At.Before(before) {
					t.Errorf("dead letter %+v", l)
				}
				if hasPhoto(t, q, job.Case) {
					t.Error("the photo of a dead letter was kept")
				}
				if n := backlog(t, q); n != 0 {
					t.Errorf("backlog %d, want 0", n)
				}
			})
		})
	}
}

func TestAJobHandedOutTooOftenBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, ClaimIdle: soon, MaxDeliveries: 1, DrainTimeout: time.Millisecond})
		begun := make(chan bool)
		stop := work(t, q, 1, func(ctx context.Context, _ deepskin.Job, _ []byte) (queue.Outcome, error) {
			close(begun)
			<-ctx.Done()
			return queue.Outcome{}, ctx.Err()
		})
		job := submit(t, q, newJob())
		receive(t, begun)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		work(t, q, 1, answer)
		if r := receive(t, results(t, q)); r.Case != job.Case || r.Failure == "" {
			t.Errorf("result %+v, want a failure", r)
		}
		if letters, err := q.DeadLetters(t.Context(), 10); err != nil || len(letters) != 1 || letters[0].Deliveries != 2 {
			t.Errorf("dead letters %+v, %v", letters, err)
		}
	})
}

func TestDeadLettersAreBounded(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, MaxDeliveries: 1, DeadLetters: 2})
		work(t, q, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{}, errors.New("broken")
		})
		answers := results(t, q)
		var last deepskin.Job
		for range 4 {
			last = submit(t, q, newJob())
			receive(t, answers)
		}
		letters, err := q.DeadLetters(t.Context(), 10)
		if err != nil || len(letters) != 2 || letters[0].Case != last.Case {
			t.Errorf("dead letters %+v, %v; want the newest two", letters, err)
		}
	})
}

func TestAJobPastItsDeadlineIsDropped(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		work(t, q, 1, func(ctx context.Context, _ deepskin.Job, _ []byte) (queue.Outcome, error) {
			<-ctx.Done() // which must come with the deadline
			return queue.Outcome{}, ctx.Err()
		})
		answers := results(t, q)
		for name, left := range map[string]time.Duration{"before": -time.Second, "meanwhile": soon} {
			job := newJob()
			job.Deadline = time.Now().Add(left)
			submit(t, q, job)
			if r := receive(t, answers); r.Case != job.Case || r.Failure != queue.FailureExpired {
				t.Errorf("deadline passed %s: result %+v", name, r)
			}
			if hasPhoto(t, q, job.Case) {
				t.Errorf("deadline passed %s: the photo was kept", name)
			}
		}
		if letters, err := q.DeadLetters(t.Context(), 10); err != nil || len(letters) != 0 {
			t.Errorf("dead letters %+v, %v; want none", letters, err)
		}
	})
}

func TestAnEmptiedRedisGoesOn(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, ClaimIdle: soon})
		begun, release := make(chan bool), make(chan error)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- true
			if err := <-release; err != nil {
				return queue.Outcome{}, err
			}
			return answer(ctx, job, photo)
		})
		answers := results(t, q)

		// While nothing happens.
		submit(t, q, newJob())
		receive(t, begun)
		release <- nil
		receive(t, answers)
		flush(t, url)
		submit(t, q, newJob())
		receive(t, begun)
		release <- nil
		receive(t, answers)

		// While a photo is worked on: the answer still comes.
		job := submit(t, q, newJob())
		receive(t, begun)
		flush(t, url)
		release <- nil
		if r := receive(t, answers); r.Case != job.Case {
			t.Errorf("result %+v, want one of case %s", r, job.Case)
		}

		// With a job that fails after it, enqueued again by the sweep meanwhile.
		job = submit(t, q, newJob())
		receive(t, begun)
		flush(t, url)
		submit(t, q, job)
		release <- errors.New("broken")
		receive(t, begun)
		release <- nil
		if r := receive(t, answers); r.Case != job.Case || r.Assessment == nil {
			t.Errorf("result %+v", r)
		}
	})
}

func TestAFailureOfWhatAnEmptiedRedisForgotIsNotTold(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, MaxDeliveries: 1})
		begun, release := make(chan bool), make(chan error)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- true
			if err := <-release; err != nil {
				return queue.Outcome{}, err
			}
			return answer(ctx, job, photo)
		})
		job := submit(t, q, newJob())
		receive(t, begun)
		flush(t, url)
		submit(t, q, job) // as the sweep does
		release <- errors.New("broken")
		receive(t, begun)
		release <- nil
		if r := receive(t, results(t, q)); r.Case != job.Case || r.Assessment == nil {
			t.Errorf("result %+v, want the second job's assessment", r)
		}
	})
}

func TestARestartedRedisGoesOn(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	log, lines := capture()
	q := open(t, queue.Config{URL: server.url, ClaimIdle: soon, Logger: log})
	work(t, q, 1, answer)
	answers := results(t, q)
	submit(t, q, newJob())
	receive(t, answers)
	waitFor(t, "the worker's hands to be free", func() bool { return backlog(t, q) == 0 })

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	const outage, over = "Redis does not serve", "Redis serves again"
	waitFor(t, "the outage to be logged", func() bool { return strings.Count(lines(), outage) >= 2 })
	if err := q.Enqueue(t.Context(), newJob()); err == nil || errors.Is(err, deepskin.ErrBusy) {
		t.Errorf("enqueue without Redis: %v", err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end of the outage to be logged", func() bool { return strings.Count(lines(), over) >= 2 })
	job := submit(t, q, newJob())
	if r := receive(t, answers); r.Case != job.Case {
		t.Errorf("result %+v", r)
	}
	// One line each of the worker's loop and of the results'.
	if n := strings.Count(lines(), outage); n != 2 {
		t.Errorf("the outage was logged %d times, want 2:\n%s", n, lines())
	}
}
