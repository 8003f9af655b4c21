package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/adapters/web/client"
	"deepskin/internal/child"
)

// An unloaded run gives the times from the upload to the answer when nothing else is to be done.
type unloaded struct {
	Photos int     `json:"photos"`
	P50    float64 `json:"p50_ms"`
	P95    float64 `json:"p95_ms"`
	P99    float64 `json:"p99_ms"`
}

// A loaded run shows what happens when several photos are always on their way.
type loaded struct {
	Photos          int       `json:"photos"`
	AtATime         int       `json:"at_a_time"`
	PhotosPerSecond float64   `json:"photos_per_second"`
	Memory          []reading `json:"memory"`
}

// A reading is the service's memory after a number of photos, in MB of 10^6 bytes.
type reading struct {
	Photos   int     `json:"photos"`
	Resident float64 `json:"resident_mb"`
	Peak     float64 `json:"peak_mb"`
}

// measureUnloaded sends photos one at a time. It also returns the version of the model.
func measureUnloaded(
	ctx context.Context, url string, photos [][]byte, warmUp, count int,
) (unloaded, string, error) {
	c := client.New(url)
	var model string
	times := make([]time.Duration, 0, count)
	for i := range warmUp + count {
		start := time.Now()
		answer, err := ask(ctx, c, photos[i%len(photos)])
		if err != nil {
			return unloaded{}, "", err
		}
		if i >= warmUp {
			times = append(times, time.Since(start))
		}
		model = answer.Model
	}
	slices.Sort(times)
	return unloaded{
		Photos: count,
		P50:    millis(percentile(times, 50)), P95: millis(percentile(times, 95)), P99: millis(percentile(times, 99)),
	}, model, nil
}

// measureLoaded sends parts of so many photos each, and reads the memory after each part.
func measureLoaded(ctx context.Context, s *child.Service, photos [][]byte, parts []int) (loaded, error) {
	clients := make([]*client.Client, atATime)
	for i := range clients {
		clients[i] = client.New(s.URL)
	}
	l := loaded{AtATime: atATime}
	var busy time.Duration
	for _, part := range parts {
		start := time.Now()
		if err := load(ctx, clients, photos, part); err != nil {
			return loaded{}, err
		}
		busy += time.Since(start)
		l.Photos += part
		resident, peak, err := readMemory(s.PID)
		if err != nil {
			return loaded{}, err
		}
		l.Memory = append(l.Memory, reading{l.Photos, resident, peak})
	}
	l.PhotosPerSecond = float64(l.Photos) / busy.Seconds()
	return l, nil
}

// load has the clients send count photos in all, each client its next one after an answer.
func load(ctx context.Context, clients []*client.Client, photos [][]byte, count int) error {
	next := make(chan []byte, count)
	for i := range count {
		next <- photos[i%len(photos)]
	}
	close(next)
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range clients {
		g.Go(func() error {
			for photo := range next {
				if _, err := ask(ctx, c, photo); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// ask sends a photo and waits for its answer. One for which the model was not run would make the
// figures better than they are, and is an error.
func ask(ctx context.Context, c *client.Client, photo []byte) (client.Case, error) {
	accepted, err := c.Send(ctx, "drawn.jpg", photo, true)
	if err != nil {
		return client.Case{}, err
	}
	answer, err := c.Wait(ctx, accepted.ID)
	switch {
	case err != nil:
		return client.Case{}, err
	case answer.Status != deepskin.Answered:
		return client.Case{}, fmt.Errorf("a photo got no answer, its case is %s", answer.Status)
	case answer.Malignancy == nil:
		return client.Case{}, fmt.Errorf("a photo was refused without asking the model: %q", answer.Problems)
	}
	return answer, nil
}

// percentile returns the smallest of the sorted times that p percent of them do not exceed.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
