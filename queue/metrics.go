package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds how long a scrape waits for Redis.
const scrapeTimeout = 2 * time.Second

// What became of a job that a worker had in its hands.
const (
	outcomeAssessed  = "assessed"
	outcomeDead      = "dead"
	outcomeExpired   = "expired"
	outcomePhotoGone = "photo_gone"
	outcomeRetried   = "retried"
)

// Stages of a job.
const (
	stageQueued   = "queued"
	stageAssess   = "assess"
	stageHandOver = "hand_over"
)

// metrics are what is counted here, and what Redis is asked for at each scrape.
type metrics struct {
	state     func(context.Context) (state, error)
	jobs      *prometheus.CounterVec
	takenOver prometheus.Counter
	stages    *prometheus.HistogramVec

	waiting, oldest, wait, workers, deadLetters *prometheus.Desc
}

func newMetrics(state func(context.Context) (state, error)) *metrics {
	gauge := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("deepskin_queue_"+name, help, nil, nil)
	}
	return &metrics{
		state: state,
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_jobs_total",
			Help: "Jobs that left this worker, by outcome: assessed, dead, expired, photo_gone or retried.",
		}, []string{"outcome"}),
		takenOver: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_jobs_taken_over_total",
			Help: "Jobs that this worker took over after another had died with them or failed at them.",
		}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "deepskin_worker_stage_seconds",
			Help: "Duration of a job's stages: queued (by the clocks of Redis and this worker), assess and hand_over.",
			// 1 ms to 131 s.
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 18),
		}, []string{"stage"}),
		waiting:     gauge("jobs", "Jobs that are waiting or being worked on."),
		oldest:      gauge("oldest_job_seconds", "Age of the oldest of these jobs; 0 where there is none."),
		wait:        gauge("expected_wait_seconds", "How long a new job will wait for its assessment; 0 where nothing is known."),
		workers:     gauge("workers", "Workers that live."),
		deadLetters: gauge("dead_letters", "Dead letters that are kept."),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(c chan<- *prometheus.Desc) {
	m.jobs.Describe(c)
	m.takenOver.Describe(c)
	m.stages.Describe(c)
	for _, d := range []*prometheus.Desc{m.waiting, m.oldest, m.wait, m.workers, m.deadLetters} {
		c <- d
	}
}

// Collect implements prometheus.Collector. It leaves out what Redis does not tell.
func (m *metrics) Collect(c chan<- prometheus.Metric) {
	m.jobs.Collect(c)
	m.takenOver.Collect(c)
	m.stages.Collect(c)
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	s, err := m.state(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(m.waiting, float64(s.jobs))
	gauge(m.oldest, s.oldest.Seconds())
	gauge(m.wait, s.wait.Seconds())
	gauge(m.workers, float64(s.workers))
	gauge(m.deadLetters, float64(s.deadLetters))
}

// begin shows all of a worker's series from the start, so that the first of a kind is an increase.
func (m *metrics) begin() {
	for _, outcome := range []string{outcomeAssessed, outcomeDead, outcomeExpired, outcomePhotoGone, outcomeRetried} {
		m.jobs.WithLabelValues(outcome)
	}
	for _, stage := range []string{stageQueued, stageAssess, stageHandOver} {
		m.stages.WithLabelValues(stage)
	}
}

func (m *metrics) count(outcome string) { m.jobs.WithLabelValues(outcome).Inc() }

func (m *metrics) took(stage string, d time.Duration) {
	m.stages.WithLabelValues(stage).Observe(max(0, d).Seconds())
}
