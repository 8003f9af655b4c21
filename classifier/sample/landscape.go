package sample

import (
	"image"
	"image/color"
	"math"
)

// Landscape draws a photo that shows no skin at all: a house under a sun before hills, as people
// send what they happen to have. The size is in pixels.
func Landscape(width, height int) *image.NRGBA {
	drawing := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			drawing.SetNRGBA(x, y, landscapeAt(u, v))
		}
	}
	return drawing
}

// landscapeAt returns the colour at a point of the unit square.
func landscapeAt(u, v float64) color.NRGBA {
	inBox := func(left, top, right, bottom float64) bool {
		return u >= left && u < right && v >= top && v < bottom
	}
	far := 0.52 - 0.10*math.Sin(5*u+0.6)
	near := 0.70 + 0.04*math.Sin(7*u)
	switch {
	case inBox(0.36, 0.68, 0.42, 0.80): // door
		return color.NRGBA{110, 62, 30, 255}
	case inBox(0.26, 0.62, 0.32, 0.69), inBox(0.46, 0.62, 0.52, 0.69): // windows
		return color.NRGBA{150, 205, 235, 255}
	case inBox(0.22, 0.56, 0.56, 0.80): // walls
		return color.NRGBA{240, 235, 215, 255}
	case v >= 0.40 && v < 0.56 && math.Abs(u-0.39) < (v-0.40)*1.3: // roof
		return color.NRGBA{190, 50, 40, 255}
	case math.Hypot(u-0.82, (v-0.18)*0.75) < 0.07: // sun
		return color.NRGBA{255, 225, 60, 255}
	case v > near: // meadow, mown in stripes
		stripe := uint8(18 * (1 + math.Sin(60*(u+v))))
		return color.NRGBA{70 + stripe, 150 + stripe, 50, 255}
	case v > far: // hills
		return color.NRGBA{60, 120, 90, 255}
	}
	return color.NRGBA{uint8(90 + 110*v), uint8(160 + 70*v), 240, 255}
}
