package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"deepskin/classifier/sample"
)

// The size of the photos in pixels, the one that the bars are stated for.
const (
	photoWidth  = 1280
	photoHeight = 960
)

// drawPhotos draws photos of 150 to 300 KB, as chats deliver them.
func drawPhotos(count int) ([][]byte, error) {
	photos := make([][]byte, count)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range photos {
		g.Go(func() error {
			drawn := sample.Photo(uint64(i), sample.Options{Width: photoWidth, Height: photoHeight})
			var err error
			photos[i], err = sample.JPEG(drawn, 92)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("draw a photo: %w", err)
	}
	return photos, nil
}

// A photoSet says what was sent. Sizes are in KB of 1,000 bytes.
type photoSet struct {
	Count    int     `json:"count"`
	Smallest float64 `json:"smallest_kb"`
	Largest  float64 `json:"largest_kb"`
}

func describePhotos(photos [][]byte) photoSet {
	bySize := func(a, b []byte) int { return cmp.Compare(len(a), len(b)) }
	return photoSet{
		Count:    len(photos),
		Smallest: float64(len(slices.MinFunc(photos, bySize))) / 1000,
		Largest:  float64(len(slices.MaxFunc(photos, bySize))) / 1000,
	}
}
