package classifier

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A batcher has the model judge pictures of several photos in one run, which a GPU does in hardly
// more time than one. A picture waits for others, but never longer than the longest wait and one run.
type batcher struct {
	model   *model
	largest int           // pictures in a run
	wait    time.Duration // for others, of the first picture

	mu   sync.Mutex
	open *batch // may be joined; nil for none
	// running lets one run follow the other: the pictures of the next one gather meanwhile.
	running sync.Mutex
	// unfinished counts the batches that were begun and have not been run. Those who wait for a batch may
	// leave before, and the model must not.
	unfinished sync.WaitGroup
	// buffers holds the pixels of batches that have been run.
	buffers sync.Pool
}

// A batch is some pictures that are judged in one run.
type batch struct {
	pixels []uint8
	rows   int
	timer  *time.Timer
	// done is closed once outputs, one for each row, or err stand.
	done    chan struct{}
	outputs []output
	err     error
}

func newBatcher(m *model, largest int, wait time.Duration) *batcher {
	b := &batcher{model: m, largest: largest, wait: wait}
	b.buffers.New = func() any { return new(make([]uint8, 0, largest*m.pixels())) }
	return b
}

// judge returns what the model says of a picture, whose pixels it copies before it waits.
func (b *batcher) judge(ctx context.Context, pixels []uint8) (output, error) {
	joined, row := b.join(pixels)
	select {
	case <-joined.done:
	case <-ctx.Done():
		return output{}, fmt.Errorf("wait for a batch: %w", ctx.Err())
	}
	if joined.err != nil {
		return output{}, joined.err
	}
	return joined.outputs[row], nil
}

// join puts a picture into the open batch and returns that and the picture's row.
func (b *batcher) join(pixels []uint8) (*batch, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.unfinished.Add(1)
		fresh := &batch{pixels: *b.buffers.Get().(*[]uint8), done: make(chan struct{})}
		fresh.timer = time.AfterFunc(b.wait, func() { b.expire(fresh) })
		b.open = fresh
	}
	joined := b.open
	row := joined.rows
	joined.pixels, joined.rows = append(joined.pixels, pixels...), row+1
	if joined.rows == b.largest {
		joined.timer.Stop()
		b.open = nil
		go func() {
			b.running.Lock()
			defer b.running.Unlock()
			b.run(joined)
		}()
	}
	return joined, row
}

// expire runs a batch that has waited long enough, unless it was filled meanwhile. While another one
// is run it stays open.
func (b *batcher) expire(waited *batch) {
	b.running.Lock()
	defer b.running.Unlock()
	b.mu.Lock()
	mine := b.open == waited
	if mine {
		b.open = nil
	}
	b.mu.Unlock()
	if mine {
		b.run(waited)
	}
}

func (b *batcher) run(closed *batch) {
	defer b.unfinished.Done()
	closed.outputs, closed.err = b.model.runBatch(closed.pixels, closed.rows)
	emptied := closed.pixels[:0]
	closed.pixels = nil
	b.buffers.Put(&emptied)
	close(closed.done)
}

// close runs what is left. No picture may come any more.
func (b *batcher) close() {
	b.mu.Lock()
	left := b.open
	b.mu.Unlock()
	if left != nil && left.timer.Stop() {
		b.expire(left)
	}
	b.unfinished.Wait()
}

// runBatch judges pictures that lie one after the other.
func (m *model) runBatch(pixels []uint8, rows int) (outputs []output, err error) {
	slot, err := newSlot(pixels, rows, m.slots.side, m.slots.shapes)
	if err != nil {
		return nil, fmt.Errorf("prepare a batch: %w", err)
	}
	defer func() { err = errors.Join(err, slot.free()) }()
	if err := m.session.Run(slot.inputs, slot.outputs); err != nil {
		return nil, fmt.Errorf("run session on %d pictures: %w", rows, err)
	}
	for row := range rows {
		outputs = append(outputs, m.read(slot.values, row))
	}
	return outputs, nil
}

// What a GPU gets unless the configuration says otherwise. Neither was measured on one.
const (
	defaultGPUBatch  = 16
	defaultBatchWait = 2 * time.Millisecond
)

// largestBatch is how many pictures a run takes: on a CPU one, unless it was asked for more, because
// there a batch takes as long as its pictures one after the other.
func (c Config) largestBatch(serves Provider) int {
	switch {
	case c.Batch > 0:
		return c.Batch
	case serves == CUDA:
		return defaultGPUBatch
	default:
		return 1
	}
}
