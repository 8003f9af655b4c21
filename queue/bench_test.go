package queue_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/queue"
)

// BenchmarkPickUp measures how long a job waits for an idle worker, and how many small jobs go
// through four at a time.
func BenchmarkPickUp(b *testing.B) {
	embedded := func(testing.TB) string { return "" }
	for _, server := range []struct {
		name  string
		start func(testing.TB) string
	}{{"embedded", embedded}, {kinds[1].name, kinds[1].start}} {
		b.Run(server.name+"/latency", func(b *testing.B) {
			q := open(b, queue.Config{URL: server.start(b)})
			begun := make(chan time.Time)
			work(b, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
				begun <- time.Now()
				return answer(ctx, job, photo)
			})
			answers := results(b, q)
			var waits []time.Duration
			for b.Loop() {
				job := newJob()
				if err := q.PutPhoto(b.Context(), job.Case, []byte("photo"), time.Hour); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := q.Enqueue(b.Context(), job); err != nil {
					b.Fatal(err)
				}
				waits = append(waits, receive(b, begun).Sub(start))
				receive(b, answers)
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
		})
		b.Run(server.name+"/throughput", func(b *testing.B) {
			q := open(b, queue.Config{URL: server.start(b), Backlog: 1 << 30})
			work(b, q, 4, answer)
			answers := results(b, q)
			for b.Loop() {
				const batch = 100
				for range batch {
					submit(b, q, newJob())
				}
				for range batch {
					receive(b, answers)
				}
			}
			b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

// BenchmarkIdle measures what 50 workers that wait for jobs cost a Redis, in percent of a core.
func BenchmarkIdle(b *testing.B) {
	server := startRedis(b)
	for range 50 {
		work(b, open(b, queue.Config{URL: server.url}), 1, answer)
	}
	rdb := client(b, server.url)
	waitFor(b, "all workers", func() bool {
		return rdb.HLen(b.Context(), "{deepskin}:workers").Val() == 50
	})
	var used time.Duration
	for b.Loop() {
		before := cpuTime(b, server.PID())
		time.Sleep(20 * time.Second)
		used += cpuTime(b, server.PID()) - before
	}
	b.ReportMetric(100*used.Seconds()/b.Elapsed().Seconds(), "%core")
	b.ReportMetric(0, "ns/op")
}

// cpuTime returns how long a process has computed, in its own code and in the kernel.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// Fields 14 and 15 of proc(5). The second, in parentheses, may hold blanks; the kernel counts
	// 100 ticks a second here, whatever its own.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += time.Duration(n)
	}
	return ticks * time.Second / 100
}
