package classifier_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
)

func TestAssess(t *testing.T) {
	c := open(t, classifier.Config{})
	info := c.Info()
	for seed := range uint64(8) {
		photo := jpegOf(t, sample.Photo(seed, sample.Options{Width: 200, Height: 150}))
		a, err := c.Assess(t.Context(), photo)
		if err != nil {
			t.Fatal(err)
		}
		total, malignancy := 0.0, 0.0
		for code, p := range a.Diagnoses {
			total += p
			if slices.Contains(info.Malignant, code) {
				malignancy += p
			}
		}
		if len(a.Diagnoses) != 7 || math.Abs(total-1) > 1e-3 {
			t.Errorf("seed %d: diagnoses = %v, want seven that add up to 1", seed, a.Diagnoses)
		}
		if math.Abs(malignancy-a.Malignancy) > 1e-3 {
			t.Errorf("seed %d: malignancy = %v, want the sum of the malignant diagnoses, %v", seed, a.Malignancy, malignancy)
		}
		if label, confidence := wantLabel(info, a); a.Label != label || math.Abs(a.Confidence-confidence) > 1e-9 {
			t.Errorf("seed %d: %s with confidence %v, want %s with %v", seed, a.Label, a.Confidence, label, confidence)
		}
		if limit := info.Thresholds[a.Kind].OOD; a.OOD > limit != a.Refused() {
			t.Errorf("seed %d: problems = %v with ood %v, threshold %v", seed, a.Problems, a.OOD, limit)
		}
		if kind := kindOf(a.PhoneProbability); a.Kind != kind || a.Diagnosis != wantName(info, a) {
			t.Errorf("seed %d: %s with %v, %s of %v", seed, a.Kind, a.PhoneProbability, a.Diagnosis, a.Diagnoses)
		}
		if b := a.Lesion; b == nil || b.Left < 0 || b.Top < 0 || b.Right > 1 || b.Bottom > 1 || b.Left > b.Right || b.Top > b.Bottom {
			t.Errorf("seed %d: lesion = %+v", seed, b)
		}
		if a.Model != info.Version || a.Millis <= 0 {
			t.Errorf("seed %d: model %q in %v ms", seed, a.Model, a.Millis)
		}
		checkGrid(t, a.Grid)
	}
}

// wantLabel restates the rule in the words of the specification.
func wantLabel(info classifier.Info, a deepskin.Assessment) (deepskin.Label, float64) {
	m, limits := a.Malignancy, info.Thresholds[kindOf(a.PhoneProbability)]
	switch {
	case a.OOD > limits.OOD:
		return deepskin.Inconclusive, max(m, 1-m)
	case m >= limits.Malignant:
		return deepskin.Malignant, m
	case m < limits.Benign:
		return deepskin.Benign, 1 - m
	}
	return deepskin.Inconclusive, max(m, 1-m)
}

// thresholds is the metadata of a model that has the same for both kinds of photo.
func thresholds(text string) string {
	return fmt.Sprintf(`{"dermoscopy": {%s}, "phone": {%s}}`, text, text)
}

func kindOf(phone float64) deepskin.Kind {
	if phone > 0.5 {
		return deepskin.Phone
	}
	return deepskin.Dermoscopy
}

func wantName(info classifier.Info, a deepskin.Assessment) deepskin.Diagnosis {
	return slices.MaxFunc(info.Labels, func(x, y deepskin.Diagnosis) int {
		weight := func(code deepskin.Diagnosis) float64 {
			return a.Diagnoses[code] * info.Naming[a.Kind][slices.Index(info.Labels, code)]
		}
		return cmp.Compare(weight(x), weight(y))
	})
}

func checkGrid(t *testing.T, grid *deepskin.Grid) {
	t.Helper()
	if grid == nil || len(grid.Values) == 0 || len(grid.Values) != grid.Rows*grid.Columns {
		t.Fatalf("grid = %+v, want rows x columns values", grid)
	}
	lowest, highest := slices.Min(grid.Values), slices.Max(grid.Values)
	if lowest < 0 || highest != 0 && highest != 1 {
		t.Errorf("grid lies between %v and %v, want 0 and 1", lowest, highest)
	}
}

// The thresholds of the shipped model need not leave a gap, and few photos fall into a narrow
// one; here they are moved around the malignancy of one photo.
func TestLabelFollowsTheThresholdsOfTheModel(t *testing.T) {
	photo := jpegOf(t, sample.Photo(3, sample.Options{Width: 200, Height: 150}))
	// Without a second look: what it says depends on the thresholds.
	before, err := open(t, classifier.Config{Model: editModel(t, "thresholds", func(string) string {
		return thresholds(`"malignant": 0.3, "benign": 0.2, "ood": 1e6, "closer": 0`)
	})}).Assess(t.Context(), photo)
	if err != nil {
		t.Fatal(err)
	}
	m := before.Malignancy
	lowest, low, high, highest := 0.8*m, 0.9*m, 0.9*m+0.1, 0.8*m+0.2
	cases := map[string]struct {
		malignant, benign, ood float64
		label                  deepskin.Label
		confidence             float64
		problems               []deepskin.Problem
	}{
		"above":           {low, lowest, 1e6, deepskin.Malignant, m, nil},
		"below":           {highest, high, 1e6, deepskin.Benign, 1 - m, nil},
		"between":         {high, low, 1e6, deepskin.Inconclusive, max(m, 1-m), nil},
		"no gap, above":   {low, low, 1e6, deepskin.Malignant, m, nil},
		"no gap, below":   {high, high, 1e6, deepskin.Benign, 1 - m, nil},
		"unlike a lesion": {low, lowest, -1e6, deepskin.Inconclusive, max(m, 1-m), []deepskin.Problem{deepskin.NotALesion}},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			limits := classifier.Thresholds{Malignant: want.malignant, Benign: want.benign, OOD: want.ood}
			path := editModel(t, "thresholds", func(string) string {
				text, err := json.Marshal(map[deepskin.Kind]classifier.Thresholds{
					deepskin.Dermoscopy: limits, deepskin.Phone: limits,
				})
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			})
			got, err := open(t, classifier.Config{Model: path}).Assess(t.Context(), photo)
			if err != nil {
				t.Fatal(err)
			}
			if got.Label != want.label || math.Abs(got.Confidence-want.confidence) > 1e-6 ||
				!slices.Equal(got.Problems, want.problems) {
				t.Errorf("got %s, %v, %v; want %s, %v, %v", got.Label, got.Confidence, got.Problems,
					want.label, want.confidence, want.problems)
			}
		})
	}
}

func TestCopyIsSmallUprightAndBare(t *testing.T) {
	c := open(t, classifier.Config{})
	cases := map[string]struct {
		photo []byte
		size  image.Point
	}{
		"large":     {jpegOf(t, imaging.Resize(goldenBase(), 1280, 960, imaging.Box)), image.Pt(640, 480)},
		"upright":   {jpegOf(t, imaging.Resize(goldenBase(), 600, 1200, imaging.Box)), image.Pt(300, 600)},
		"long":      {jpegOf(t, imaging.Resize(goldenBase(), 1600, 400, imaging.Box)), image.Pt(1024, 256)},
		"small":     {jpegOf(t, imaging.Resize(goldenBase(), 200, 150, imaging.Box)), image.Pt(200, 150)},
		"with EXIF": {golden(t, "exif-6.jpg"), image.Pt(400, 300)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, reduced, err := c.AssessAndCopy(t.Context(), test.photo)
			if err != nil {
				t.Fatal(err)
			}
			if size := decodeJPEG(t, reduced).Rect.Size(); size != test.size {
				t.Errorf("size = %v, want %v", size, test.size)
			}
			if bytes.Contains(reduced, []byte("Exif")) {
				t.Error("the copy holds EXIF data")
			}
		})
	}
	_, reduced, err := c.AssessAndCopy(t.Context(), []byte("no photo"))
	if err != nil || reduced != nil {
		t.Errorf("of what is no photo: %d bytes, %v; want nil and no error", len(reduced), err)
	}
}

func TestConcurrentAssessmentsAgree(t *testing.T) {
	c := open(t, classifier.Config{Concurrency: 4})
	photos := [][]byte{
		golden(t, "baseline.jpg"), golden(t, "progressive.jpg"), golden(t, "16-bit.png"), golden(t, "lossless.webp"),
	}
	var want []float64
	for _, photo := range photos {
		a, err := c.Assess(t.Context(), photo)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, a.Malignancy)
	}
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			a, err := c.Assess(t.Context(), photos[i%len(photos)])
			if err != nil {
				t.Error(err)
			}
			if a.Malignancy != want[i%len(photos)] {
				t.Errorf("photo %d: malignancy = %v, alone it was %v", i%len(photos), a.Malignancy, want[i%len(photos)])
			}
		})
	}
	group.Wait()
}

func TestMemoryBudget(t *testing.T) {
	photo := golden(t, "16-bit.png") // 400 x 300 pixels of 8 bytes, and of 3 once rendered
	const need = 400 * 300 * (8 + 3)

	c := open(t, classifier.Config{MaxDecodedBytes: need - 1})
	a, err := c.Assess(t.Context(), photo)
	if err != nil || !slices.Equal(a.Problems, []deepskin.Problem{deepskin.TooManyPixels}) {
		t.Errorf("above the budget: %v, %v; want it refused", a.Problems, err)
	}

	c = open(t, classifier.Config{MaxDecodedBytes: need, Concurrency: 8})
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			a, err := c.Assess(t.Context(), photo)
			if err != nil || a.Diagnoses == nil {
				t.Errorf("at the budget: %v, %v; want all assessed, one after the other", a.Problems, err)
			}
		})
	}
	group.Wait()
}

func TestEndOfContextIsAnError(t *testing.T) {
	c := open(t, classifier.Config{Concurrency: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Assess(ctx, golden(t, "baseline.jpg")); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want that of the context", err)
	}
	if _, err := c.Assess(t.Context(), golden(t, "baseline.jpg")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestInfo(t *testing.T) {
	var log bytes.Buffer
	c := open(t, classifier.Config{Provider: classifier.CPU, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	info := c.Info()
	if info.Version == "" || info.Provider != classifier.CPU || info.Side < 32 || len(info.Labels) != 7 {
		t.Errorf("info = %+v", info)
	}
	if !strings.Contains(info.Licence, "CC BY-NC") || len(info.DataSHA256) != 64 {
		t.Errorf("licence = %q, data = %q", info.Licence, info.DataSHA256)
	}
	var metrics struct {
		Dermoscopy struct {
			AUC []float64 `json:"malignant_auc"`
		} `json:"dermoscopy"`
	}
	if err := json.Unmarshal(info.Metrics, &metrics); err != nil || len(metrics.Dermoscopy.AUC) == 0 {
		t.Errorf("metrics = %s (%v), want a malignant_auc", info.Metrics, err)
	}
	if text := log.String(); !strings.Contains(text, info.Version) || !strings.Contains(text, "provider=cpu") {
		t.Errorf("log = %q, want version and provider", text)
	}
}

// A library without CUDA, or a machine without a GPU, must be served all the same.
func TestAutoAlwaysServes(t *testing.T) {
	c := open(t, classifier.Config{Provider: classifier.Auto})
	if p := c.Info().Provider; p != classifier.CPU && p != classifier.CUDA {
		t.Errorf("provider = %q", p)
	}
	if a, err := c.Assess(t.Context(), golden(t, "baseline.jpg")); err != nil || a.Diagnoses == nil {
		t.Errorf("got %v, %v", a.Problems, err)
	}
}

func TestNewRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.onnx")
	if err := os.WriteFile(text, []byte("this is no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		config classifier.Config
		want   string
	}{
		"no name":          {classifier.Config{}, "no file was named"},
		"no file":          {classifier.Config{Model: filepath.Join(t.TempDir(), "missing.onnx")}, "read file"},
		"no model":         {classifier.Config{Model: text}, "read inputs and outputs"},
		"unknown provider": {classifier.Config{Model: modelPath, Provider: "abacus"}, "want cpu, cuda or auto"},
		"another library":  {classifier.Config{Model: modelPath, Library: "other.so"}, "load ONNX Runtime"},
		"negative":         {classifier.Config{Model: modelPath, Concurrency: -1}, "negative"},
		"other output":     {classifier.Config{Model: renameOutputs(t, "grids")}, `want a "grids"`},
		"old format":       {classifier.Config{Model: renameOutputs(t, "phone", "box")}, "old format"},
		"no version":       {classifier.Config{Model: editKey(t, "version", "versiom")}, `"version" is missing`},
		"odd labels": {classifier.Config{Model: editModel(t, "labels", func(s string) string {
			return strings.Replace(s, "bcc", "xyz", 1)
		})}, "xyz"},
		"odd malignant": {classifier.Config{Model: editModel(t, "malignant", func(s string) string {
			return strings.Replace(s, "bcc", "mel", 1)
		})}, "each once"},
		"broken thresholds": {classifier.Config{Model: editModel(t, "thresholds", func(s string) string {
			return s[1:]
		})}, "thresholds"},
		"swapped thresholds": {classifier.Config{Model: editModel(t, "thresholds", func(string) string {
			return thresholds(`"malignant": 0.2, "benign": 0.3, "ood": 9, "closer": 0`)
		})}, "benign <= malignant"},
		"no ood threshold": {classifier.Config{Model: editModel(t, "thresholds", func(string) string {
			return thresholds(`"malignant": 0.3, "benign": 0.2, "closer": 0`)
		})}, `no "ood"`},
		"closer than all": {classifier.Config{Model: editModel(t, "thresholds", func(string) string {
			return thresholds(`"malignant": 0.3, "benign": 0.2, "ood": -3, "closer": 1.5`)
		})}, "closer <= 1"},
		"one kind only": {classifier.Config{Model: editModel(t, "thresholds", func(s string) string {
			return strings.Replace(s, `"phone"`, `"telephone"`, 1)
		})}, "none for phone photos"},
		"nameless": {classifier.Config{Model: editModel(t, "naming", func(string) string {
			return `{"dermoscopy": [1, 1, 1, 1, 1, 1, 1], "phone": [1, 1, 1, 1, 1, 1]}`
		})}, "want 7 weights"},
		"weightless": {classifier.Config{Model: editModel(t, "naming", func(string) string {
			return `{"dermoscopy": [1, 1, 1, 0, 1, 1, 1], "phone": [1, 1, 1, 1, 1, 1, 1]}`
		})}, "above 0"},
	}
	open(t, classifier.Config{}) // loads the library, so that another one can be refused
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := classifier.New(test.config)
			if err == nil {
				t.Fatal("got a classifier", c.Close())
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want it to say %q", err, test.want)
			}
		})
	}
}

func TestDefaultLibrary(t *testing.T) {
	t.Setenv("DEEPSKIN_ONNXRUNTIME", "/somewhere/else.so")
	if path, err := classifier.DefaultLibrary(); err != nil || path != "/somewhere/else.so" {
		t.Errorf("named by environment: %q, %v", path, err)
	}
	t.Setenv("DEEPSKIN_ONNXRUNTIME", "")
	t.Chdir(t.TempDir())
	if path, err := classifier.DefaultLibrary(); err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("nowhere: %q, %v; want an error that says what to do", path, err)
	}
}

func jpegOf(t testing.TB, photo *image.NRGBA) []byte {
	t.Helper()
	encoded, err := sample.JPEG(photo, 90)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func blurred(photo *image.NRGBA, share float64) *image.NRGBA {
	return imaging.Blur(photo, share*float64(photo.Rect.Dx()))
}
