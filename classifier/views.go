package classifier

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"

	"github.com/disintegration/imaging"
)

// stripBytes is how much of a photo is converted to RGBA at once.
const stripBytes = 1 << 20

// Views are the small, upright, opaque renderings of a photo on which all else works.
type views struct {
	// picture is what the model sees: the whole photo squeezed into the model's square.
	picture *image.NRGBA
	// reduced keeps the proportions; nil where it was not asked for.
	reduced *image.NRGBA
	// width and height are the photo's own, before turning, in pixels.
	width, height int
}

// reduce makes the views of a decoded photo: a square picture and, where copySide is not zero, a
// copy that fits into a square of that side.
//
// The photo is converted and narrowed strip by strip, and the narrowed strips are then shortened,
// which gives the same pixels as resizing all at once without a full copy in RGBA. Turning comes
// last, when there is little left to turn.
func reduce(photo image.Image, orientation, pictureSide, copySide int) views {
	size := photo.Bounds().Size()
	v := views{width: size.X, height: size.Y}
	picture := newReducer(size, pictureSide, pictureSide)
	reducers := []*reducer{picture}
	var reduced *reducer
	if copySide > 0 {
		scale := min(1, float64(copySide)/float64(max(size.X, size.Y)))
		reduced = newReducer(size, scaled(size.X, scale), scaled(size.Y, scale))
		reducers = append(reducers, reduced)
	}

	rows := min(max(stripBytes/(4*size.X), 16), size.Y)
	buffer := make([]uint8, 4*size.X*rows)
	for y := 0; y < size.Y; y += rows {
		n := min(rows, size.Y-y)
		strip := &image.RGBA{Pix: buffer[:4*size.X*n], Stride: 4 * size.X, Rect: image.Rect(0, 0, size.X, n)}
		drawStrip(strip, photo, y)
		for _, r := range reducers {
			r.add(opaque(strip), y)
		}
	}
	v.picture = upright(picture.finish(), orientation)
	if reduced != nil {
		v.reduced = upright(reduced.finish(), orientation)
	}
	return v
}

func scaled(n int, scale float64) int { return max(1, int(math.Round(float64(n)*scale))) }

// drawStrip converts the rows of m from y on, shown on white.
func drawStrip(strip *image.RGBA, m image.Image, y int) {
	switch m := m.(type) {
	case studioYCbCr:
		drawStudio(strip, m, y)
		return
	case *image.YCbCr:
		if drawYCbCr(strip, m, y, jpegToRGB) {
			return
		}
	}
	draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(strip, strip.Rect, m, m.Bounds().Min.Add(image.Pt(0, y)), draw.Over)
}

// opaque returns the same pixels as an NRGBA, which is what imaging reads fastest: without
// transparency the two are one.
func opaque(m *image.RGBA) *image.NRGBA {
	return &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
}

// A reducer resizes a photo that comes in strips. Like Pillow's, its bilinear filter widens when
// shrinking, so that every pixel of the photo counts.
type reducer struct {
	narrowed *image.NRGBA
	height   int
}

func newReducer(size image.Point, width, height int) *reducer {
	return &reducer{image.NewNRGBA(image.Rect(0, 0, width, size.Y)), height}
}

func (r *reducer) add(strip *image.NRGBA, y int) {
	narrowed := imaging.Resize(strip, r.narrowed.Rect.Dx(), strip.Rect.Dy(), imaging.Linear)
	copy(r.narrowed.Pix[y*r.narrowed.Stride:], narrowed.Pix)
}

func (r *reducer) finish() *image.NRGBA {
	return imaging.Resize(r.narrowed, r.narrowed.Rect.Dx(), r.height, imaging.Linear)
}

// upright undoes an EXIF orientation.
func upright(m *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		return imaging.FlipH(m)
	case 3:
		return imaging.Rotate180(m)
	case 4:
		return imaging.FlipV(m)
	case 5:
		return imaging.Transpose(m)
	case 6:
		return imaging.Rotate270(m)
	case 7:
		return imaging.Transverse(m)
	case 8:
		return imaging.Rotate90(m)
	}
	return m
}

// encodeJPEG writes an opaque picture, without metadata.
func encodeJPEG(m image.Image) ([]byte, error) {
	if n, ok := m.(*image.NRGBA); ok { // Go's encoder is fast with RGBA only
		m = &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	return out.Bytes(), nil
}
