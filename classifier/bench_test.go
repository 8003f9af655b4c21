package classifier_test

import (
	"bytes"
	"image/jpeg"
	"testing"

	"deepskin/classifier"
	"deepskin/classifier/sample"
)

// The photo that the project's targets are stated for: 1280 x 960, 150 to 300 KB.
func benchPhoto(b *testing.B, options sample.Options) []byte {
	b.Helper()
	photo, err := sample.JPEG(sample.Photo(1, options), 92)
	if err != nil {
		b.Fatal(err)
	}
	return photo
}

// BenchmarkDecode is Go's JPEG decoder alone, for comparison.
func BenchmarkDecode(b *testing.B) {
	photo := benchPhoto(b, sample.Options{})
	b.SetBytes(int64(len(photo)))
	for b.Loop() {
		if _, err := jpeg.Decode(bytes.NewReader(photo)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAssess is all that lies between the photo's bytes and the assessment.
func BenchmarkAssess(b *testing.B) {
	c := open(b, classifier.Config{})
	photo := benchPhoto(b, sample.Options{})
	for b.Loop() {
		if _, err := c.Assess(b.Context(), photo); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAssessAndCopy is what a worker does for each photo.
func BenchmarkAssessAndCopy(b *testing.B) {
	c := open(b, classifier.Config{})
	photo := benchPhoto(b, sample.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.AssessAndCopy(b.Context(), photo); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAssess12Megapixels is the photo of a phone's main camera, sent as a file.
func BenchmarkAssess12Megapixels(b *testing.B) {
	c := open(b, classifier.Config{})
	photo := benchPhoto(b, sample.Options{Width: 4032, Height: 3024})
	for b.Loop() {
		if _, err := c.Assess(b.Context(), photo); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkModel is nearly the model alone: there is little to decode in so small a photo.
func BenchmarkModel(b *testing.B) {
	c := open(b, classifier.Config{})
	photo := benchPhoto(b, sample.Options{Width: 200, Height: 150})
	for b.Loop() {
		if _, err := c.Assess(b.Context(), photo); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHeatmap(b *testing.B) {
	c := open(b, classifier.Config{})
	assessment, reduced, err := c.AssessAndCopy(b.Context(), benchPhoto(b, sample.Options{}))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := classifier.Heatmap(reduced, *assessment.Grid); err != nil {
			b.Fatal(err)
		}
	}
}
