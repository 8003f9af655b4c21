package classifier_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
)

var update = flag.Bool("update", false, "draw the base picture of the golden set anew")

const goldenFolder = "testdata/golden"

// goldenBase draws the base picture. models/training/golden.py turns it into all other files of
// the golden set, and says what Python makes of them.
var goldenBase = sync.OnceValue(func() *image.NRGBA {
	return sample.Photo(5, sample.Options{Width: 400, Height: 300, Look: sample.Patchwork, Tone: sample.ToneII})
})

func TestGoldenBaseIsTheGenerators(t *testing.T) {
	path := filepath.Join(goldenFolder, "base.png")
	want := goldenBase()
	if *update {
		var file bytes.Buffer
		if err := png.Encode(&file, want); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := imaging.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	// Processors may round differently, but nothing more.
	if d := difference(imaging.Clone(got), want); d > 0.1 {
		t.Errorf("base.png differs from the generator's by %.2f levels on average; run this test "+
			"with -update and then golden.py --files", d)
	}
}

// expectation is expected.json: for each file what an assessment holds, under the same names.
type expectation struct {
	Model string                         `json:"model"`
	Files map[string]deepskin.Assessment `json:"files"`
}

func readExpectation(t *testing.T) expectation {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(goldenFolder, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected expectation
	if err := json.Unmarshal(content, &expected); err != nil {
		t.Fatal(err)
	}
	return expected
}

// What Python and Go make of the same bytes must agree, for the model was trained on Python's
// pictures, and every file must show the base picture upright and in its colours.
func TestGoldenAgreement(t *testing.T) {
	const tolerance, oodTolerance = 0.02, 0.05
	c := open(t, classifier.Config{})
	expected := readExpectation(t)
	if expected.Model != c.Info().Version {
		t.Fatalf("expected.json is about model %s, but %s is %s; run models/training/golden.py",
			expected.Model, modelPath, c.Info().Version)
	}
	for _, want := range []string{
		"base.png", "baseline.jpg", "progressive.jpg", "sampling-422.jpg", "sampling-444.jpg",
		"12-megapixels.jpg", "grey.jpg", "cmyk.jpg", "exif-1.jpg", "exif-8.jpg", "alpha.png",
		"16-bit.png", "16-bit-grey.png", "palette.png", "lossy.webp", "lossless.webp", "alpha.webp",
	} {
		if _, ok := expected.Files[want]; !ok {
			t.Errorf("expected.json does not speak of %s", want)
		}
	}
	for name, want := range expected.Files {
		t.Run(name, func(t *testing.T) {
			got, reduced, err := c.AssessAndCopy(t.Context(), golden(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if got.Diagnoses == nil {
				t.Fatalf("not decoded: %v", got.Problems)
			}
			checkPixels(t, name, reduced)
			worst := 0.0
			for code, p := range want.Diagnoses {
				worst = max(worst, math.Abs(got.Diagnoses[code]-p))
			}
			ood := math.Abs(got.OOD-want.OOD) / max(math.Abs(want.OOD), 1)
			t.Logf("probabilities within %.4f, ood within %.2f %%", worst, 100*ood)
			if worst > tolerance {
				t.Errorf("probabilities differ by %.4f:\n got %v\nwant %v", worst, got.Diagnoses, want.Diagnoses)
			}
			if ood > oodTolerance {
				t.Errorf("ood = %.3f, want %.3f", got.OOD, want.OOD)
			}
			if got.Kind != want.Kind || math.Abs(got.PhoneProbability-want.PhoneProbability) > tolerance {
				t.Errorf("%s with %.3f, want %s with %.3f", got.Kind, got.PhoneProbability, want.Kind, want.PhoneProbability)
			}
			limits := c.Info().Thresholds[got.Kind]
			if got.Threshold != limits.Malignant || got.OODLimit != limits.OOD {
				t.Errorf("threshold %v and limit %v, want those of %s photos: %+v", got.Threshold, got.OODLimit, got.Kind, limits)
			}
			if got.Diagnosis != want.Diagnosis {
				t.Errorf("diagnosis = %s, want %s", got.Diagnosis, want.Diagnosis)
			}
			if want.Lesion == nil || apart(*got.Lesion, *want.Lesion) > tolerance || got.Closer != want.Closer {
				t.Errorf("lesion = %+v, closer = %v, want %+v, %v", got.Lesion, got.Closer, want.Lesion, want.Closer)
			}
		})
	}
}

// checkPixels compares what a file of the golden set shows with the base picture. Probabilities
// hardly change when a lesion is turned; pixels do.
func checkPixels(t *testing.T, name string, encoded []byte) {
	t.Helper()
	want, got := goldenBase(), decodeJPEG(t, encoded)
	if strings.Contains(name, "grey") {
		want = imaging.Grayscale(want)
	}
	if name == "12-megapixels.jpg" {
		got = imaging.Resize(got, 400, 300, imaging.Box)
	}
	// Compared around the middle, where the files with transparency are opaque.
	middle := image.Rect(150, 113, 250, 187)
	if d := difference(imaging.Crop(got, middle), imaging.Crop(want, middle)); d > 5 {
		t.Errorf("differs from the base picture by %.1f levels on average", d)
	}
	corner := got.NRGBAAt(2, 2)
	if strings.HasPrefix(name, "alpha") && min(corner.R, corner.G, corner.B) < 250 {
		t.Errorf("transparent corner is %v, want white", corner)
	}
}

// EXIF need not be the first of the application segments.
func TestOrientationBehindAnotherSegment(t *testing.T) {
	photo := golden(t, "exif-6.jpg")
	text := append([]byte("http://ns.adobe.com/xap/1.0/\x00"), bytes.Repeat([]byte(" "), 100)...)
	segment := append([]byte{0xff, 0xe1, 0, byte(len(text) + 2)}, text...)
	photo = append(append([]byte("\xff\xd8"), segment...), photo[2:]...)
	c := open(t, classifier.Config{})
	_, encoded, err := c.AssessAndCopy(t.Context(), photo)
	if err != nil {
		t.Fatal(err)
	}
	if size := decodeJPEG(t, encoded).Rect.Size(); size != image.Pt(400, 300) {
		t.Errorf("size = %v, want 400 x 300", size)
	}
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(goldenFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func decodeJPEG(t testing.TB, encoded []byte) *image.NRGBA {
	t.Helper()
	decoded, err := jpeg.Decode(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return imaging.Clone(decoded)
}

// difference is how far two pictures are apart, in levels of 256, on average; all of them if
// their sizes differ.
func difference(a, b *image.NRGBA) float64 {
	if a.Rect.Size() != b.Rect.Size() {
		return 256
	}
	sum := 0.0
	for i := range a.Pix {
		sum += math.Abs(float64(a.Pix[i]) - float64(b.Pix[i]))
	}
	return sum / float64(len(a.Pix)) * 4 / 3 // a quarter of the bytes are opacity
}
