package classifier_test

import (
	"slices"
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

// BenchmarkHostile is what it costs to refuse the files that are meant to cost much; compare it with a
// photo's assessment.
func BenchmarkHostile(b *testing.B) {
	c := open(b, classifier.Config{})
	photo := golden(b, "baseline.jpg")
	for name, content := range map[string][]byte{
		"bomb":                  flatPNG(b, 7000),
		"65,500 x 65,500":       jpegHeader(65500, 65500, 0xc2),
		"truncated progressive": enlarged(golden(b, "progressive.jpg"), 4000, 3000, 100_000),
		"polyglot":              append([]byte("GIF89a"), photo...),
		"10,000 EXIF tags":      manyTags(golden(b, "base.png"), 10_000), // assessed, as it lies
		"21 MB":                 append(slices.Clone(photo), make([]byte, 21_000_000)...),
		"a photo of 1280 x 960": benchPhoto(b, sample.Options{}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.AssessAndCopy(b.Context(), content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
