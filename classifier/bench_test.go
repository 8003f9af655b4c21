package classifier_test

import (
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
