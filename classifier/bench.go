package classifier

import (
	"fmt"
	"image"
)

// A Bench runs the stages of an assessment each for itself, to measure what they cost. It belongs to
// one goroutine; close it before its classifier, whose model must not be replaced meanwhile.
type Bench struct {
	model  *model
	slot   *slot
	served *served
}

// NewBench prepares runs of the model on so many pictures at once, which are black at first.
func (c *Classifier) NewBench(pictures int) (*Bench, error) {
	serves := c.serving.take()
	model := serves.model
	made, err := newSlot(make([]uint8, pictures*model.pixels()), pictures, model.info.Side, model.slots.shapes)
	if err != nil {
		serves.photos.Done()
		return nil, fmt.Errorf("prepare a bench: %w", err)
	}
	return &Bench{model: model, slot: made, served: serves}, nil
}

// Prepare makes a photo the picture of a number, counted from 0: it decodes and resizes it, and nothing else.
func (b *Bench) Prepare(number int, photo []byte) error {
	found, problem := inspect(photo)
	if problem != "" {
		return fmt.Errorf("prepare a photo: it is refused: %s", problem)
	}
	side, size := b.model.info.Side, b.model.pixels()
	from := &source{photo: photo, header: found}
	whole, problem := from.lookAt(side)
	if problem != "" {
		return fmt.Errorf("prepare a photo: it is refused: %s", problem)
	}
	defer whole.release()
	into := picture{pix: b.slot.pixels[number*size : (number+1)*size], width: side, height: side}
	whole.squeeze(into, image.Rectangle{Max: found.size}, orientation(photo, found.format))
	return nil
}

// Run runs the bare model on the pictures.
func (b *Bench) Run() error {
	if err := b.model.session.Run(b.slot.inputs, b.slot.outputs); err != nil {
		return fmt.Errorf("run session: %w", err)
	}
	return nil
}

// Close frees the pictures.
func (b *Bench) Close() error {
	defer b.served.photos.Done()
	return b.slot.free()
}
