package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/adapters/web/client"
)

// sendersAtOnce is how many people send photos at the same time.
const sendersAtOnce = 4

// A sent photo is one that was answered.
type sent struct {
	Image string          `json:"image"`
	Case  deepskin.CaseID `json:"case"`
	Label deepskin.Label  `json:"label"`
	// Refused says that the model would not judge it.
	Refused bool   `json:"refused,omitempty"`
	Model   string `json:"model"`
	// Reported says that its sender called the answer wrong and shares the photo.
	Reported bool `json:"reported,omitempty"`
}

// Arrivals are the photos of a quarter.
type arrivals struct {
	Photos  int `json:"photos"`
	Senders int `json:"senders"`
	Refused int `json:"refused"`
	// Wrong answers have the label of the other side of what was said; open ones are inconclusive or
	// refused. All of them were reported.
	Wrong int `json:"wrong"`
	Open  int `json:"open"`
	// Models counts the answers by the model that gave them.
	Models map[string]int `json:"models"`
	Sent   []sent         `json:"sent"`
}

// send has each lesion's owner send its photos, read the answers and report those that are wrong. A
// journal tells another run what was sent: only photos that were on their way when a run was killed
// are sent twice.
func (y *year) send(ctx context.Context, url, journal string, photos []photo) (arrivals, error) {
	done, err := readJournal(journal)
	if err != nil {
		return arrivals{}, err
	}
	if err := os.MkdirAll(filepath.Dir(journal), 0o700); err != nil {
		return arrivals{}, fmt.Errorf("open the journal: %w", err)
	}
	file, err := os.OpenFile(journal, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return arrivals{}, fmt.Errorf("open the journal: %w", err)
	}
	defer func() { _ = file.Close() }()
	var mu sync.Mutex
	note := func(s sent) error {
		mu.Lock()
		defer mu.Unlock()
		done[s.Image] = s
		return json.NewEncoder(file).Encode(s)
	}
	owners := map[string][]photo{}
	for _, p := range photos {
		owners[p.lesion] = append(owners[p.lesion], p)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sendersAtOnce)
	for _, own := range owners {
		var left []photo
		for _, p := range own {
			if _, ok := done[p.image]; !ok {
				left = append(left, p)
			}
		}
		g.Go(func() error {
			visitor := client.New(url)
			for _, p := range left {
				s, err := y.ask(ctx, visitor, p)
				if err != nil {
					return fmt.Errorf("%s: %w", p.image, err)
				}
				if s.Reported = wrong(s, p); s.Reported {
					keep := true
					err = visitor.Judge(ctx, s.Case, deepskin.Verdict{Truth: truthOf(p.said), Keep: &keep})
				}
				if err := errors.Join(err, note(s)); err != nil {
					return fmt.Errorf("%s: %w", p.image, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return arrivals{}, err
	}
	return count(photos, done, len(owners)), nil
}

func count(photos []photo, done map[string]sent, senders int) arrivals {
	a := arrivals{Photos: len(photos), Senders: senders, Models: map[string]int{}}
	for _, p := range photos {
		s := done[p.image]
		a.Sent = append(a.Sent, s)
		a.Models[s.Model]++
		if s.Refused {
			a.Refused++
		}
		switch {
		case s.Reported && s.Label == deepskin.Inconclusive:
			a.Open++
		case s.Reported:
			a.Wrong++
		}
	}
	return a
}

// ask sends a photo and waits for the answer.
func (y *year) ask(ctx context.Context, visitor *client.Client, p photo) (sent, error) {
	content, err := y.album.read(p.image)
	if err != nil {
		return sent{}, err
	}
	accepted, err := visitor.Send(ctx, p.image+".jpg", content, true)
	if err != nil {
		return sent{}, err
	}
	answer, err := visitor.Wait(ctx, accepted.ID)
	if err != nil {
		return sent{}, err
	}
	if answer.Status != deepskin.Answered {
		return sent{}, fmt.Errorf("the service gave no answer, the case is %s", answer.Status)
	}
	return sent{
		Image: p.image, Case: accepted.ID, Label: answer.Label, Refused: len(answer.Problems) > 0, Model: answer.Model,
	}, nil
}

// wrong says that an answer is not the right one, by what its sender says.
func wrong(s sent, p photo) bool { return string(s.Label) != string(truthOf(p.said)) }

func truthOf(d deepskin.Diagnosis) deepskin.Truth {
	if d.Malignant() {
		return deepskin.TruthMalignant
	}
	return deepskin.TruthBenign
}

// readJournal returns what was sent, by image. A line that a kill cut off counts for nothing.
func readJournal(path string) (map[string]sent, error) {
	done := map[string]sent{}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var s sent
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			done[s.Image] = s
		}
	}
	return done, nil
}
