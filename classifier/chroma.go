package classifier

import "image"

// Most photos hold their colours at half the resolution. Go stretches them by repeating each
// sample, libjpeg and libwebp (behind Python's training pictures, and every browser) with a
// triangle filter. On pictures about as small as the model's the difference moves the
// probabilities, so colour is stretched here as those do.

// A studioYCbCr is a picture of WebP's: luminance from 16 to 235 as in television, where
// image.YCbCr means JPEG's 0 to 255. Go's decoder returns the one and calls it the other.
type studioYCbCr struct {
	*image.YCbCr
	// alpha is nil where the picture is opaque.
	alpha   []byte
	aStride int
}

func markStudio(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr:
		return studioYCbCr{YCbCr: m}
	case *image.NYCbCrA:
		return studioYCbCr{&m.YCbCr, m.A, m.AStride}
	}
	return m
}

// drawYCbCr converts what lies in m from a point on into dst. It reports false for samplings that
// it does not know.
func drawYCbCr(dst *image.RGBA, m *image.YCbCr, from image.Point, convert func(y, cb, cr uint8) (r, g, b uint8)) bool {
	halfX, halfY := false, false
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422:
		halfX = true
	case image.YCbCrSubsampleRatio440:
		halfY = true
	case image.YCbCrSubsampleRatio420:
		halfX, halfY = true, true
	default:
		return false
	}
	width, rows := dst.Rect.Dx(), m.Rect.Dy()
	// The columns of colour that are looked at, and the first column that they are stretched to.
	first, last, stretched := from.X, from.X+width, from.X
	if halfX { // one more on either side takes part, where there is one
		first = max(from.X/2-1, 0)
		last = min((from.X+width+1)/2+1, (m.Rect.Dx()+1)/2)
		stretched = 2 * first
	}
	if halfY {
		rows = (rows + 1) / 2
	}
	sums := make([]int, last-first)
	cb, cr := make([]uint8, 2*len(sums)), make([]uint8, 2*len(sums))
	for row := range dst.Rect.Dy() {
		y := from.Y + row
		near, far := y, y
		if halfY {
			near = y / 2
			far = min(max(near+2*(y%2)-1, 0), rows-1)
		}
		stretch := func(out, plane []uint8) {
			a, b := plane[near*m.CStride:][first:last], plane[far*m.CStride:][first:last]
			for i := range sums {
				sums[i] = 3*int(a[i]) + int(b[i])
			}
			stretchRow(out, sums, halfX)
		}
		stretch(cb, m.Cb)
		stretch(cr, m.Cr)
		line := m.Y[y*m.YStride+from.X:][:width]
		blue, red := cb[from.X-stretched:], cr[from.X-stretched:]
		out := dst.Pix[row*dst.Stride:][:4*width]
		for x, luma := range line {
			r, g, b := convert(luma, blue[x], red[x])
			pixel := out[4*x : 4*x+4 : 4*x+4]
			pixel[0], pixel[1], pixel[2], pixel[3] = r, g, b, 255
		}
	}
	return true
}

// stretchRow divides sums by four, stretching them to twice their number where half is set:
// three quarters of the nearer sample and one of the farther, rounded as libjpeg does.
func stretchRow(out []uint8, sums []int, half bool) {
	if !half {
		for i, sum := range sums {
			out[i] = uint8((sum + 2) >> 2)
		}
		return
	}
	last := len(sums) - 1
	for i, sum := range sums {
		out[2*i] = uint8((3*sum + sums[max(i-1, 0)] + 8) >> 4)
		out[2*i+1] = uint8((3*sum + sums[min(i+1, last)] + 7) >> 4)
	}
}

// drawStudio converts what lies in m from a point on into dst, on white where m is transparent.
func drawStudio(dst *image.RGBA, m studioYCbCr, from image.Point) {
	drawYCbCr(dst, m.YCbCr, from, studioToRGB)
	if m.alpha == nil {
		return
	}
	width := dst.Rect.Dx()
	for row := range dst.Rect.Dy() {
		out := dst.Pix[row*dst.Stride:]
		for x, a := range m.alpha[(from.Y+row)*m.aStride+from.X:][:width] {
			for i := 4 * x; i < 4*x+3; i++ {
				out[i] = uint8((int(out[i])*int(a) + 255*(255-int(a)) + 127) / 255)
			}
		}
	}
}

// jpegToRGB is JPEG's conversion, rounded to the nearest level as libjpeg does. image/color
// rounds light pixels up, which makes a photo brighter by a fifth of a level: enough for some
// probabilities to move by 0.03.
func jpegToRGB(y, cb, cr uint8) (r, g, b uint8) {
	const half = 1 << 15
	luma, blue, red := int(y), int(cb)-128, int(cr)-128
	clip := func(value int) uint8 { return uint8(min(max(value, 0), 255)) }
	return clip(luma + (91881*red+half)>>16),
		clip(luma + (-22554*blue-46802*red+half)>>16),
		clip(luma + (116130*blue+half)>>16)
}

// studioToRGB is BT.601 with 16 to 235, in the fixed-point arithmetic of libwebp.
func studioToRGB(y, u, v uint8) (r, g, b uint8) {
	scale := func(value uint8, factor int) int { return int(value) * factor >> 8 }
	clip := func(value int) uint8 { return uint8(min(max(value, 0)>>6, 255)) }
	luma := scale(y, 19077)
	return clip(luma + scale(v, 26149) - 14234),
		clip(luma - scale(u, 6419) - scale(v, 13320) + 8708),
		clip(luma + scale(u, 33050) - 17685)
}
