package classifier

import (
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// A slot is the input and the outputs of one run of the model, made once and used again.
type slot struct {
	// picture is the input: what it holds when the model runs is what the model sees.
	picture picture
	inputs  []ort.Value
	outputs []ort.Value
	// values are the outputs' numbers, in the order of outputNames.
	values [][]float32
}

// newSlot allocates a slot for a model of this side, with outputs of these shapes.
func newSlot(side int, shapes []ort.Shape) (*slot, error) {
	s := &slot{picture: picture{pix: make([]uint8, 3*side*side), width: side, height: side}}
	input, err := ort.NewTensor(ort.NewShape(1, int64(side), int64(side), 3), s.picture.pix)
	if err != nil {
		return nil, fmt.Errorf("make input: %w", err)
	}
	s.inputs = []ort.Value{input}
	for i, shape := range shapes {
		tensor, err := ort.NewEmptyTensor[float32](shape)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make output %q: %w", outputNames[i], err), s.free())
		}
		s.outputs, s.values = append(s.outputs, tensor), append(s.values, tensor.GetData())
	}
	return s, nil
}

func (s *slot) free() (err error) {
	for _, value := range append(s.inputs, s.outputs...) {
		err = errors.Join(err, value.Destroy())
	}
	return err
}

// Slots are those of a model: as many as were ever needed at once.
type slots struct {
	side   int
	shapes []ort.Shape

	mu   sync.Mutex
	idle []*slot
}

func (s *slots) get() (*slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.idle) - 1; last >= 0 {
		taken := s.idle[last]
		s.idle = s.idle[:last]
		return taken, nil
	}
	return newSlot(s.side, s.shapes)
}

func (s *slots) put(used *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, used)
}

// free frees all slots. None may be in use.
func (s *slots) free() (err error) {
	for _, idle := range s.idle {
		err = errors.Join(err, idle.free())
	}
	s.idle = nil
	return err
}
