package classifier

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin/classifier/sample"
)

// The stages that a photo passes, each for itself. Compare two builds with benchstat, and in one
// run what the alternatives cost: go test -run '^$' -bench Stage -benchmem -tags turbojpeg ./classifier

const benchModelSide = 224

// The photos that the project's targets are stated for: as a chat delivers them, and as a phone's main
// camera takes them.
var benchSizes = []struct {
	name    string
	options sample.Options
	quality int
}{
	{"1280x960", sample.Options{}, 92},
	{"4032x3024", sample.Options{Width: 4032, Height: 3024}, 95},
}

var drawn sync.Map

// each runs a benchmark for each size of photo.
func each(b *testing.B, run func(b *testing.B, from *source)) {
	for _, size := range benchSizes {
		b.Run(size.name, func(b *testing.B) {
			photo, ok := drawn.Load(size.name)
			if !ok {
				encoded, err := sample.JPEG(sample.Photo(1, size.options), size.quality)
				if err != nil {
					b.Fatal(err)
				}
				photo = encoded
				drawn.Store(size.name, encoded)
			}
			found, problem := inspect(photo.([]byte))
			if problem != "" {
				b.Fatal(problem)
			}
			b.SetBytes(int64(len(photo.([]byte))))
			b.ReportAllocs()
			run(b, &source{photo: photo.([]byte), header: found})
		})
	}
}

// repeat is the benchmark's loop, and reports the processor time, which other work on the machine
// distorts less than the time that passes.
func repeat(b *testing.B, run func()) {
	begun := processorTime(b)
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(processorTime(b)-begun)/1e6/float64(b.N), "cpu-ms/op")
}

func processorTime(b *testing.B) int64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

func BenchmarkStageInspect(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			if _, problem := inspect(from.photo); problem != "" {
				b.Fatal(problem)
			}
			orientation(from.photo, from.format)
		})
	})
}

func BenchmarkStageDecode(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			(&source{photo: from.photo, header: from.header}).mustLook(b).release()
		})
	})
}

// BenchmarkStageDecodeInFull is libjpeg-turbo, or Go, without reducing while decoding.
func BenchmarkStageDecodeInFull(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			fresh := &source{photo: from.photo, header: from.header}
			seen, problem := fresh.render(image.Rectangle{Max: from.size}, 1)
			if problem != "" {
				b.Fatal(problem)
			}
			seen.release()
		})
	})
}

// BenchmarkStageDecodeWithGo is image/jpeg alone, for comparison.
func BenchmarkStageDecodeWithGo(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			if _, err := jpeg.Decode(bytes.NewReader(from.photo)); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func BenchmarkStageResize(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		seen := from.mustLook(b)
		defer seen.release()
		out := newPicture(benchModelSide, benchModelSide)
		repeat(b, func() {
			seen.squeeze(out, image.Rectangle{Max: from.size}, 1)
		})
	})
}

// BenchmarkStageResizeWithImaging does the same with imaging, for comparison.
func BenchmarkStageResizeWithImaging(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		seen := from.mustLook(b)
		defer seen.release()
		pixels := seen.toNRGBA()
		repeat(b, func() {
			imaging.Resize(pixels, benchModelSide, benchModelSide, imaging.Linear)
		})
	})
}

// BenchmarkStageInFullWithGo is what decoding and resizing cost with image/jpeg and imaging, which
// the targets are relative to.
func BenchmarkStageInFullWithGo(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			decoded, err := jpeg.Decode(bytes.NewReader(from.photo))
			if err != nil {
				b.Fatal(err)
			}
			imaging.Resize(decoded, benchModelSide, benchModelSide, imaging.Linear)
		})
	})
}

func BenchmarkStageQuality(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		seen := from.mustLook(b)
		defer seen.release()
		out := newPicture(benchModelSide, benchModelSide)
		seen.squeeze(out, image.Rectangle{Max: from.size}, 1)
		repeat(b, func() {
			judgeQuality(measureQuality(out, from.size))
		})
	})
}

func BenchmarkStageCopy(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		seen := from.mustLook(b)
		defer seen.release()
		repeat(b, func() {
			if _, err := seen.copyOf(1); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkStageModel is one run of the shipped model.
func BenchmarkStageModel(b *testing.B) {
	c := benchClassifier(b)
	model := c.serving.now.model
	slot, err := model.slots.get()
	if err != nil {
		b.Fatal(err)
	}
	defer model.slots.put(slot)
	b.ReportAllocs()
	repeat(b, func() {
		if _, err := model.run(slot); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkStageWhole is all that lies between the photo's bytes, its assessment and its copy.
func BenchmarkStageWhole(b *testing.B) {
	c := benchClassifier(b)
	each(b, func(b *testing.B, from *source) {
		repeat(b, func() {
			if _, _, err := c.AssessAndCopy(b.Context(), from.photo); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkStagePeak assesses two photos at a time and reports by how many megabytes the process
// grew at most beyond what it held with the model loaded and no photo in work.
func BenchmarkStagePeak(b *testing.B) {
	c := benchClassifier(b)
	each(b, func(b *testing.B, from *source) {
		debug.FreeOSMemory()
		before := memory(b, "VmRSS:")
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // forgets the peak
			b.Fatal(err)
		}
		repeat(b, func() {
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() {
					if _, _, err := c.AssessAndCopy(b.Context(), from.photo); err != nil {
						b.Error(err)
					}
				})
			}
			group.Wait()
		})
		b.ReportMetric((memory(b, "VmHWM:")-before)/1000, "peak-MB")
	})
}

// memory returns a line of the process's status, in kB.
func memory(b *testing.B, line string) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), line)
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes
}

func benchClassifier(b *testing.B) *Classifier {
	b.Helper()
	c, err := New(Config{Model: "../models/deepskin.onnx"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

func (s *source) mustLook(b *testing.B) view {
	b.Helper()
	seen, problem := s.lookAt(benchModelSide)
	if problem != "" {
		b.Fatal(problem)
	}
	return seen
}
