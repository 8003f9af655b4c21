package queue_test

import (
	"context"
	"errors"
	"testing"

	"deepskin"
	"deepskin/queue"
)

func TestHeldJobsNameTheirWorker(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		if held, err := q.Held(t.Context(), 10); err != nil || len(held) != 0 {
			t.Errorf("an empty Redis holds %+v, %v", held, err)
		}
		first, second := submit(t, q, newJob()), submit(t, q, newJob())
		begun, release := make(chan deepskin.CaseID), make(chan bool)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- job.Case
			<-release
			return answer(ctx, job, photo)
		})
		for _, job := range []deepskin.Job{first, second} {
			if got := receive(t, begun); got != job.Case {
				t.Fatalf("the worker has %s, want %s", got, job.Case)
			}
			held, err := q.Held(t.Context(), 10)
			if err != nil || len(held) != 1 {
				t.Fatalf("held %+v, %v; want one", held, err)
			}
			h := held[0]
			if h.Case != job.Case || h.Platform != platform || h.Worker == "" || h.Deliveries != 1 || h.Silent < 0 || h.Silent > patience {
				t.Errorf("held %+v", h)
			}
			waitFor(t, "the load is known", func() bool {
				load, err := q.Load(t.Context())
				return err == nil && load.Jobs > 0 && load.Workers == 1 && load.Oldest >= 0
			})
			release <- true
		}
		receive(t, results(t, q))
	})
}

func TestDeadLettersAreDropped(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, MaxDeliveries: 1})
		work(t, q, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{}, errors.New("broken")
		})
		answers := results(t, q)
		for range 3 {
			submit(t, q, newJob())
			receive(t, answers)
		}
		letters, err := q.DeadLetters(t.Context(), 10)
		if err != nil || len(letters) != 3 {
			t.Fatalf("dead letters %+v, %v; want 3", letters, err)
		}
		for _, test := range []struct {
			drop []queue.DeadLetter
			want int
		}{{nil, 0}, {letters[:1], 1}, {letters, 2}} {
			if n, err := q.DropDeadLetters(t.Context(), test.drop...); err != nil || n != test.want {
				t.Errorf("dropped %d, %v; want %d", n, err, test.want)
			}
		}
		if load, err := q.Load(t.Context()); err != nil || load.Jobs != 0 || load.Oldest != 0 || load.DeadLetters != 0 {
			t.Errorf("load %+v, %v; want nothing left", load, err)
		}
	})
}
