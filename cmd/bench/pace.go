package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A pace is how fast photos were gone through, times in milliseconds.
type pace struct {
	Photos    int     `json:"photos"`
	PerSecond float64 `json:"photos_per_second"`
	// CPU is the processor time of a photo, of this process alone.
	CPU float64 `json:"cpu_ms"`
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
}

// goThrough calls do for each of count photos, in so many goroutines, which are numbered from 0.
func goThrough(ctx context.Context, count, atATime int, do func(goroutine, photo int) error) (pace, error) {
	times := make([]time.Duration, count)
	next := make(chan int, count)
	for i := range count {
		next <- i
	}
	close(next)
	cpu, err := ownCPU()
	if err != nil {
		return pace{}, err
	}
	begun := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for goroutine := range atATime {
		g.Go(func() error {
			for i := range next {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				start := time.Now()
				if err := do(goroutine, i); err != nil {
					return err
				}
				times[i] = time.Since(start)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return pace{}, err
	}
	elapsed := time.Since(begun)
	after, err := ownCPU()
	return paceOf(times, elapsed, after-cpu), err
}

func paceOf(times []time.Duration, elapsed, cpu time.Duration) pace {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	return pace{
		Photos: n, PerSecond: float64(n) / elapsed.Seconds(), CPU: millis(cpu) / float64(n),
		P50: millis(percentile(sorted, 50)), P95: millis(percentile(sorted, 95)), P99: millis(percentile(sorted, 99)),
	}
}

// better is the faster of two paces; the zero pace is none.
func better(a, b pace) pace {
	if b.PerSecond > a.PerSecond {
		return b
	}
	return a
}

// ownCPU is the processor time that this process has used.
func ownCPU() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}

// percentile returns the smallest of the sorted times that p percent of them do not exceed.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
