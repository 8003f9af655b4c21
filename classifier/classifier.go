// Package classifier turns the bytes of a photo into an assessment: it checks and decodes the
// photo safely, judges its quality, runs the model and states the label.
//
// A bad photo is an assessment with problems; an error is always the machine's fault.
package classifier

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"deepskin"
	"deepskin/internal/tracing"
)

// copySide is the longest side of the reduced copy, in pixels.
const copySide = 1024

// defaultDecodedBytes holds any photo that the limits let in, except the largest progressive
// ones without chroma subsampling, which take up to 750 MB.
const defaultDecodedBytes = 512 << 20

// Config says how to build a Classifier.
type Config struct {
	// Model is the path of the ONNX file. It must be set.
	Model string
	// Want is what the file must be; the zero value takes any.
	Want Identity
	// Library is the path of ONNX Runtime's shared library; empty means DefaultLibrary.
	Library string
	// Provider is the wanted execution provider: CPU, CUDA or Auto; empty means CPU.
	Provider Provider
	// Concurrency is how many photos are worked on at the same time, others wait; zero means
	// one for each CPU that Go uses.
	Concurrency int
	// IntraOpThreads is how many threads one run of the model uses; zero means one, with which as
	// many runs as there are CPUs go on at once.
	IntraOpThreads int
	// Batch is how many photos the model judges in one run at most; no more than Concurrency can meet.
	// Zero means 16 where CUDA serves and 1 on the CPU, where a larger batch gains nothing.
	Batch int
	// BatchWait is how long a photo waits at most for others to be judged with; longer only while
	// another batch is judged. Zero means 2 ms.
	BatchWait time.Duration
	// MaxDecodedBytes is how much memory all photos that are being decoded may take together,
	// in bytes. A photo that would need more than that alone is refused. Zero means 512 MiB.
	MaxDecodedBytes int64
	// Logger is told which model and provider serve; nil means no log.
	Logger *slog.Logger
}

// A Classifier assesses photos. Its methods may be called at the same time, but Close only after
// all others have returned.
type Classifier struct {
	config  Config
	serving serving
	slots   *semaphore.Weighted
	memory  *semaphore.Weighted
	budget  int64
}

// New loads the model and runs it once. Close the classifier when it is no longer needed.
func New(config Config) (*Classifier, error) {
	if config.Concurrency == 0 {
		config.Concurrency = runtime.GOMAXPROCS(0)
	}
	if config.IntraOpThreads == 0 {
		config.IntraOpThreads = 1
	}
	if config.MaxDecodedBytes == 0 {
		config.MaxDecodedBytes = defaultDecodedBytes
	}
	if config.BatchWait == 0 {
		config.BatchWait = defaultBatchWait
	}
	if config.Batch < 0 || config.BatchWait < 0 || config.Concurrency < 0 || config.IntraOpThreads < 0 || config.MaxDecodedBytes < 0 {
		return nil, errors.New("configure classifier: negative number")
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	model, err := openModel(config)
	if err != nil {
		return nil, err
	}
	return &Classifier{
		config:  config,
		serving: serving{now: &served{model: model}},
		slots:   semaphore.NewWeighted(int64(config.Concurrency)),
		memory:  semaphore.NewWeighted(config.MaxDecodedBytes),
		budget:  config.MaxDecodedBytes,
	}, nil
}

// Close frees the model.
func (c *Classifier) Close() error { return c.serving.now.model.close() }

// Info describes the model that serves, and who runs it.
func (c *Classifier) Info() Info {
	serves := c.serving.take()
	defer serves.photos.Done()
	return serves.model.info
}

// Assess judges one photo. It returns an error only if the machine is at fault or ctx ends.
func (c *Classifier) Assess(ctx context.Context, photo []byte) (deepskin.Assessment, error) {
	assessment, _, err := c.assess(ctx, photo, false)
	return assessment, err
}

// AssessAndCopy is Assess and also returns a reduced copy of the photo: a JPEG, upright, without
// metadata, its longest side at most 1,024 pixels; nil where the photo could not be decoded. It is made
// of the pixels that the model's picture is made of, so that its shorter side has a quarter more than that,
// or as many as the photo: for a model of 224 pixels, 1280 x 960 becomes 640 x 480.
func (c *Classifier) AssessAndCopy(ctx context.Context, photo []byte) (deepskin.Assessment, []byte, error) {
	return c.assess(ctx, photo, true)
}

// assess returns the assessment and, where it is wanted and the photo can be decoded, the copy.
func (c *Classifier) assess(ctx context.Context, photo []byte, wantCopy bool) (deepskin.Assessment, []byte, error) {
	begun := time.Now()
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return deepskin.Assessment{}, nil, fmt.Errorf("wait for a turn: %w", err)
	}
	defer c.slots.Release(1)
	serves := c.serving.take()
	defer serves.photos.Done()
	model := serves.model
	assessment := deepskin.Assessment{
		Label:    deepskin.Inconclusive,
		Problems: []deepskin.Problem{},
		Model:    model.info.Version,
	}

	seen, problem, err := c.look(ctx, model, photo, wantCopy)
	if err != nil {
		return deepskin.Assessment{}, nil, err
	}
	if problem != "" {
		assessment.Problems = append(assessment.Problems, problem)
		assessment.Millis = millisSince(begun)
		return assessment, nil, nil
	}
	assessment.Quality = &seen.quality
	assessment.Problems = append(assessment.Problems, judgeQuality(seen.quality)...)
	if seen.ood > model.limits(seen.output).OOD {
		assessment.Problems = append(assessment.Problems, deepskin.NotALesion)
	}
	model.info.state(&assessment, seen.output)
	assessment.Millis = millisSince(begun)
	return assessment, seen.copied, nil
}

// A sight is what there is to see in a photo.
type sight struct {
	output
	quality deepskin.Quality
	// copied is the reduced copy; nil where it was not asked for.
	copied []byte
}

// look checks and decodes a photo, measures its quality and has the model look at it, once or twice,
// all within the memory budget.
func (c *Classifier) look(ctx context.Context, model *model, photo []byte, wantCopy bool) (sight, deepskin.Problem, error) {
	found, problem := inspect(photo)
	need := found.memory + found.rendering(model.info.Side)
	if problem == "" && need > c.budget {
		problem = deepskin.TooManyPixels
	}
	if problem != "" {
		return sight{}, problem, nil
	}
	if err := c.memory.Acquire(ctx, need); err != nil {
		return sight{}, "", fmt.Errorf("wait for memory to decode in: %w", err)
	}
	defer c.memory.Release(need)
	slot, err := model.slots.get()
	if err != nil {
		return sight{}, "", fmt.Errorf("prepare a run of the model: %w", err)
	}
	defer model.slots.put(slot)
	_, span := tracing.Child(ctx, "decode")
	from := &source{photo: photo, header: found}
	whole, problem := from.lookAt(model.info.Side)
	if problem != "" {
		span.Outcome(string(problem))
		span.End(nil)
		return sight{}, problem, nil
	}
	defer whole.release()
	turned := orientation(photo, found.format)
	whole.squeeze(slot.picture, image.Rectangle{Max: found.size}, turned)
	seen := sight{quality: measureQuality(slot.picture, found.size)}
	span.End(nil)
	_, span = tracing.Child(ctx, "run model")
	span.Model(model.info.Version)
	seen.output, err = model.judge(ctx, slot)
	span.End(err)
	if err != nil {
		return sight{}, "", fmt.Errorf("run model: %w", err)
	}
	_, span = tracing.Child(ctx, "look closer")
	seen.output, err = model.lookCloser(ctx, from, turned, slot, seen.output)
	span.End(err)
	if err != nil {
		return sight{}, "", fmt.Errorf("run model on a part: %w", err)
	}
	if wantCopy {
		if seen.copied, err = whole.copyOf(turned); err != nil {
			return sight{}, "", err
		}
	}
	return seen, "", nil
}

// lookCloser has the model look again at the part around a small lesion. It returns the numbers
// that count: those of both looks, or the first one's.
func (m *model) lookCloser(
	ctx context.Context, from *source, orientation int, slot *slot, first output,
) (output, error) {
	size := uprightSize(from.size, orientation)
	limits := m.limits(first)
	part, ok := partAround(first.box, limits.Closer, size)
	if !ok || first.ood > limits.OOD {
		return first, nil
	}
	if problem := from.cut(slot.picture, part, orientation); problem != "" {
		return first, nil // a fault that shows only at another size; the whole photo was seen
	}
	second, err := m.judge(ctx, slot)
	if err != nil {
		return output{}, err
	}
	if second.ood > limits.OOD {
		return first, nil
	}
	return merge(first, second, shares(part, size)), nil
}

func millisSince(t time.Time) float64 { return float64(time.Since(t)) / float64(time.Millisecond) }
