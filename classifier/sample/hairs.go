package sample

import (
	"image"
	"math"
	"math/rand/v2"
)

var hairColour = colour{0.30, 0.22, 0.18}

// drawHairs draws a few thin, bent, dark lines over the photo.
func drawHairs(photo *image.NRGBA, random *rand.Rand) {
	width, height := float64(photo.Rect.Dx()), float64(photo.Rect.Dy())
	unit := min(width, height)
	for range random.IntN(14) {
		start := point{random.Float64() * width, random.Float64() * height}
		angle := random.Float64() * 2 * math.Pi
		length := unit * (0.12 + 0.35*random.Float64())
		end := point{start.x + length*math.Cos(angle), start.y + length*math.Sin(angle)}
		bow := 0.25 * length * random.NormFloat64()
		bend := point{
			(start.x+end.x)/2 - bow*math.Sin(angle),
			(start.y+end.y)/2 + bow*math.Cos(angle),
		}
		thickness := max(unit*(0.0012+0.0014*random.Float64()), 0.5)
		strength := 0.35 + 0.4*random.Float64()
		drawHair(photo, start, bend, end, thickness, strength)
	}
}

// drawHair darkens the pixels along a quadratic curve, each once.
func drawHair(photo *image.NRGBA, start, bend, end point, thickness, strength float64) {
	covered := map[image.Point]float64{}
	steps := int(math.Hypot(end.x-start.x, end.y-start.y)*1.5) + 2
	for i := range steps {
		t := float64(i) / float64(steps-1)
		x := (1-t)*(1-t)*start.x + 2*t*(1-t)*bend.x + t*t*end.x
		y := (1-t)*(1-t)*start.y + 2*t*(1-t)*bend.y + t*t*end.y
		radius := thickness * (1 - 0.7*t) // hairs end in a point
		reach := radius + 1
		for py := math.Floor(y - reach); py <= y+reach; py++ {
			for px := math.Floor(x - reach); px <= x+reach; px++ {
				share := min(max(radius+0.5-math.Hypot(px+0.5-x, py+0.5-y), 0), 1) * min(1, 2*radius)
				at := image.Pt(int(px), int(py))
				if share > covered[at] && at.In(photo.Rect) {
					covered[at] = share
				}
			}
		}
	}
	for at, share := range covered {
		pixel := photo.Pix[photo.PixOffset(at.X, at.Y):]
		for c, tint := range hairColour {
			factor := mix(1, mix(1, tint, strength), share)
			pixel[c] = toByte(float64(pixel[c]) * factor)
		}
	}
}
