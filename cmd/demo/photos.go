package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/classifier/sample"
)

// A photo is one that the demonstration sends.
type photo struct {
	name string
	// about says what it is, for the reader.
	about string
	bytes []byte
	// own is set for the user's photo, which is not saved again and may be refused.
	own bool
	// refusal is the problem that must be found, empty where the photo should be judged.
	refusal deepskin.Problem
}

// choosePhotos returns the photos in the order in which they are sent: the user's own, if there
// is one, then drawn ones, and two that must be refused.
func choosePhotos(environ []string) ([]photo, error) {
	var photos []photo
	if path := lookUp(environ, "DEMO_PHOTO"); path != "" {
		bytes, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read your photo, DEMO_PHOTO: %w", err)
		}
		photos = append(photos, photo{name: filepath.Base(path), about: "your own", bytes: bytes, own: true})
	}
	drawn, err := drawPhotos()
	if err != nil {
		return nil, err
	}
	photos = append(photos, drawn...)
	return append(photos, photo{
		name: "notes.jpg", about: "a text file that was renamed", refusal: deepskin.UnknownFormat,
		bytes: []byte("Monday: ask about the spot on the left arm.\n"),
	}), nil
}

// drawPhotos draws the samples, all at the same time. They are ordinary photos to the service.
func drawPhotos() ([]photo, error) {
	const drawn = "drawn by the program, nobody's skin"
	samples := []struct {
		photo
		seed    uint64
		options sample.Options
	}{
		{photo{name: "drawn-mole.jpg", about: drawn}, 11, sample.Options{Look: sample.Mole, Tone: sample.ToneII}},
		{photo{name: "drawn-patchwork.jpg", about: drawn}, 62, sample.Options{Look: sample.Patchwork, Tone: sample.ToneIII}},
		{photo{name: "drawn-dark-mole.jpg", about: drawn}, 26, sample.Options{Look: sample.DarkMole, Tone: sample.ToneV}},
		{
			photo{name: "drawn-blurred.jpg", about: drawn + ", out of focus", refusal: deepskin.Blurred},
			1,
			sample.Options{Look: sample.Mole, Fault: sample.Blurred},
		},
	}
	photos := make([]photo, len(samples))
	var g errgroup.Group
	for i, s := range samples {
		g.Go(func() error {
			s.options.Width, s.options.Height = 640, 480
			var err error
			s.bytes, err = sample.JPEG(sample.Photo(s.seed, s.options), 92)
			photos[i] = s.photo
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("draw a sample photo: %w", err)
	}
	return photos, nil
}
