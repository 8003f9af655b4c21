package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
)

// A Load is what is in the queue at one moment.
type Load struct {
	// Jobs are waiting or being worked on.
	Jobs int
	// Oldest is how long ago the oldest of them was added; zero where there is none.
	Oldest time.Duration
	// Wait is how long a new job will wait; zero where nothing is known.
	Wait time.Duration
	// Workers that live.
	Workers int
	// DeadLetters that are kept.
	DeadLetters int
}

// Load returns how much there is to do.
func (q *Queue) Load(ctx context.Context) (Load, error) {
	s, err := q.state(ctx)
	if err != nil {
		return Load{}, fmt.Errorf("look at the queue: %w", err)
	}
	return Load{Jobs: s.jobs, Oldest: s.oldest, Wait: s.wait, Workers: s.workers, DeadLetters: s.deadLetters}, nil
}

// A HeldJob is one that a worker has in its hands, or had when it died.
type HeldJob struct {
	// Case and Platform are empty where the job cannot be read.
	Case     deepskin.CaseID
	Platform string
	// Worker is the random name that the worker took when it started.
	Worker string
	// Silent is since when nothing was heard of the worker about this job.
	Silent time.Duration
	// Deliveries is how often the job was handed out, this time included.
	Deliveries int
}

// Held returns the oldest n jobs that workers have.
func (q *Queue) Held(ctx context.Context, n int) ([]HeldJob, error) {
	pending, err := q.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: jobsStream, Group: workersGroup, Start: "-", End: "+", Count: int64(n),
	}).Result()
	if groupIsGone(err) {
		return nil, nil // no worker has been here yet
	}
	if err != nil {
		return nil, fmt.Errorf("list held jobs: %w", err)
	}
	var held []HeldJob
	for _, p := range pending {
		entries, err := q.rdb.XRangeN(ctx, jobsStream, p.ID, p.ID, 1).Result()
		if err != nil {
			return nil, fmt.Errorf("read held job %s: %w", p.ID, err)
		}
		if len(entries) == 0 {
			continue // done in between
		}
		var job deepskin.Job
		if err := json.Unmarshal([]byte(newEntry(entries[0], 1).payload), &job); err != nil {
			job = deepskin.Job{} // workers will find out, too
		}
		held = append(held, HeldJob{
			Case: job.Case, Platform: job.Platform, Worker: p.Consumer, Silent: p.Idle, Deliveries: int(p.RetryCount),
		})
	}
	return held, nil
}
