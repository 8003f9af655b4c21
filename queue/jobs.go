package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
	"deepskin/internal/tracing"
)

// A tracedJob is a job as it is in Redis, with the trace that it belongs to, if there is one.
type tracedJob struct {
	deepskin.Job
	Trace map[string]string `json:"trace,omitempty"`
}

// markTTL only clears away marks that a crash left: one whose job is gone counts for nothing.
const markTTL = 24 * time.Hour

// What enqueueScript returns.
const (
	enqueueRefused = -1
	enqueueKnown   = 0
	enqueueAdded   = 1
)

// enqueueScript adds a job and its mark together, so that a repeated call, by the caller or by the
// client after a lost answer, adds nothing.
var enqueueScript = redis.NewScript(`
local jobs, mark = KEYS[1], KEYS[2]
local limit, ttl, job = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local id = redis.call('GET', mark)
if id and #redis.call('XRANGE', jobs, id, id) > 0 then return 0 end
if redis.call('XLEN', jobs) >= limit then return -1 end
id = redis.call('XADD', jobs, '*', 'json', job)
redis.call('SET', mark, id, 'PX', ttl)
return 1
`)

// Enqueue adds a job unless one for the same case is waiting or being worked on; it returns
// deepskin.ErrBusy when the backlog or Redis's memory is full.
func (q *Queue) Enqueue(ctx context.Context, job deepskin.Job) error {
	payload, err := json.Marshal(tracedJob{job, tracing.Carry(ctx)})
	if err != nil {
		return fmt.Errorf("encode job of case %s: %w", job.Case, err)
	}
	outcome, err := enqueueScript.Run(ctx, q.rdb,
		[]string{jobsStream, markKey(job.Case)},
		q.config.Backlog, markTTL.Milliseconds(), payload).Int()
	if err != nil {
		return fmt.Errorf("enqueue case %s: %w", job.Case, busyIfFull(err))
	}
	switch outcome {
	case enqueueAdded, enqueueKnown:
		return nil
	case enqueueRefused:
		return fmt.Errorf("enqueue case %s: %w", job.Case, deepskin.ErrBusy)
	default:
		return fmt.Errorf("enqueue case %s: unexpected outcome %d", job.Case, outcome)
	}
}

// Backlog returns how many jobs are waiting or being worked on.
func (q *Queue) Backlog(ctx context.Context) (int, error) {
	// What is done is deleted at once, so all that is in the stream is still to be done.
	n, err := q.rdb.XLen(ctx, jobsStream).Result()
	if err != nil {
		return 0, fmt.Errorf("count backlog: %w", err)
	}
	return int(n), nil
}
