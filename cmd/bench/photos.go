package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"deepskin/classifier/sample"
)

// drawPhotos draws photos of 1280 x 960 pixels and 150 to 300 KB, as chats deliver them.
func drawPhotos(count int) ([][]byte, error) {
	photos := make([][]byte, count)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range photos {
		g.Go(func() error {
			drawn := sample.Photo(uint64(i), sample.Options{Width: 1280, Height: 960})
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

func describePhotos(photos [][]byte) string {
	bySize := func(a, b []byte) int { return cmp.Compare(len(a), len(b)) }
	return fmt.Sprintf("%d drawn JPEGs, 1280 x 960, %d to %d KB", len(photos),
		len(slices.MinFunc(photos, bySize))/1000, len(slices.MaxFunc(photos, bySize))/1000)
}
