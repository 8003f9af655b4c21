package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"deepskin/classifier"
	"deepskin/classifier/sample"
)

// A photoSet says which photos are measured with. Sizes are in KB of 1,000 bytes.
type photoSet struct {
	Name     string  `json:"name"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Quality  int     `json:"jpeg_quality"`
	Count    int     `json:"count"`
	Smallest float64 `json:"smallest_kb"`
	Largest  float64 `json:"largest_kb"`
	// Passed over are drawings that the model's own checks refuse, which would cost less.
	PassedOver int `json:"passed_over"`

	photos [][]byte
	files  []string
}

// reduced is the same with fewer photos.
func (s photoSet) reduced(count int) photoSet {
	s.Count = count
	return s
}

// prepare draws the photos, keeps those that the model labels, and leaves them in files.
func (b *bench) prepare(ctx context.Context, set photoSet, c *classifier.Classifier) (photoSet, error) {
	folder := b.photos
	if folder == "" {
		folder = filepath.Join(b.folder, "photos")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return photoSet{}, fmt.Errorf("make a folder for photos: %w", err)
	}
	type drawing struct {
		file  string
		photo []byte
	}
	var mu sync.Mutex
	labelled := map[int]drawing{}
	for next := 0; len(labelled) < set.Count; {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		missing := set.Count - len(labelled)
		for seed := next; seed < next+missing; seed++ {
			g.Go(func() error {
				file := filepath.Join(folder, fmt.Sprintf("%s-q%d-%04d.jpg", set.Name, set.Quality, seed))
				photo, err := set.draw(seed, file)
				if err != nil {
					return err
				}
				a, err := c.Assess(ctx, photo)
				if err != nil {
					return err
				}
				if !a.Refused() {
					mu.Lock()
					defer mu.Unlock()
					labelled[seed] = drawing{file, photo}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return photoSet{}, fmt.Errorf("draw photos: %w", err)
		}
		next += missing
		set.PassedOver = next - len(labelled)
		if set.PassedOver > 20+set.Count {
			return photoSet{}, fmt.Errorf("the model refuses %d of %d drawn photos: it cannot be measured with them", set.PassedOver, next)
		}
	}
	var sizes []float64
	for _, d := range labelled {
		set.photos, set.files = append(set.photos, d.photo), append(set.files, d.file)
		sizes = append(sizes, float64(len(d.photo))/1000)
	}
	set.Smallest, set.Largest = slices.Min(sizes), slices.Max(sizes)
	return set, nil
}

// draw returns the photo of a seed, from its file where it was drawn before.
func (s photoSet) draw(seed int, file string) ([]byte, error) {
	if photo, err := os.ReadFile(file); err == nil {
		return photo, nil
	}
	photo, err := sample.JPEG(sample.Photo(uint64(seed), sample.Options{Width: s.Width, Height: s.Height}), s.Quality)
	if err != nil {
		return nil, err
	}
	return photo, os.WriteFile(file, photo, 0o600)
}
