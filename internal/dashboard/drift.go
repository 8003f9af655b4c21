package dashboard

import (
	"context"
	"time"

	"deepskin"
	"deepskin/internal/watch"
)

const (
	// firstDays is how many days of a model's service serve as reference where its file has none.
	firstDays = 28
	// memory is how many days back those are looked for.
	memory = 365
)

// Kinds are those of photos, in the order of tables.
var kinds = []deepskin.Kind{deepskin.Dermoscopy, deepskin.Phone}

// A reference is the distributions that photos are compared with, by kind of photo and feature.
type reference struct {
	// own says that they are not of the model's test set but of its first days in service, of which
	// the last was until.
	own   bool
	until time.Time
	kinds map[deepskin.Kind]map[string]watch.Histogram
}

// referenceOf returns what the photos of a model are compared with. Of a model whose file does not say,
// these are the photos of its first days in service, as far as they came before the time to look at.
func (d *Dashboard) referenceOf(ctx context.Context, card watch.Card, before time.Time) (reference, error) {
	r := reference{kinds: map[deepskin.Kind]map[string]watch.Histogram{}}
	for _, kind := range kinds {
		if distributions := card.Measured[string(kind)].Distributions; len(distributions) > 0 {
			r.kinds[kind] = distributions
		}
	}
	if len(r.kinds) > 0 || card.Version == "" {
		return r, nil
	}
	days, err := d.Store.Days(ctx, beginning(d.Now(), memory))
	if err != nil {
		return reference{}, err
	}
	var first watch.Day
	for _, day := range days {
		if day.Features[card.Version] == nil {
			continue
		}
		if r.until.IsZero() {
			r.until = day.Date.AddDate(0, 0, firstDays-1)
		}
		if day.Date.After(r.until) || !day.Date.Before(before) {
			break
		}
		first.Add(day)
	}
	r.own, r.kinds = true, first.Features[card.Version]
	return r, nil
}

// A shift is the drift of a feature; known is false where there are too few photos to tell, or no
// reference.
type shift struct {
	watch.Feature
	watch.Drift
	known bool
}

// shifts returns the drift of all features of the photos of a kind that the current model looked at.
func (f *findings) shifts(kind deepskin.Kind) []shift {
	var shifts []shift
	for _, feature := range watch.Features {
		drift, known := feature.Drift(f.reference.kinds[kind][feature.Name], f.total.Features[f.card.Version][kind][feature.Name])
		shifts = append(shifts, shift{feature, drift, known})
	}
	return shifts
}
