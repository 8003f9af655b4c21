package classifier

import (
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// A slot is the input and the outputs of one run of the model, made once and used again.
type slot struct {
	// pixels are the input: what they hold when the model runs is what the model sees. Picture is the
	// first, and mostly the only, of the pictures in them.
	pixels  []uint8
	picture picture
	inputs  []ort.Value
	outputs []ort.Value
	// values are the outputs' numbers, in the order of outputNames.
	values [][]float32
}

// newSlot makes a slot around the pixels of so many pictures, for a model of this side with
// outputs of these shapes for one picture.
func newSlot(pixels []uint8, pictures, side int, shapes []ort.Shape) (*slot, error) {
	s := &slot{pixels: pixels, picture: picture{pix: pixels[:3*side*side], width: side, height: side}}
	input, err := ort.NewTensor(ort.NewShape(int64(pictures), int64(side), int64(side), 3), pixels)
	if err != nil {
		return nil, fmt.Errorf("make input: %w", err)
	}
	s.inputs = []ort.Value{input}
	for i, one := range shapes {
		shape := append(ort.NewShape(int64(pictures)), one[1:]...)
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
	return newSlot(make([]uint8, 3*s.side*s.side), 1, s.side, s.shapes)
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
