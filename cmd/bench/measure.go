package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"deepskin/classifier"
)

// A setReport is what was measured with one set of photos.
type setReport struct {
	Photos     photoSet `json:"photos"`
	Decoding   pace     `json:"decoding"`
	Reference  pace     `json:"image_jpeg_in_full"`
	Classifier pace     `json:"classifier"`
	Service    service  `json:"service"`
	Alone      service  `json:"one_at_a_time"`
	// Limit is what the bare model and decoding, one after the other on the same cores, would make, in photos/s.
	Limit float64 `json:"limit"`
}

func (s setReport) classifierToLimit() float64 { return s.Classifier.PerSecond / s.Limit }
func (s setReport) serviceToClassifier() float64 {
	return s.Service.Pace.PerSecond / s.Classifier.PerSecond
}

// A batchPace is that of the bare model with so many pictures in a run, the times those of a run.
type batchPace struct {
	Pictures int  `json:"pictures"`
	Pace     pace `json:"pace"`
}

// measure measures everything.
func (b *bench) measure(ctx context.Context) (r report, err error) {
	c, err := classifier.New(b.config())
	if err != nil {
		return report{}, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	r.Model, r.Side, r.Provider = c.Info().Version, c.Info().Side, string(c.Info().Provider)
	for _, set := range b.plan.sets {
		b.say("Drawing %d photos of %s...", set.Count, set.Name)
		drawn, err := b.prepare(ctx, set, c)
		if err != nil {
			return report{}, err
		}
		r.Sets = append(r.Sets, setReport{Photos: drawn})
	}
	for _, pictures := range b.plan.batches {
		p, err := b.measureBare(ctx, threadings()[0], pictures, r.Sets[0].Photos)
		if err != nil {
			return report{}, fmt.Errorf("measure batches of %d: %w", pictures, err)
		}
		r.Batches = append(r.Batches, batchPace{pictures, p})
	}
	for round := range b.plan.rounds {
		b.say("Round %d of %d...", round+1, b.plan.rounds)
		if err := b.round(ctx, c, &r); err != nil {
			return report{}, err
		}
	}
	for i := range r.Sets {
		s := &r.Sets[i]
		s.Limit = 1 / (1/r.Bare.PerSecond + 1/s.Decoding.PerSecond)
	}
	return r, nil
}

// round measures every stage once and keeps what is better than before.
func (b *bench) round(ctx context.Context, c *classifier.Classifier, r *report) error {
	for _, how := range threadings() {
		bare, err := b.measureBare(ctx, how, 1, r.Sets[0].Photos)
		if err != nil {
			return fmt.Errorf("measure the bare model: %w", err)
		}
		if bare.PerSecond > r.Bare.PerSecond {
			r.Bare, r.BareThreading = bare, how
		}
	}
	for i := range r.Sets {
		s := &r.Sets[i]
		decoding, err1 := measureDecoding(ctx, c, s.Photos)
		assessed, err2 := measureClassifier(ctx, c, s.Photos)
		reference, err3 := measureReference(ctx, s.Photos, b.plan.reference, r.Side)
		if err := errors.Join(err1, err2, err3); err != nil {
			return fmt.Errorf("measure the stages with %s: %w", s.Photos.Name, err)
		}
		s.Decoding, s.Classifier = better(s.Decoding, decoding), better(s.Classifier, assessed)
		s.Reference = better(s.Reference, reference)
		slots := runtime.GOMAXPROCS(0)
		loaded := trial{workers: 1, slots: slots, set: s.Photos, count: len(s.Photos.photos), atATime: backlog * slots}
		served, err := b.measureService(ctx, loaded)
		if err != nil {
			return fmt.Errorf("measure the service with %s: %w", s.Photos.Name, err)
		}
		if served.Pace.PerSecond > s.Service.Pace.PerSecond {
			s.Service = served
		}
		loaded.atATime, loaded.count = 1, b.plan.alone
		alone, err := b.measureService(ctx, loaded)
		if err != nil {
			return fmt.Errorf("measure the unloaded service with %s: %w", s.Photos.Name, err)
		}
		if s.Alone.Pace.Photos == 0 || alone.Pace.P50 < s.Alone.Pace.P50 {
			s.Alone = alone
		}
	}
	return nil
}
