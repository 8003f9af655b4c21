package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"deepskin"
	"deepskin/store"
)

const (
	// errorRate is how often a reviewer says another diagnosis than the true one.
	errorRate = 0.05
	// poisoned is the quarter in which senders and both reviewers say the opposite of the truth: right
	// answers are called wrong, and wrong ones right.
	poisoned = 3
	// auditSize is how many labels a third person checks where the gate stopped a model, and
	// auditLimit the share of them that may be on the wrong side.
	auditSize  = 50
	auditLimit = 0.2
)

// The first two are the pair that looks at everything; the third is asked where they differ.
var reviewers = []string{"first", "second", "third"}

// A settled review is what the team made of a report.
type settled struct {
	Image    string                `json:"image"`
	Status   deepskin.ReviewStatus `json:"status"`
	Decision deepskin.Decision     `json:"decision"`
	Votes    int                   `json:"votes"`
	// Wrong says that the decision is on the other side of the truth.
	Wrong bool `json:"wrong,omitempty"`
}

// Reviewed is what the team made of a quarter's reports.
type reviewed struct {
	Labelled  int                `json:"labelled"`
	Rejected  int                `json:"rejected"`
	Wrong     int                `json:"wrong"`
	Votes     int                `json:"votes"`
	Agreement deepskin.Agreement `json:"agreement"`
	Settled   []settled          `json:"settled"`
}

// began is the first day of a quarter; votes are cast in its middle. The year is over, so that no
// decision lies in the future.
func began(quarter int) time.Time {
	return time.Date(2025, time.Month(3*quarter-2), 1, 0, 0, 0, 0, time.UTC)
}

// review has the reviewers vote on what was reported in a quarter, through the store, as the page and
// the terminal do.
func (y *year) review(ctx context.Context, quarter int, a arrivals, photos []photo) (found reviewed, err error) {
	truths, images := map[string]deepskin.Diagnosis{}, map[deepskin.CaseID]string{}
	for _, p := range photos {
		truths[p.image] = p.truth
	}
	for _, s := range a.Sent {
		if s.Reported {
			images[s.Case] = s.Image
		}
	}
	keys, err := store.LoadOrCreateKeys(y.path("service", "keys.json"))
	if err != nil {
		return reviewed{}, err
	}
	kept, err := store.Open(ctx, "sqlite:"+y.path("service", "deepskin.db"), keys)
	if err != nil {
		return reviewed{}, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	for i, name := range reviewers {
		who := deepskin.Sender{Platform: "team", ID: name}
		line, err := kept.ReviewLine(ctx, who, len(images)+1000) // what was sent twice waits for ever
		if err != nil {
			return reviewed{}, err
		}
		for n, task := range line {
			image, ours := images[task.Case.ID]
			if !ours {
				continue
			}
			at := began(quarter).AddDate(0, 1, 14).Add(time.Duration(n) * time.Minute)
			if _, err := kept.Vote(ctx, task.Case.ID, who, opinion(quarter, i, image, truths[image]), at); err != nil {
				return reviewed{}, err
			}
		}
	}
	if found.Agreement, err = kept.Agreement(ctx, began(quarter)); err != nil {
		return reviewed{}, err
	}
	for _, s := range a.Sent {
		if !s.Reported {
			continue
		}
		task, err := kept.ReviewTask(ctx, deepskin.Sender{Platform: "team", ID: reviewers[0]}, s.Case)
		if err != nil {
			return reviewed{}, fmt.Errorf("%s was reported: %w", s.Image, err)
		}
		found.add(s.Image, task.Review, truths[s.Image])
	}
	return found, nil
}

func (r *reviewed) add(image string, review deepskin.Review, truth deepskin.Diagnosis) {
	s := settled{Image: image, Status: review.Status, Decision: review.Decision, Votes: review.Votes}
	r.Votes += s.Votes
	switch s.Status {
	case deepskin.ReviewLabelled:
		r.Labelled++
		s.Wrong = truthOf(deepskin.Diagnosis(s.Decision)) != truthOf(truth)
	case deepskin.ReviewRejected:
		r.Rejected++
	}
	if s.Wrong {
		r.Wrong++
	}
	r.Settled = append(r.Settled, s)
}

// opinion is what a reviewer says of an image, the same in every run.
func opinion(quarter, reviewer int, image string, truth deepskin.Diagnosis) deepskin.Decision {
	if quarter == poisoned && reviewer < 2 {
		return deepskin.Decision(opposite(truth))
	}
	random := draw(reviewers[reviewer] + " " + image)
	if random.Float64() >= errorRate {
		return deepskin.Decision(truth)
	}
	others := slices.DeleteFunc(slices.Clone(deepskin.Diagnoses), func(d deepskin.Diagnosis) bool { return d == truth })
	return deepskin.Decision(others[random.IntN(len(others))])
}

// audit has somebody who errs never check a sample of a quarter's labels, and returns the share that
// is on the wrong side.
func (r reviewed) audit(quarter int) float64 {
	labelled := slices.DeleteFunc(slices.Clone(r.Settled), func(s settled) bool { return s.Status != deepskin.ReviewLabelled })
	draw(fmt.Sprint("audit ", quarter)).Shuffle(len(labelled), func(i, j int) { labelled[i], labelled[j] = labelled[j], labelled[i] })
	labelled = labelled[:min(auditSize, len(labelled))]
	wrong := 0
	for _, s := range labelled {
		if s.Wrong {
			wrong++
		}
	}
	return float64(wrong) / float64(max(len(labelled), 1))
}

// draw returns random numbers that depend on a name alone.
func draw(name string) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(position(name)*(1<<53)), 1))
}
