package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin"
	"deepskin/queue"
)

// gauges are the metrics that Redis is asked for.
var gauges = []string{
	"deepskin_queue_jobs", "deepskin_queue_oldest_job_seconds", "deepskin_queue_expected_wait_seconds",
	"deepskin_queue_workers", "deepskin_queue_dead_letters",
}

// value returns a gauge or a counter, or how often a histogram was told something.
func value(t testing.TB, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() != name || label != "" && m.GetLabel()[0].GetValue() != label {
				continue
			}
			if h := m.GetHistogram(); h != nil {
				return float64(h.GetSampleCount())
			}
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

func TestMetricsOfARun(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		registry := prometheus.NewRegistry()
		q := open(t, queue.Config{URL: url, ClaimIdle: soon, Metrics: registry})
		is := func(name, label string, want float64) {
			t.Helper()
			if got := value(t, registry, name, label); got != want {
				t.Errorf("%s %s: %v, want %v", name, label, got, want)
			}
		}
		is("deepskin_queue_jobs", "", 0)
		is("deepskin_queue_oldest_job_seconds", "", 0)
		is("deepskin_queue_workers", "", 0)

		begun, release := make(chan bool), make(chan error)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- true
			if err := <-release; err != nil {
				return queue.Outcome{}, err
			}
			return answer(ctx, job, photo)
		})
		answers := results(t, q)
		job := submit(t, q, newJob())
		receive(t, begun)
		waitFor(t, "the oldest job to grow older", func() bool {
			return value(t, registry, "deepskin_queue_oldest_job_seconds", "") > 0.01
		})
		is("deepskin_queue_jobs", "", 1)
		waitFor(t, "the worker to be seen", func() bool { return value(t, registry, "deepskin_queue_workers", "") == 1 })
		release <- nil
		receive(t, answers)

		// A dead letter after three tries.
		submit(t, q, job)
		for range 3 {
			receive(t, begun)
			release <- errors.New("broken")
		}
		receive(t, answers)
		// Two that are not assessed.
		late, gone := newJob(), newJob()
		late.Deadline = time.Now().Add(-time.Second)
		submit(t, q, late)
		receive(t, answers)
		if err := q.Enqueue(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		receive(t, answers)
		waitFor(t, "the last job to be counted", func() bool {
			return value(t, registry, "deepskin_jobs_total", "photo_gone") == 1
		})

		is("deepskin_jobs_total", "assessed", 1)
		is("deepskin_jobs_total", "retried", 2)
		is("deepskin_jobs_total", "dead", 1)
		is("deepskin_jobs_total", "expired", 1)
		is("deepskin_jobs_taken_over_total", "", 2)
		is("deepskin_worker_stage_seconds", "queued", 4)
		is("deepskin_worker_stage_seconds", "assess", 4)
		is("deepskin_worker_stage_seconds", "hand_over", 4)
		is("deepskin_queue_jobs", "", 0)
		is("deepskin_queue_dead_letters", "", 1)

		submit(t, q, newJob())
		receive(t, begun)
		waitFor(t, "a wait to be expected", func() bool {
			return value(t, registry, "deepskin_queue_expected_wait_seconds", "") > 0
		})
		release <- nil

		problems, err := testutil.GatherAndLint(registry)
		if err != nil || len(problems) > 0 {
			t.Errorf("names and helps: %v, %v", problems, err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if text := family.String(); strings.Contains(text, string(job.Case)) || strings.Contains(text, "broken") {
				t.Errorf("%s tells of a case: %s", family.GetName(), text)
			}
		}
	})
}

func TestMetricsLeaveOutWhatRedisDoesNotTell(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	registry := prometheus.NewRegistry()
	open(t, queue.Config{URL: server.url + impatient, Metrics: registry})
	count := func() int {
		t.Helper()
		n, err := testutil.GatherAndCount(registry, gauges...)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != len(gauges) {
		t.Errorf("%d gauges, want %d", n, len(gauges))
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d gauges without Redis, want none", n)
	}
	if n := value(t, registry, "deepskin_jobs_taken_over_total", ""); n != 0 {
		t.Errorf("%v jobs taken over", n)
	}
}

func TestARegistryTakesOneQueueAtATime(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	first, err := queue.Open(t.Context(), queue.Config{Metrics: registry})
	if err != nil {
		t.Fatal(err)
	}
	if second, err := queue.Open(t.Context(), queue.Config{Metrics: registry}); err == nil {
		t.Error("opened a second one", second.Close())
	}
	if n := value(t, registry, "deepskin_queue_jobs", ""); n != 0 {
		t.Errorf("%v jobs in the first one", n)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, queue.Config{Metrics: registry})
}
