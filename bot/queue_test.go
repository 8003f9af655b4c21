package bot_test

import (
	"context"
	"strconv"
	"sync"
	"time"

	"deepskin"
)

// A memQueue is a Redis and a worker in memory, as ports.go says that a Queue behaves.
type memQueue struct {
	faults
	// wait is what Allow answers, by how many photos it has counted of the sender.
	wait func(photos int) time.Duration
	// expected is what ExpectedWait answers.
	expected time.Duration
	// assess is the worker: it may take its time.
	assess func(ctx context.Context, photo []byte) deepskin.Result

	mu      sync.Mutex
	photos  map[deepskin.CaseID]heldPhoto
	copies  map[deepskin.CaseID][]byte
	jobs    map[deepskin.CaseID]bool // waiting or being worked on
	allowed map[deepskin.Sender]int
	results map[string]chan deepskin.Result
	work    chan deepskin.Job
	emptied int // times
}

type heldPhoto struct {
	bytes []byte
	until time.Time
}

// backlog is how many jobs may wait.
const backlog = 20

func newMemQueue() *memQueue {
	return &memQueue{
		photos:  map[deepskin.CaseID]heldPhoto{},
		copies:  map[deepskin.CaseID][]byte{},
		jobs:    map[deepskin.CaseID]bool{},
		allowed: map[deepskin.Sender]int{},
		results: map[string]chan deepskin.Result{},
		work:    make(chan deepskin.Job, backlog),
	}
}

func (q *memQueue) enter(ctx context.Context, method string) error {
	if err := q.faults.enter(ctx, method); err != nil {
		return err
	}
	q.mu.Lock()
	return nil
}

func (q *memQueue) PutPhoto(
	ctx context.Context, id deepskin.CaseID, photo []byte, ttl time.Duration,
) error {
	if err := q.enter(ctx, "PutPhoto"); err != nil {
		return err
	}
	defer q.mu.Unlock()
	q.photos[id] = heldPhoto{photo, time.Now().Add(ttl)}
	return nil
}

// held returns a photo; the caller holds the lock.
func (q *memQueue) held(id deepskin.CaseID) ([]byte, bool) {
	photo, ok := q.photos[id]
	return photo.bytes, ok && time.Now().Before(photo.until)
}

func (q *memQueue) HasPhoto(ctx context.Context, id deepskin.CaseID) (bool, error) {
	if err := q.enter(ctx, "HasPhoto"); err != nil {
		return false, err
	}
	defer q.mu.Unlock()
	_, ok := q.held(id)
	return ok, nil
}

func (q *memQueue) Enqueue(ctx context.Context, job deepskin.Job) error {
	if err := q.enter(ctx, "Enqueue"); err != nil {
		return err
	}
	defer q.mu.Unlock()
	if q.jobs[job.Case] {
		return nil
	}
	select {
	case q.work <- job:
		q.jobs[job.Case] = true
		return nil
	default:
		return deepskin.ErrBusy
	}
}

func (q *memQueue) ExpectedWait(ctx context.Context) (time.Duration, error) {
	if err := q.enter(ctx, "ExpectedWait"); err != nil {
		return 0, err
	}
	defer q.mu.Unlock()
	return q.expected, nil
}

func (q *memQueue) Backlog(ctx context.Context) (int, error) {
	if err := q.enter(ctx, "Backlog"); err != nil {
		return 0, err
	}
	defer q.mu.Unlock()
	return len(q.jobs), nil
}

func (q *memQueue) Generation(ctx context.Context) (string, error) {
	if err := q.enter(ctx, "Generation"); err != nil {
		return "", err
	}
	defer q.mu.Unlock()
	return strconv.Itoa(q.emptied), nil
}

func (q *memQueue) Results(
	ctx context.Context, platform string, handle func(context.Context, deepskin.Result) error,
) error {
	results := q.stream(platform)
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-results:
			if handle(context.WithoutCancel(ctx), r) != nil {
				time.AfterFunc(5*time.Second, func() { results <- r })
			}
		}
	}
}

func (q *memQueue) stream(platform string) chan deepskin.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.results[platform] == nil {
		q.results[platform] = make(chan deepskin.Result, backlog)
	}
	return q.results[platform]
}

func (q *memQueue) Copy(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	if err := q.enter(ctx, "Copy"); err != nil {
		return nil, err
	}
	defer q.mu.Unlock()
	reduced, ok := q.copies[id]
	if !ok {
		return nil, deepskin.ErrGone
	}
	return reduced, nil
}

func (q *memQueue) Forget(ctx context.Context, id deepskin.CaseID) error {
	if err := q.enter(ctx, "Forget"); err != nil {
		return err
	}
	defer q.mu.Unlock()
	delete(q.photos, id)
	delete(q.copies, id)
	return nil
}

func (q *memQueue) Allow(ctx context.Context, from deepskin.Origin) (time.Duration, error) {
	if err := q.enter(ctx, "Allow"); err != nil {
		return 0, err
	}
	defer q.mu.Unlock()
	if q.wait != nil {
		if wait := q.wait(q.allowed[from.Sender] + 1); wait > 0 {
			return wait, nil
		}
	}
	q.allowed[from.Sender]++
	return 0, nil
}

// runWorker takes jobs until ctx ends, as package queue's Work does.
func (q *memQueue) runWorker(ctx context.Context) {
	for {
		var job deepskin.Job
		select {
		case <-ctx.Done():
			return
		case job = <-q.work:
		}
		q.mu.Lock()
		photo, ok := q.held(job.Case)
		q.mu.Unlock()
		result := deepskin.Result{Case: job.Case, Failure: "photo gone"}
		if ok {
			result = q.assess(ctx, photo)
			result.Case = job.Case
		}
		if result.Assessment == nil && result.Failure == "" {
			continue // the worker is never done
		}
		results := q.stream(job.Platform)
		q.mu.Lock()
		// A photo that was forgotten meanwhile leaves no copy.
		if _, ok := q.held(job.Case); ok && result.Assessment != nil {
			q.copies[job.Case] = append([]byte("small "), photo...)
		}
		delete(q.photos, job.Case)
		delete(q.jobs, job.Case)
		q.mu.Unlock()
		results <- result
	}
}

// lose empties Redis.
func (q *memQueue) lose() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.emptied++
	clear(q.photos)
	clear(q.copies)
	clear(q.jobs)
	for len(q.work) > 0 {
		<-q.work
	}
}

// holds reports how many photos and copies are still there.
func (q *memQueue) holds() (photos, copies int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id := range q.photos {
		if _, ok := q.held(id); ok {
			photos++
		}
	}
	return photos, len(q.copies)
}
