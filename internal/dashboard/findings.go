package dashboard

import (
	"context"
	"time"

	"deepskin"
	"deepskin/internal/watch"
)

// Findings are all that the dashboard shows of some time.
type findings struct {
	// now is when they were found, and span how many days they are of, today included.
	now  time.Time
	span int
	days []watch.Day
	// total is what all days counted.
	total  watch.Day
	thumbs []watch.Thumbs
	// card is that of the model that was served last; empty where no worker has told of one.
	card watch.Card
	// reference is what the photos are compared with.
	reference reference
	reviews   int
	agreement deepskin.Agreement
	// jobs and workers are nil where Redis does not answer.
	jobs, workers *int
}

// beginning is the first day of a span.
func beginning(now time.Time, span int) time.Time {
	year, month, day := now.UTC().Date()
	return time.Date(year, month, day-span+1, 0, 0, 0, 0, time.UTC)
}

// look finds what there is of so many days.
func (d *Dashboard) look(ctx context.Context, span int) (*findings, error) {
	f, err := d.watch(ctx, span)
	if err != nil {
		return nil, err
	}
	if f.reviews, err = d.Store.OpenReviews(ctx); err != nil {
		return nil, err
	}
	if f.agreement, err = d.Store.Agreement(ctx, beginning(f.now, span)); err != nil {
		return nil, err
	}
	// The store has the rest, so a Redis that is away is no reason to show nothing.
	if n, err := d.Queue.Backlog(ctx); err == nil {
		f.jobs = &n
	}
	if n, err := d.Queue.Workers(ctx); err == nil {
		f.workers = &n
	}
	return f, nil
}

// watch finds what drift and rates are computed from.
func (d *Dashboard) watch(ctx context.Context, span int) (*findings, error) {
	f := &findings{now: d.Now(), span: span}
	since := beginning(f.now, span)
	var err error
	if f.days, err = d.Store.Days(ctx, since); err != nil {
		return nil, err
	}
	for _, day := range f.days {
		f.total.Add(day)
	}
	if f.thumbs, err = d.Store.Thumbs(ctx, since); err != nil {
		return nil, err
	}
	cards, err := d.Store.Models(ctx)
	if err != nil {
		return nil, err
	}
	if len(cards) > 0 {
		f.card = cards[0]
	}
	f.reference, err = d.referenceOf(ctx, f.card, since)
	return f, err
}
