package classifier

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"deepskin"
)

// How much of a photo is decoded.
const (
	// detail is how many pixels of the rendering there must be for one of the model's, in both
	// directions: its filter then has something left to do, and agrees with the one that sees the
	// whole photo.
	detail = 1.25
	// leastSide is the least length of the rendering's shorter side, in pixels, unless the photo
	// has fewer: the reduced copy is made of the same pixels, and people look at that one, too.
	leastSide = 240
)

// jpegQuality is that of all JPEGs that are written.
const jpegQuality = 90

// wholeShrink returns by how much a photo of this size can be reduced before all else.
func wholeShrink(size image.Point, modelSide int) int {
	return shrinkFor(min(size.X, size.Y), max(detailed(modelSide), leastSide))
}

func detailed(modelSide int) int { return int(math.Ceil(detail * float64(modelSide))) }

// lookAt renders the whole photo, at the size that the model's picture and the reduced copy are
// made from. Release the view's picture when it is no longer needed.
func (s *source) lookAt(modelSide int) (view, deepskin.Problem) {
	return s.render(image.Rectangle{Max: s.size}, wholeShrink(s.size, modelSide))
}

// cut squeezes a part of the photo, given in the pixels of the upright one, into dst. It is
// rendered anew, as large as dst needs it.
func (s *source) cut(dst picture, part image.Rectangle, orientation int) deepskin.Problem {
	part = asStored(part, s.size, orientation)
	seen, problem := s.render(part, shrinkFor(min(part.Dx(), part.Dy()), detailed(dst.width)))
	if problem != "" {
		return problem
	}
	defer seen.release()
	seen.squeeze(dst, part, orientation)
	return ""
}

// fit returns an upright picture of the view's area whose sides are at most so long, or as long
// as they are.
func (v view) fit(longest, orientation int) picture {
	width, height := v.width, v.height
	if scale := float64(longest) / float64(max(width, height)); scale < 1 {
		width, height = scaled(width, scale), scaled(height, scale)
	}
	if orientation >= 5 {
		width, height = height, width
	}
	out := newPicture(width, height)
	resize(out, v, span{0, float64(v.width)}, span{0, float64(v.height)}, orientation)
	return out
}

// copyOf encodes the reduced copy.
func (v view) copyOf(orientation int) ([]byte, error) {
	if orientation == 1 && max(v.width, v.height) <= copySide {
		return encodePicture(v.picture)
	}
	fitting := v.fit(copySide, orientation)
	defer fitting.release()
	return encodePicture(fitting)
}

func scaled(n int, scale float64) int { return max(1, int(math.Round(float64(n)*scale))) }

// uprightSize returns the size, once upright, of a photo of this size.
func uprightSize(size image.Point, orientation int) image.Point {
	if orientation >= 5 {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// asStored returns where a part of the upright photo lies in the photo as it is stored, of this
// size: the reverse of turning it upright.
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
func encodeJPEG(m *image.NRGBA) ([]byte, error) {
	// Go's encoder is fast with RGBA only.
	rgba := &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, rgba, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	return out.Bytes(), nil
}
