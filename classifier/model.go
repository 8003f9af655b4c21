package classifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"

	ort "github.com/yalue/onnxruntime_go"

	"deepskin"
)

var (
	inputNames  = []string{"pictures"}
	outputNames = []string{"probabilities", "ood", "grids", "phone", "box"}
)

// A model is an ONNX file, loaded and checked. It may be run by several goroutines at once.
type model struct {
	session *ort.DynamicAdvancedSession
	slots   slots
	batcher *batcher // nil where pictures are judged one by one
	info    Info
	// rows and columns are the size of the activation grids.
	rows, columns int
}

// Output is what the model says of one picture, or of both that it looked at.
type output struct {
	// probabilities are calibrated, one for each label.
	probabilities []float64
	// ood is the out-of-distribution score, of any sign.
	ood float64
	// grids holds rows x columns activations for each label, one label after the other.
	grids         []float32
	rows, columns int
	// phone is the probability that the picture is a phone photo.
	phone float64
	// box is where the lesion lies.
	box deepskin.Box
	// part is what the grids are stretched over; nil is the whole photo.
	part *deepskin.Box
}

// kind returns what the picture looks like, as the graph itself decides when it calibrates.
func (o output) kind() deepskin.Kind {
	if o.phone > 0.5 {
		return deepskin.Phone
	}
	return deepskin.Dermoscopy
}

// limits returns the thresholds for the kind of photo that the model took this one for.
func (m *model) limits(out output) Thresholds { return m.info.Thresholds[out.kind()] }

// errMissing says that a model's file does not say something.
var errMissing = errors.New("is missing")

// openModel loads the model of a configuration whose defaults are filled in, runs it once and says
// so in the log.
func openModel(config Config) (*model, error) {
	m, err := loadModel(config)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", config.Model, err)
	}
	config.Logger.Info("model loaded",
		slog.String("version", m.info.Version),
		slog.String("provider", string(m.info.Provider)))
	return m, nil
}

func loadModel(config Config) (*model, error) {
	if config.Model == "" {
		return nil, errors.New("no file was named")
	}
	content, err := os.ReadFile(config.Model)
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if err := config.Want.checkContent(content); err != nil {
		return nil, err
	}
	if err := loadLibrary(config.Library); err != nil {
		return nil, err
	}
	side, rows, columns, err := readShapes(content)
	if err != nil {
		return nil, err
	}
	session, provider, err := openSession(content, config)
	if err != nil {
		return nil, err
	}
	m := &model{session: session, rows: rows, columns: columns}
	if m.info, err = readMetadata(session); err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.info.Side, m.info.Provider = side, provider
	if err := config.Want.checkVersion(m.info.Version); err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.slots.side, m.slots.shapes = side, m.shapes()
	// A first run allocates what later ones reuse and shows whether the provider works at all.
	if err := m.tryOut(); err != nil {
		return nil, errors.Join(fmt.Errorf("first run: %w", err), m.close())
	}
	if largest := config.largestBatch(provider); largest > 1 {
		m.batcher = newBatcher(m, largest, config.BatchWait)
	}
	return m, nil
}

// pixels is how many bytes a picture has.
func (m *model) pixels() int { return 3 * m.info.Side * m.info.Side }

// shapes are those of the outputs for one picture, in the order of their names.
func (m *model) shapes() []ort.Shape {
	labels := int64(len(m.info.Labels))
	return []ort.Shape{{1, labels}, {1}, {1, labels, int64(m.rows), int64(m.columns)}, {1}, {1, 4}}
}

func (m *model) tryOut() error {
	slot, err := m.slots.get()
	if err != nil {
		return err
	}
	defer m.slots.put(slot)
	_, err = m.run(slot)
	return err
}

func (m *model) close() error {
	if m.batcher != nil {
		m.batcher.close()
	}
	if err := errors.Join(m.slots.free(), m.session.Destroy()); err != nil {
		return fmt.Errorf("close model: %w", err)
	}
	return nil
}

// readShapes checks the inputs and outputs of an ONNX file and returns the side of its picture
// and the size of its grids. The batch, the first dimension, may be of any size.
func readShapes(content []byte) (side, rows, columns int, err error) {
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(content)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read inputs and outputs: %w", err)
	}
	find := func(infos []ort.InputOutputInfo, name string, kind ort.TensorElementDataType, dimensions int) ort.Shape {
		i := slices.IndexFunc(infos, func(info ort.InputOutputInfo) bool { return info.Name == name })
		if i < 0 || infos[i].DataType != kind || len(infos[i].Dimensions) != dimensions {
			err = errors.Join(err, fmt.Errorf("want a %q of type %v with %d dimensions", name, kind, dimensions))
			return make(ort.Shape, dimensions)
		}
		return infos[i].Dimensions
	}
	if isOld(outputs) {
		return 0, 0, 0, errors.New("the file has the old format, without kinds of photo: " +
			`there is no output "phone" or "box"; train a model anew with make train`)
	}
	pictures := find(inputs, "pictures", ort.TensorElementDataTypeUint8, 4)
	probabilities := find(outputs, "probabilities", ort.TensorElementDataTypeFloat, 2)
	find(outputs, "ood", ort.TensorElementDataTypeFloat, 1)
	grids := find(outputs, "grids", ort.TensorElementDataTypeFloat, 4)
	find(outputs, "phone", ort.TensorElementDataTypeFloat, 1)
	box := find(outputs, "box", ort.TensorElementDataTypeFloat, 2)
	switch {
	case err != nil:
		return 0, 0, 0, err
	case len(inputs) != 1:
		return 0, 0, 0, fmt.Errorf("want one input, got %d", len(inputs))
	case pictures[1] < 32 || pictures[1] > 2048 || pictures[1] != pictures[2] || pictures[3] != 3:
		return 0, 0, 0, fmt.Errorf("pictures have shape %v, want [n, side, side, 3]", pictures)
	case probabilities[1] != 7 || grids[1] != 7:
		return 0, 0, 0, fmt.Errorf("probabilities %v or grids %v are not of 7 labels", probabilities, grids)
	case box[1] != 4:
		return 0, 0, 0, fmt.Errorf("box has shape %v, want [n, 4]", box)
	case grids[2] < 1 || grids[3] < 1:
		return 0, 0, 0, fmt.Errorf("grids have shape %v, want [n, 7, rows, columns]", grids)
	}
	return int(pictures[1]), int(grids[2]), int(grids[3]), nil
}

// isOld reports whether these are the outputs of a model from before there were kinds of photo.
func isOld(outputs []ort.InputOutputInfo) bool {
	return !slices.ContainsFunc(outputs, func(info ort.InputOutputInfo) bool {
		return info.Name == "phone" || info.Name == "box"
	})
}

func readMetadata(session *ort.DynamicAdvancedSession) (info Info, err error) {
	metadata, err := session.GetModelMetadata()
	if err != nil {
		return Info{}, fmt.Errorf("read metadata: %w", err)
	}
	defer func() { err = errors.Join(err, metadata.Destroy()) }()
	return readInfo(func(key string) (string, error) {
		value, found, err := metadata.LookupCustomMetadataMap(key)
		if err != nil {
			return "", fmt.Errorf("metadata %q: %w", key, err)
		}
		if !found || value == "" {
			return "", fmt.Errorf("metadata %q %w", key, errMissing)
		}
		return value, nil
	})
}

// openSession opens the model on the wanted provider and returns the one that serves.
func openSession(content []byte, config Config) (*ort.DynamicAdvancedSession, Provider, error) {
	switch config.Provider {
	case CPU, "":
		session, err := newSession(content, config, false)
		return session, CPU, err
	case CUDA:
		session, err := newSession(content, config, true)
		return session, CUDA, err
	case Auto:
		session, err := newSession(content, config, true)
		if err == nil {
			return session, CUDA, nil
		}
		config.Logger.Info("no GPU, using the CPU", slog.Any("cause", err))
		session, err = newSession(content, config, false)
		return session, CPU, err
	}
	return nil, "", fmt.Errorf("unknown provider %q: want cpu, cuda or auto", config.Provider)
}

func newSession(content []byte, config Config, cuda bool) (session *ort.DynamicAdvancedSession, err error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w", err)
	}
	defer func() { err = errors.Join(err, options.Destroy()) }()
	// Photos are what runs in parallel, not the operators of one run.
	if err := options.SetIntraOpNumThreads(config.IntraOpThreads); err != nil {
		return nil, fmt.Errorf("set threads: %w", err)
	}
	if err := options.SetInterOpNumThreads(1); err != nil {
		return nil, fmt.Errorf("set threads: %w", err)
	}
	if cuda {
		if err := addCUDA(options); err != nil {
			return nil, fmt.Errorf("use CUDA: %w", err)
		}
	}
	session, err = ort.NewDynamicAdvancedSessionWithONNXData(content, inputNames, outputNames, options)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return session, nil
}

func addCUDA(options *ort.SessionOptions) (err error) {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return fmt.Errorf("make CUDA options: %w", err)
	}
	defer func() { err = errors.Join(err, cuda.Destroy()) }()
	// The exhaustive search, the default, makes the first runs slow for little gain.
	settings := map[string]string{
		"cudnn_conv_algo_search": "HEURISTIC",
		"gpu_mem_limit":          strconv.Itoa(2 << 30),
	}
	if err := cuda.Update(settings); err != nil {
		return fmt.Errorf("set CUDA options: %w", err)
	}
	if err := options.AppendExecutionProviderCUDA(cuda); err != nil {
		return fmt.Errorf("add provider: %w", err)
	}
	return nil
}

// judge judges the picture in a slot, together with others where that pays.
func (m *model) judge(ctx context.Context, s *slot) (output, error) {
	if m.batcher != nil {
		return m.batcher.judge(ctx, s.picture.pix)
	}
	return m.run(s)
}

// run judges the picture in a slot.
func (m *model) run(s *slot) (output, error) {
	if err := m.session.Run(s.inputs, s.outputs); err != nil {
		return output{}, fmt.Errorf("run session: %w", err)
	}
	return m.read(s.values, 0), nil
}

// read copies what the outputs of a run say of one of its pictures, counted from 0.
func (m *model) read(values [][]float32, row int) output {
	of := func(i int) []float32 {
		size := len(values[i]) / len(values[1]) // which has one number for each picture
		return values[i][row*size : (row+1)*size]
	}
	probabilities := make([]float64, len(m.info.Labels))
	for i, p := range of(0) {
		probabilities[i] = float64(p)
	}
	box := of(4)
	side := func(i int) float64 { return min(max(float64(box[i]), 0), 1) }
	return output{
		probabilities: probabilities, ood: float64(of(1)[0]),
		grids: slices.Clone(of(2)), rows: m.rows, columns: m.columns,
		phone: float64(of(3)[0]),
		box:   deepskin.Box{Left: side(0), Top: side(1), Right: side(2), Bottom: side(3)},
	}
}
