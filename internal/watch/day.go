package watch

import (
	"time"

	"deepskin"
)

// A Day counts the photos that came on one day, or in any other time. It has only totals, each by
// itself, so that it says nothing of any single photo or person; it may outlast them.
type Day struct {
	// Date is the day's beginning, UTC.
	Date time.Time `json:"-"`
	// Platforms counts all photos that came.
	Platforms map[string]int `json:"platforms,omitempty"`
	// Outcomes counts them by the Labels; by deepskin.Failed and deepskin.Expired those that were
	// apologised for or had no consent. What is still open is in none.
	Outcomes map[string]int `json:"outcomes,omitempty"`
	// Refusals counts the reasons why photos could not be judged; a photo may have several.
	Refusals map[deepskin.Problem]int `json:"refusals,omitempty"`
	// Times counts the answers by how long they took, from the promise to the delivery.
	Times Times `json:"times,omitempty"`
	// Features counts the photos that a model looked at, by its version, the kind of photo and the
	// name of the feature.
	Features map[string]map[deepskin.Kind]map[string]Histogram `json:"features,omitempty"`
}

// A Seen is what a Day has to know of a photo to count it.
type Seen struct {
	Platform string
	Status   deepskin.Status
	// Assessment is nil unless the photo was answered. Its grid is not looked at.
	Assessment *deepskin.Assessment
	// Took is the time from the promise to the delivery of an answer; zero where there was none.
	Took time.Duration
}

// Count adds a photo.
func (d *Day) Count(s Seen) {
	count(&d.Platforms, s.Platform, 1)
	switch {
	case s.Assessment != nil:
		count(&d.Outcomes, LabelOf(*s.Assessment), 1)
		for _, problem := range s.Assessment.Problems {
			count(&d.Refusals, problem, 1)
		}
		Measure(d.of(s.Assessment.Model, s.Assessment.Kind), *s.Assessment)
	case s.Status == deepskin.Failed || s.Status == deepskin.Expired:
		count(&d.Outcomes, string(s.Status), 1)
	}
	if s.Took > 0 {
		if d.Times == nil {
			d.Times = Times{}
		}
		d.Times.Add(s.Took)
	}
}

// Add adds all that another day counted. The date stays.
func (d *Day) Add(other Day) {
	addAll(&d.Platforms, other.Platforms)
	addAll(&d.Outcomes, other.Outcomes)
	addAll(&d.Refusals, other.Refusals)
	addAll((*map[int]int)(&d.Times), other.Times)
	for version, kinds := range other.Features {
		for kind, features := range kinds {
			sums := d.of(version, kind)
			for name, histogram := range features {
				sums[name] = sums[name].Add(histogram)
			}
		}
	}
}

// Photos returns how many photos came.
func (d *Day) Photos() int {
	total := 0
	for _, n := range d.Platforms {
		total += n
	}
	return total
}

// of returns the histograms of a model's photos of a kind, to which can be added.
func (d *Day) of(version string, kind deepskin.Kind) map[string]Histogram {
	if kind == "" {
		return nil // the model did not look at them
	}
	if d.Features == nil {
		d.Features = map[string]map[deepskin.Kind]map[string]Histogram{}
	}
	if d.Features[version] == nil {
		d.Features[version] = map[deepskin.Kind]map[string]Histogram{}
	}
	if d.Features[version][kind] == nil {
		d.Features[version][kind] = map[string]Histogram{}
	}
	return d.Features[version][kind]
}

func count[K comparable](counts *map[K]int, key K, n int) {
	if *counts == nil {
		*counts = map[K]int{}
	}
	(*counts)[key] += n
}

func addAll[K comparable](counts *map[K]int, other map[K]int) {
	for key, n := range other {
		count(counts, key, n)
	}
}

// A Thumbs counts the verdicts of senders on one model's answers.
type Thumbs struct {
	Version  string
	Up, Down int
}
