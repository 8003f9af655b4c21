package classifier_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"deepskin"
	"deepskin/classifier"
)

// mirrorSide is that of a mirror's picture and of its grids.
const mirrorSide = 32

// A mirror is a tiny model that tells what it sees: its grids are the picture's red channel, and
// its other numbers follow from the picture's mean colour. So tests know what to expect.
type mirror struct {
	version string
	// probabilities are, before softmax, a constant for each label plus red times the mean red,
	// 0 to 255, for the first one.
	constants [7]float32
	red       float32
	// ood and phone are a factor of the mean red, and a constant.
	ood, phone [2]float32
	box        deepskin.Box
	thresholds map[deepskin.Kind]classifier.Thresholds
	naming     map[deepskin.Kind][]float64
}

// mirrorLabels is the order of a mirror's labels; the first three are malignant.
var mirrorLabels = []deepskin.Diagnosis{
	deepskin.Melanoma, deepskin.BasalCellCarcinoma, deepskin.ActinicKeratosis,
	deepskin.BenignKeratosis, deepskin.Dermatofibroma, deepskin.MelanocyticNevus, deepskin.VascularLesion,
}

// newMirror returns a mirror that never looks closer and takes all photos for dermoscopy and for
// lesions.
func newMirror() mirror {
	even := []float64{1, 1, 1, 1, 1, 1, 1}
	limits := classifier.Thresholds{Malignant: 0.3, Benign: 0.2, OOD: 0}
	return mirror{
		version: "mirror",
		ood:     [2]float32{0, -1},
		box:     deepskin.Box{Right: 1, Bottom: 1},
		thresholds: map[deepskin.Kind]classifier.Thresholds{
			deepskin.Dermoscopy: limits, deepskin.Phone: limits,
		},
		naming: map[deepskin.Kind][]float64{deepskin.Dermoscopy: even, deepskin.Phone: even},
	}
}

// open writes the mirror's ONNX file and loads it.
func (m mirror) open(t *testing.T) *classifier.Classifier {
	t.Helper()
	return open(t, classifier.Config{Model: m.save(t)})
}

// save writes the mirror's ONNX file and returns its path.
func (m mirror) save(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mirror.onnx")
	writeTo(t, path, m.file(t))
	return path
}

// Numbers of the messages and fields of onnx.proto.
const (
	typeFloat = 1
	typeUint8 = 2
)

func (m mirror) file(t *testing.T) []byte {
	t.Helper()
	weights, reds := make([]float32, 3*7), make([]float32, 3*7)
	weights[0] = m.red
	for label := range 7 {
		reds[label] = 1
	}
	side := func(v float64) float32 { return float32(v) }
	graph := join(
		node("Cast", "pixels", []string{"pictures"}, number("to", typeFloat)),
		node("ReduceMean", "mean", []string{"pixels"}, numbers("axes", 1, 2), number("keepdims", 0)),
		node("Gemm", "scores", []string{"mean", "weights", "constants"}),
		node("Softmax", "probabilities", []string{"scores"}, number("axis", 1)),
		node("Gemm", "ood column", []string{"mean", "ood weights", "ood constant"}),
		node("ReduceMean", "ood", []string{"ood column"}, numbers("axes", 1), number("keepdims", 0)),
		node("Gemm", "phone column", []string{"mean", "phone weights", "phone constant"}),
		node("ReduceMean", "phone", []string{"phone column"}, numbers("axes", 1), number("keepdims", 0)),
		node("Gemm", "box", []string{"mean", "box weights", "sides"}),
		node("MatMul", "reds", []string{"pixels", "red of each"}),
		node("Transpose", "grids", []string{"reds"}, numbers("perm", 0, 3, 1, 2)),
		field(2, []byte("mirror")),
		constant("weights", weights, 3, 7), constant("constants", m.constants[:], 7),
		constant("ood weights", []float32{m.ood[0], 0, 0}, 3, 1), constant("ood constant", m.ood[1:], 1),
		constant("phone weights", []float32{m.phone[0], 0, 0}, 3, 1), constant("phone constant", m.phone[1:], 1),
		constant("box weights", make([]float32, 3*4), 3, 4),
		constant("sides", []float32{side(m.box.Left), side(m.box.Top), side(m.box.Right), side(m.box.Bottom)}, 4),
		constant("red of each", reds, 3, 7),
		value(11, "pictures", typeUint8, mirrorSide, mirrorSide, 3),
		value(12, "probabilities", typeFloat, 7), value(12, "ood", typeFloat),
		value(12, "grids", typeFloat, 7, mirrorSide, mirrorSide),
		value(12, "phone", typeFloat), value(12, "box", typeFloat, 4),
	)
	file := join(integer(1, 8), field(8, integer(2, 13)), field(7, graph))
	metadata := map[string]any{
		"labels": mirrorLabels, "malignant": mirrorLabels[:3], "metrics": map[string]any{},
		"recipe": map[string]any{}, "thresholds": m.thresholds, "naming": m.naming,
	}
	for key, value := range metadata {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, entry(key, string(text))...)
	}
	for _, key := range []string{"data_sha256", "licence"} {
		file = append(file, entry(key, "mirror")...)
	}
	return append(file, entry("version", m.version)...)
}

func node(operator, output string, inputs []string, attributes ...[]byte) []byte {
	var body []byte
	for _, input := range inputs {
		body = append(body, field(1, []byte(input))...)
	}
	body = append(body, join(field(2, []byte(output)), field(4, []byte(operator)))...)
	return field(1, append(body, join(attributes...)...))
}

func number(name string, n int) []byte {
	return field(5, join(field(1, []byte(name)), integer(3, n), integer(20, 2)))
}

func numbers(name string, list ...int) []byte {
	body := field(1, []byte(name))
	for _, n := range list {
		body = append(body, integer(8, n)...)
	}
	return field(5, append(body, integer(20, 7)...))
}

func constant(name string, values []float32, shape ...int) []byte {
	var body, raw []byte
	for _, n := range shape {
		body = append(body, integer(1, n)...)
	}
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return field(5, join(body, integer(2, typeFloat), field(8, []byte(name)), field(9, raw)))
}

// value describes an input (11) or output (12) of shape [n, ...].
func value(place int, name string, kind int, shape ...int) []byte {
	dimensions := field(1, field(2, []byte("n")))
	for _, n := range shape {
		dimensions = append(dimensions, field(1, integer(1, n))...)
	}
	tensor := join(integer(1, kind), field(2, dimensions))
	return field(place, join(field(1, []byte(name)), field(2, field(1, tensor))))
}

func join(parts ...[]byte) []byte {
	var whole []byte
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return whole
}

func integer(place, n int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(place)<<3), uint64(n))
}

func field(place int, body []byte) []byte {
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(place)<<3|2), uint64(len(body)))
	return append(head, body...)
}
