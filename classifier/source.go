package classifier

import (
	"image"
	"image/draw"

	"deepskin"
)

// A source is a photo whose header has been inspected and whose pixels can be had at reduced
// sizes, as often as somebody looks.
//
// JPEGs of one or three components go to libjpeg-turbo, where the program was built with it: that
// decodes at half, a quarter or an eighth of the size for a fraction of the cost. All else, and whatever libjpeg-turbo
// finds the least fault with, goes to Go's decoders, which have the last word on what is corrupt: they
// decode in full, once, and pixels are averaged.
type source struct {
	photo []byte
	header
	decoded image.Image // in full, by Go; nil until it had to be
}

// A view is a rendering of a photo, or of a part of it, at a reduced size, as it is stored.
type view struct {
	picture
	// area is what the picture shows, in pixels of the photo.
	area image.Rectangle
	// shrink is how many pixels of the photo there are for one of the picture, in both
	// directions: 1, 2, 4 or 8. The last ones may show fewer.
	shrink int
}

// shrinkFor returns by how much a length can be divided and still be at least so long, if it is.
func shrinkFor(length, least int) int {
	for _, shrink := range []int{8, 4, 2} {
		if length/shrink >= least {
			return shrink
		}
	}
	return 1
}

// render returns a view of at least this part of the photo as it is stored. Release its picture
// when it is no longer needed.
func (s *source) render(part image.Rectangle, shrink int) (view, deepskin.Problem) {
	if s.decoded == nil && s.format == formatJPEG && s.components != 4 {
		whole := newPicture(reduced(s.size.X, shrink), reduced(s.size.Y, shrink))
		if turboDecode(whole, s.photo, s.size) {
			return view{whole, image.Rectangle{Max: s.size}, shrink}, ""
		}
		whole.release()
	}
	if s.decoded == nil {
		var problem deepskin.Problem
		if s.decoded, problem = decode(s.photo, s.format); problem != "" {
			return view{}, problem
		}
	}
	area := image.Rectangle{
		Min: part.Min.Div(shrink).Mul(shrink),
		Max: image.Pt(reduced(part.Max.X, shrink), reduced(part.Max.Y, shrink)).Mul(shrink),
	}.Intersect(image.Rectangle{Max: s.size})
	return view{average(s.decoded, area, shrink), area, shrink}, ""
}

// reduced returns a length divided by shrink and rounded up.
func reduced(length, shrink int) int { return (length + shrink - 1) / shrink }

// squeeze renders a part of the photo, in pixels of the photo as it is stored, as all of dst, upright.
func (v view) squeeze(dst picture, part image.Rectangle, orientation int) {
	part = part.Sub(v.area.Min)
	scale := float64(v.shrink)
	resize(dst, v,
		span{float64(part.Min.X) / scale, float64(part.Max.X) / scale},
		span{float64(part.Min.Y) / scale, float64(part.Max.Y) / scale}, orientation)
}

// stripBytes is how much of a photo is converted to RGBA at once.
const stripBytes = 1 << 20

// average renders an area of a decoded photo, each pixel as the mean of shrink x shrink of them.
func average(photo image.Image, area image.Rectangle, shrink int) picture {
	width := area.Dx()
	out := newPicture(reduced(width, shrink), reduced(area.Dy(), shrink))
	rows := min(max(stripBytes/(4*width), 16), area.Dy()+shrink) / shrink * shrink
	strip := image.NewRGBA(image.Rect(0, 0, width, rows))
	for y := 0; y < area.Dy(); y += rows {
		n := min(rows, area.Dy()-y)
		part := strip.SubImage(image.Rect(0, 0, width, n)).(*image.RGBA)
		drawStrip(part, photo, area.Min.Add(image.Pt(0, y)))
		for top := 0; top < n; top += shrink {
			row := out.pix[3*out.width*((y+top)/shrink):][:3*out.width]
			averageRow(row, part.Pix[top*strip.Stride:], width, min(shrink, n-top), shrink)
		}
	}
	return out
}

// averageRow makes one row of pixels of so many rows in RGBA, each of so many pixels.
func averageRow(out, rgba []uint8, width, rows, shrink int) {
	for x := 0; x < width; x += shrink {
		columns := min(shrink, width-x)
		var r, g, b int
		for y := range rows {
			from := 4 * (y*width + x)
			pixels := rgba[from : from+4*columns]
			for ; len(pixels) >= 4; pixels = pixels[4:] {
				r, g, b = r+int(pixels[0]), g+int(pixels[1]), b+int(pixels[2])
			}
		}
		n := rows * columns
		pixel := out[3*(x/shrink):][:3]
		pixel[0], pixel[1], pixel[2] = uint8((r+n/2)/n), uint8((g+n/2)/n), uint8((b+n/2)/n)
	}
}

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
