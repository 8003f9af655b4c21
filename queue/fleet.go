package queue

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// paceJobs is over how many of its latest jobs, about, a worker's pace is taken.
const paceJobs = 20

// A pace is a running mean of how long a worker had its jobs in its hands.
type pace struct {
	mu   sync.Mutex
	jobs int
	mean time.Duration // zero where nothing is known
}

func (p *pace) add(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs = min(p.jobs+1, paceJobs)
	p.mean += (took - p.mean) / time.Duration(p.jobs)
}

func (p *pace) get() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mean
}

// reportScript notes a worker's slots, its pace in milliseconds, and until when that counts. Only
// Redis's clock is asked, so that those of the machines may differ. Reports that count no more go.
var reportScript = redis.NewScript(`
local workers, name, slots, pace, ttl = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reports = redis.call('HGETALL', workers)
for i = 1, #reports, 2 do
	if tonumber(string.match(reports[i+1], '%S+$')) <= now then redis.call('HDEL', workers, reports[i]) end
end
redis.call('HSET', workers, name, slots .. ' ' .. pace .. ' ' .. string.format('%.0f', now + ttl))
if redis.call('PTTL', workers) < ttl then redis.call('PEXPIRE', workers, ttl) end
return 1
`)

// reportEvery is how often a worker tells what it can do, and reportTTL how long that counts.
func (c Config) reportEvery() time.Duration { return max(c.ClaimIdle/2, 10*time.Millisecond) }
func (c Config) reportTTL() time.Duration   { return 6 * c.reportEvery() }

// report tells the bots what this worker can do, again and again until ctx ends: it takes no more
// jobs then. Where Redis does not take a report the next one may get through.
func (w *worker) report(ctx context.Context) {
	tick := time.NewTicker(w.q.config.reportEvery())
	defer tick.Stop()
	for ctx.Err() == nil {
		_ = reportScript.Run(ctx, w.q.rdb, []string{workersKey}, w.consumer.name, w.consumer.concurrency,
			strconv.FormatFloat(float64(w.pace.get())/float64(time.Millisecond), 'f', 3, 64),
			w.q.config.reportTTL().Milliseconds()).Err()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = w.q.rdb.HDel(ctx, workersKey, w.consumer.name).Err()
}

// A state is what Redis holds at one moment.
type state struct {
	jobs        int           // waiting or being worked on
	oldest      time.Duration // since the oldest of them was added
	wait        time.Duration // what ExpectedWait returns
	workers     int           // that live
	deadLetters int
}

// stateScript returns a state, durations in milliseconds.
var stateScript = redis.NewScript(`
local jobs, workers, dead = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local live, rate = 0, 0
for _, report in ipairs(redis.call('HVALS', workers)) do
	local slots, pace, counts = string.match(report, '^(%S+) (%S+) (%S+)$')
	if tonumber(counts) > now then
		live = live + 1
		if tonumber(pace) > 0 then rate = rate + slots / pace end
	end
end
local length, oldest, wait = redis.call('XLEN', jobs), 0, 0
local first = redis.call('XRANGE', jobs, '-', '+', 'COUNT', 1)
if #first > 0 then oldest = math.max(0, now - string.match(first[1][1], '^%d+')) end
if rate > 0 then wait = math.ceil(length / rate) end
return {length, oldest, wait, live, redis.call('XLEN', dead)}
`)

func (q *Queue) state(ctx context.Context) (state, error) {
	n, err := stateScript.Run(ctx, q.rdb, []string{jobsStream, workersKey, deadLetters}).Int64Slice()
	if err != nil {
		return state{}, err
	}
	if len(n) != 5 {
		return state{}, fmt.Errorf("%d numbers instead of 5", len(n))
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	return state{jobs: int(n[0]), oldest: ms(n[1]), wait: ms(n[2]), workers: int(n[3]), deadLetters: int(n[4])}, nil
}

// ExpectedWait returns how long a job that is added now will wait for its assessment: the jobs
// before it, by what the workers that live lately got done. It is zero where nothing is known of
// them, because none lives or none has assessed a photo yet.
func (q *Queue) ExpectedWait(ctx context.Context) (time.Duration, error) {
	s, err := q.state(ctx)
	if err != nil {
		return 0, fmt.Errorf("estimate the wait: %w", err)
	}
	return s.wait, nil
}
