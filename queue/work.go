package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
	"deepskin/internal/tracing"
)

// Causes in deepskin.Result.Failure that do not come from an error.
const (
	// FailureExpired says that the job's deadline had passed.
	FailureExpired = "expired"
	// FailurePhotoGone says that the photo was no longer held.
	FailurePhotoGone = "photo gone"
)

const (
	// resultsLimit bounds each platform's results. What falls out while no bot runs is
	// apologised for by the store's sweep.
	resultsLimit = 10_000
	// causeLimit bounds, in bytes, what is kept of an error.
	causeLimit = 300
	// persistTimeout bounds how long a worker waits for a Redis that is away.
	persistTimeout = 30 * time.Second
)

// An Outcome is what a worker makes of a photo.
type Outcome struct {
	Assessment deepskin.Assessment
	// Copy is the reduced copy, a JPEG without EXIF; nil for none.
	Copy []byte
}

// Work calls handle for jobs, at most concurrency at a time, until ctx ends; it claims no more
// than it is working on. Then it lets handle finish what it has begun, at most for the drain
// timeout, and returns nil; an error says that the queue was closed or that concurrency is not
// positive. While it takes jobs it tells what it can do, for ExpectedWait.
//
// The context of handle ends at the job's deadline. An error or a panic of handle is taken for a
// fault of this machine: the job is tried again after the claim idle time, here or elsewhere, and
// becomes a dead letter when it has been delivered too often. So does a job whose worker dies; its
// last try has the worker to itself, so that a photo that kills workers takes no other with it.
// Errors are kept for operators, so
// they must not contain anything of the photo.
func (q *Queue) Work(ctx context.Context, concurrency int, handle func(ctx context.Context, job deepskin.Job, photo []byte) (Outcome, error)) error {
	if concurrency < 1 {
		return fmt.Errorf("queue: work on %d jobs at a time", concurrency)
	}
	w := &worker{q: q, handle: handle}
	w.consumer = q.newConsumer(jobsStream, workersGroup, concurrency, w.do)
	w.consumer.lastTry = q.config.MaxDeliveries
	q.metrics.begin()

	ctx, cancel := context.WithCancel(ctx)
	var reporting sync.WaitGroup
	reporting.Go(func() { w.report(ctx) })
	defer reporting.Wait()
	defer cancel()
	return w.consumer.run(ctx)
}

type worker struct {
	q        *Queue
	consumer *consumer
	handle   func(context.Context, deepskin.Job, []byte) (Outcome, error)
	pace     pace
}

// do sees a job through: to a result, to a failure, or back into the queue.
func (w *worker) do(ctx context.Context, e entry) {
	begin := time.Now()
	var traced tracedJob
	unreadable := json.Unmarshal([]byte(e.payload), &traced)
	job := traced.Job
	ctx = tracing.Join(ctx, traced.Trace)
	if e.deliveries > 1 {
		w.q.metrics.takenOver.Inc()
	} else if added, err := entryTime(e.id); err == nil {
		w.q.metrics.took(stageQueued, begin.Sub(added))
		w.q.config.Tracer.Took(ctx, "wait in queue", job.Case, added, begin)
	}
	if unreadable != nil {
		w.bury(ctx, e, job, "the job cannot be read")
		return
	}
	ctx, span := w.q.config.Tracer.Start(ctx, "work on job", job.Case, job.Platform)
	defer span.End(nil)
	if expired(job) {
		w.fail(ctx, e, job, outcomeExpired, FailureExpired)
		return
	}
	if e.deliveries > w.q.config.MaxDeliveries {
		w.bury(ctx, e, job, "no worker that took it came back")
		return
	}
	outcome, err := w.assess(ctx, job)
	switch {
	case err == nil:
		w.finish(ctx, e, job, outcome)
		w.pace.add(time.Since(begin))
	case errors.Is(err, errPhotoGone):
		w.fail(ctx, e, job, outcomePhotoGone, FailurePhotoGone)
	case ctx.Err() != nil:
		// Given up in a drain: the next worker starts afresh.
	case expired(job):
		w.fail(ctx, e, job, outcomeExpired, FailureExpired)
		w.pace.add(time.Since(begin)) // or a worker that is too slow for any would tell nothing
	case e.deliveries == w.q.config.MaxDeliveries:
		w.bury(ctx, e, job, err.Error())
	default:
		span.Outcome(outcomeRetried)
		w.q.metrics.count(outcomeRetried)
		w.q.log.WarnContext(ctx, "a photo could not be assessed; it will be tried again",
			"case", job.Case, "delivery", e.deliveries, "err", err)
	}
}

func expired(job deepskin.Job) bool {
	return !job.Deadline.IsZero() && !time.Now().Before(job.Deadline)
}

// errPhotoGone is of this package alone, so that no error of handle can look like it.
var errPhotoGone = errors.New("photo gone")

func (w *worker) assess(ctx context.Context, job deepskin.Job) (outcome Outcome, err error) {
	var photo []byte
	gone := false
	getting, span := tracing.Child(ctx, "get photo")
	err = persist(getting, persistTimeout, func(ctx context.Context) error {
		b, err := w.q.photo(ctx, job.Case)
		if gone = errors.Is(err, deepskin.ErrGone); gone {
			return nil
		}
		photo = b
		return err
	})
	span.End(err)
	if err != nil {
		return Outcome{}, err
	}
	if gone {
		return Outcome{}, errPhotoGone
	}
	if !job.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, job.Deadline)
		defer cancel()
	}
	begin := time.Now()
	defer func() { w.q.metrics.took(stageAssess, time.Since(begin)) }()
	ctx, span = tracing.Child(ctx, "assess photo")
	defer func() { span.End(err) }()
	err = w.q.safely(ctx, job.Case, func() error {
		outcome, err = w.handle(ctx, job, photo)
		return err
	})
	if err == nil {
		span.Model(outcome.Assessment.Model)
		span.Outcome(outcomeAssessed) // not what: that is between us and the sender
	}
	return outcome, err
}

// finishScript hands over an assessment. The result goes first: should Redis refuse it, the job
// stays. The copy is kept only if the photo was still there, because a sender may have had it
// forgotten meanwhile. The oldest copies go to make room: a list has their keys and sizes, those
// included that have expired by themselves.
var finishScript = redis.NewScript(`
local jobs, results, photo, copy, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local copies, held = KEYS[6], KEYS[7]
local group, id, result, limit, bytes, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local budget = tonumber(ARGV[7])
redis.call('XADD', results, 'MAXLEN', '~', limit, '*', 'json', result)
if redis.call('EXISTS', photo) == 1 and #bytes > 0 then
	redis.call('SET', copy, bytes, 'PX', ttl)
	redis.call('LPUSH', copies, copy .. ' ' .. #bytes)
	local total = redis.call('INCRBY', held, #bytes)
	while total > budget do
		local key, size = string.match(redis.call('RPOP', copies), '^(%S+) (%d+)$')
		redis.call('DEL', key)
		total = redis.call('DECRBY', held, size)
	end
end
redis.call('DEL', photo, mark)
redis.call('XACK', jobs, group, id)
redis.call('XDEL', jobs, id)
return 1
`)

func (w *worker) finish(ctx context.Context, e entry, job deepskin.Job, outcome Outcome) {
	result, err := json.Marshal(tracedResult{deepskin.Result{Case: job.Case, Assessment: &outcome.Assessment}, tracing.Carry(ctx)})
	if err != nil { // a probability that is not a number, say
		w.bury(ctx, e, job, "the assessment cannot be encoded: "+err.Error())
		return
	}
	w.save(ctx, job, outcomeAssessed, func(ctx context.Context) *redis.Cmd {
		return finishScript.Run(ctx, w.q.rdb,
			[]string{jobsStream, resultsStream(job.Platform), photoKey(job.Case), copyKey(job.Case), markKey(job.Case), copiesList, copiesHeld},
			workersGroup, e.id, result, resultsLimit, outcome.Copy, w.q.config.CopyTTL.Milliseconds(), w.q.config.CopyBytes)
	})
}

// failScript hands over a failure, with a dead letter where a cause is given. It does nothing if
// the job is done, because another worker took it over and may have answered, or if Redis was
// emptied and the group is gone with it.
var failScript = redis.NewScript(`
local jobs, results, dead, photo, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local group, id, result, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local deadLimit, cause, case, platform, deliveries = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local pending = redis.pcall('XPENDING', jobs, group, id, id, 1)
if pending.err or #pending == 0 then return 0 end
if #platform > 0 then redis.call('XADD', results, 'MAXLEN', '~', limit, '*', 'json', result) end
if #cause > 0 then
	redis.call('XADD', dead, 'MAXLEN', deadLimit, '*',
		'case', case, 'platform', platform, 'cause', cause, 'deliveries', deliveries)
end
redis.call('DEL', photo, mark)
redis.call('XACK', jobs, group, id)
redis.call('XDEL', jobs, id)
return 1
`)

// bury gives a job up because workers fail at it, and keeps a dead letter.
func (w *worker) bury(ctx context.Context, e entry, job deepskin.Job, cause string) {
	cause = strings.ToValidUTF8(cause[:min(len(cause), causeLimit)], "")
	w.q.log.ErrorContext(ctx, "a job was given up", "case", job.Case, "deliveries", e.deliveries, "cause", cause)
	w.fail(ctx, e, job, outcomeDead, cause)
}

func (w *worker) fail(ctx context.Context, e entry, job deepskin.Job, outcome, cause string) {
	deadCause := ""
	if outcome == outcomeDead {
		deadCause = cause
	}
	result, err := json.Marshal(tracedResult{deepskin.Result{Case: job.Case, Failure: cause}, tracing.Carry(ctx)})
	if err != nil {
		w.q.log.ErrorContext(ctx, "a failure cannot be encoded", "case", job.Case, "err", err)
		return
	}
	w.save(ctx, job, outcome, func(ctx context.Context) *redis.Cmd {
		return failScript.Run(ctx, w.q.rdb,
			[]string{jobsStream, resultsStream(job.Platform), deadLetters, photoKey(job.Case), markKey(job.Case)},
			workersGroup, e.id, result, resultsLimit,
			w.q.config.DeadLetters, deadCause, string(job.Case), job.Platform, e.deliveries)
	})
}

// save hands over what the worker made by a script that returns 1, or 0 where it was no longer
// wanted. Where Redis does not take it, the job is still in there and will be done again, or Redis
// is empty and the store's sweep sees to the case.
func (w *worker) save(ctx context.Context, job deepskin.Job, outcome string, script func(context.Context) *redis.Cmd) {
	begin := time.Now()
	ctx, span := tracing.Child(ctx, "hand over")
	span.Outcome(outcome)
	var done int
	err := persist(ctx, persistTimeout, func(ctx context.Context) (err error) {
		done, err = script(ctx).Int()
		if redis.IsOOMError(err) {
			// Full of photos: this one has served, and without it there is room for the answer.
			_ = w.q.rdb.Del(ctx, photoKey(job.Case)).Err()
		}
		return err
	})
	w.q.metrics.took(stageHandOver, time.Since(begin))
	span.End(err)
	switch {
	case err != nil:
		w.q.log.ErrorContext(ctx, "an outcome could not be saved; the job will be done again", "case", job.Case, "err", err)
	case done == 1:
		w.q.metrics.count(outcome)
	}
}

// persist calls op until it succeeds, so that a short absence of Redis costs neither a try nor an
// answer. After the limit, or when ctx ends, it returns op's last error before that.
func persist(ctx context.Context, limit time.Duration, op func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for wait := minBackoff; ; wait = min(2*wait, maxBackoff) {
		err := op(ctx)
		if err == nil {
			return nil
		}
		// That the time is up says less than the error before.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		sleep(ctx, wait)
		if ctx.Err() != nil {
			return last
		}
	}
}
