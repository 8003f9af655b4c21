package classifier

import (
	"image"
	"sync"
)

// A picture is opaque pixels: three bytes each, red, green and blue, row by row without gaps. It
// is what the model takes.
type picture struct {
	pix           []uint8
	width, height int
	// pooled is what release gives back; nil where the pixels belong to somebody else.
	pooled *[]uint8
}

// buffers keeps the pixels of photos that are done with, so that the next ones need no new
// memory. What lies in them is overwritten, never read.
var buffers sync.Pool

// newPicture returns a picture whose pixels are anything. Release it when it is no longer needed.
func newPicture(width, height int) picture {
	need := 3 * width * height
	pooled, _ := buffers.Get().(*[]uint8)
	if pooled == nil || cap(*pooled) < need {
		fresh := make([]uint8, need)
		pooled = &fresh
	}
	return picture{(*pooled)[:need], width, height, pooled}
}

// release gives the pixels back. The picture must not be used any more.
func (p picture) release() {
	if p.pooled != nil {
		buffers.Put(p.pooled)
	}
}

// toNRGBA returns a copy for those who draw on it or need one of Go's own types.
func (p picture) toNRGBA() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	for from, to := 0, 0; from < len(p.pix); from, to = from+3, to+4 {
		pixel := m.Pix[to : to+4 : to+4]
		pixel[0], pixel[1], pixel[2], pixel[3] = p.pix[from], p.pix[from+1], p.pix[from+2], 255
	}
	return m
}
