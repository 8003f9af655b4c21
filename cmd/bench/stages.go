package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"runtime"

	"github.com/disintegration/imaging"

	"deepskin/classifier"
)

// A threading is how the cores are shared between runs of the model.
type threading struct {
	Runs    int `json:"runs_at_a_time"`
	Threads int `json:"threads_each"`
}

// threadings are those among which the bare model's best is looked for.
func threadings() []threading {
	cores := runtime.GOMAXPROCS(0)
	if cores == 1 {
		return []threading{{1, 1}}
	}
	return []threading{{cores, 1}, {1, cores}, {cores, 2}}
}

// measureBare measures the bare model with one threading, and so many pictures in each run.
func (b *bench) measureBare(ctx context.Context, how threading, pictures int, set photoSet) (p pace, err error) {
	config := b.config()
	config.IntraOpThreads = how.Threads
	c, err := classifier.New(config)
	if err != nil {
		return pace{}, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	benches, err := openBenches(c, how.Runs, pictures)
	if err != nil {
		return pace{}, err
	}
	defer func() { err = errors.Join(err, closeBenches(benches)) }()
	for i, one := range benches {
		for number := range pictures {
			if err := one.Prepare(number, set.photos[(i+number)%len(set.photos)]); err != nil {
				return pace{}, err
			}
		}
		if err := one.Run(); err != nil {
			return pace{}, err
		}
	}
	runs := max(len(set.photos)/pictures, how.Runs)
	p, err = goThrough(ctx, runs, how.Runs, func(goroutine, _ int) error { return benches[goroutine].Run() })
	p.Photos, p.PerSecond, p.CPU = p.Photos*pictures, p.PerSecond*float64(pictures), p.CPU/float64(pictures)
	return p, err
}

// measureDecoding measures the way to the model's picture and nothing else.
func measureDecoding(ctx context.Context, c *classifier.Classifier, set photoSet) (p pace, err error) {
	benches, err := openBenches(c, runtime.GOMAXPROCS(0), 1)
	if err != nil {
		return pace{}, err
	}
	defer func() { err = errors.Join(err, closeBenches(benches)) }()
	return goThrough(ctx, len(set.photos), len(benches), func(goroutine, i int) error {
		return benches[goroutine].Prepare(0, set.photos[i])
	})
}

// measureReference measures the same with image/jpeg in full and imaging.
func measureReference(ctx context.Context, set photoSet, count, side int) (pace, error) {
	return goThrough(ctx, min(count, len(set.photos)), runtime.GOMAXPROCS(0), func(_, i int) error {
		decoded, err := jpeg.Decode(bytes.NewReader(set.photos[i]))
		if err != nil {
			return err
		}
		imaging.Resize(decoded, side, side, imaging.Linear)
		return nil
	})
}

// measureClassifier measures the way from bytes to assessment. One photo that is refused would make
// the figures better than they are, and is an error.
func measureClassifier(ctx context.Context, c *classifier.Classifier, set photoSet) (pace, error) {
	return goThrough(ctx, len(set.photos), runtime.GOMAXPROCS(0), func(_, i int) error {
		a, err := c.Assess(ctx, set.photos[i])
		if err == nil && a.Refused() {
			return fmt.Errorf("a photo was refused: %q", a.Problems)
		}
		return err
	})
}

func openBenches(c *classifier.Classifier, count, pictures int) (benches []*classifier.Bench, err error) {
	for range count {
		one, err := c.NewBench(pictures)
		if err != nil {
			return nil, errors.Join(err, closeBenches(benches))
		}
		benches = append(benches, one)
	}
	return benches, nil
}

func closeBenches(benches []*classifier.Bench) (err error) {
	for _, one := range benches {
		err = errors.Join(err, one.Close())
	}
	return err
}
