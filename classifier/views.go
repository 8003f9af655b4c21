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

	feed(photo, image.Rectangle{Max: size}, reducers...)
	v.picture = upright(picture.finish(), orientation)
	if reduced != nil {
		v.reduced = upright(reduced.finish(), orientation)
	}
	return v
}

// cut renders a part of a decoded photo, given in the pixels of the upright one, as a square. The
// pixels are those that resizing the part of the whole would give.
func cut(photo image.Image, orientation int, part image.Rectangle, side int) *image.NRGBA {
	part = asStored(part, photo.Bounds().Size(), orientation)
	picture := newReducer(part.Size(), side, side)
	feed(photo, part, picture)
	return upright(picture.finish(), orientation)
}

// feed converts a part of a photo, which may be all of it, strip by strip.
func feed(photo image.Image, part image.Rectangle, reducers ...*reducer) {
	width := part.Dx()
	rows := min(max(stripBytes/(4*width), 16), part.Dy())
	buffer := make([]uint8, 4*width*rows)
	for y := 0; y < part.Dy(); y += rows {
		n := min(rows, part.Dy()-y)
		strip := &image.RGBA{Pix: buffer[:4*width*n], Stride: 4 * width, Rect: image.Rect(0, 0, width, n)}
		drawStrip(strip, photo, part.Min.Add(image.Pt(0, y)))
		for _, r := range reducers {
			r.add(opaque(strip), y)
		}
	}
}

func scaled(n int, scale float64) int { return max(1, int(math.Round(float64(n)*scale))) }

// drawStrip converts what lies in m from a point on, shown on white.
func drawStrip(strip *image.RGBA, m image.Image, from image.Point) {
	switch m := m.(type) {
	case studioYCbCr:
		drawStudio(strip, m, from)
		return
	case *image.YCbCr:
		if drawYCbCr(strip, m, from, jpegToRGB) {
			return
		}
	}
	draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(strip, strip.Rect, m, m.Bounds().Min.Add(from), draw.Over)
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

// uprightSize returns the size, once upright, of a photo of this size.
func uprightSize(size image.Point, orientation int) image.Point {
	if orientation >= 5 {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// asStored returns where a part of the upright photo lies in the photo as it is stored, of this
// size: the reverse of upright.
func asStored(part image.Rectangle, size image.Point, orientation int) image.Rectangle {
	if orientation >= 5 { // rows and columns are swapped first
		part = image.Rect(part.Min.Y, part.Min.X, part.Max.Y, part.Max.X)
	}
	switch orientation {
	case 2, 3, 7, 8:
		part.Min.X, part.Max.X = size.X-part.Max.X, size.X-part.Min.X
	}
	switch orientation {
	case 3, 4, 6, 7:
		part.Min.Y, part.Max.Y = size.Y-part.Max.Y, size.Y-part.Min.Y
	}
	return part
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
