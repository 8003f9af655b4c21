package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"deepskin"
	"deepskin/classifier"
	"deepskin/internal/watch"
	"deepskin/queue"
	"deepskin/store"
)

// cardPause parts the times at which workers tell of their model, and bots listen.
const cardPause = time.Minute

// cardOf is what a worker tells of its model.
func cardOf(info classifier.Info) (watch.Card, error) {
	card := watch.Card{
		Version: info.Version, Licence: info.Licence, Thresholds: map[deepskin.Kind]float64{},
	}
	for kind, t := range info.Thresholds {
		card.Thresholds[kind] = t.Malignant
	}
	if err := json.Unmarshal(info.Metrics, &card.Figures); err != nil {
		return watch.Card{}, fmt.Errorf("read the model's figures: %w", err)
	}
	if info.Measured != nil {
		if err := json.Unmarshal(info.Measured, &card.Measured); err != nil {
			return watch.Card{}, fmt.Errorf("read what was measured of the model: %w", err)
		}
	}
	return card, nil
}

// tellOfModel tells the bots of the model that is served, again and again until ctx ends, so that also a
// Redis that was emptied has it.
func tellOfModel(ctx context.Context, jobs *queue.Queue, info func() classifier.Info, log *slog.Logger) {
	every(ctx, cardPause, func() {
		card, err := cardOf(info())
		var text []byte
		if err == nil {
			text, err = json.Marshal(card)
		}
		if err == nil {
			err = jobs.PublishModel(ctx, card.Version, text)
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the bots could not be told of the model", "error", err)
		}
	})
}

// keepModels keeps what the workers tell of their models, until ctx ends.
func keepModels(ctx context.Context, kept *store.Store, jobs *queue.Queue, log *slog.Logger) {
	every(ctx, cardPause, func() {
		cards, err := jobs.TakeModels(ctx)
		for _, card := range cards {
			if err == nil {
				err = kept.KeepModel(ctx, card, time.Now())
			}
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "what workers tell of their models was not kept", "error", err)
		}
	})
}

// alongside runs f until the stop that it returns is called, which waits for it.
func alongside(ctx context.Context, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { f(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// every calls f at once and after each pause, until ctx ends.
func every(ctx context.Context, pause time.Duration, f func()) {
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
