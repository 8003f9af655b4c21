package sample

import (
	"image/color"
	"math"
	"math/rand/v2"
)

type nrgba = color.NRGBA

// A Tone is a skin's colour, from the lightest to the darkest.
type Tone int

// The tones, after Fitzpatrick's types.
const (
	ToneI Tone = 1 + iota
	ToneII
	ToneIII
	ToneIV
	ToneV
	ToneVI

	lastTone = ToneVI
)

var tones = map[Tone]colour{
	ToneI:   {0.89, 0.72, 0.67},
	ToneII:  {0.86, 0.68, 0.60},
	ToneIII: {0.81, 0.61, 0.50},
	ToneIV:  {0.73, 0.53, 0.41},
	ToneV:   {0.62, 0.43, 0.33},
	ToneVI:  {0.52, 0.36, 0.28},
}

// How strongly pigments darken red, green and blue.
var (
	melaninDensity = colour{0.52, 0.82, 1.00}
	bloodDensity   = colour{0.16, 0.75, 0.60}
)

// A lattice is gradient noise, smooth and mostly between -1 and 1: a random slope at each whole
// number, blended between them. It repeats.
type lattice struct {
	slopes []point
	size   int
}

// newLattice makes a lattice that repeats after so many steps, which should be where nobody
// sees it.
func newLattice(random *rand.Rand, size int) lattice {
	slopes := make([]point, size*size)
	for i := range slopes {
		sin, cos := math.Sincos(2 * math.Pi * random.Float64())
		slopes[i] = point{1.5 * cos, 1.5 * sin}
	}
	return lattice{slopes, size}
}

func (l lattice) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	x0, y0 := mod(int(fx), l.size), mod(int(fy), l.size)
	x1, y1 := (x0+1)%l.size, (y0+1)%l.size
	dx, dy := x-fx, y-fy
	slope := func(x, y int, dx, dy float64) float64 {
		s := l.slopes[y*l.size+x]
		return s.x*dx + s.y*dy
	}
	top := mix(slope(x0, y0, dx, dy), slope(x1, y0, dx-1, dy), smooth(dx))
	bottom := mix(slope(x0, y1, dx, dy-1), slope(x1, y1, dx-1, dy-1), smooth(dx))
	return mix(top, bottom, smooth(dy))
}

func mod(a, b int) int { return ((a % b) + b) % b }

func mix(a, b, t float64) float64 { return a + (b-a)*t }

// smooth rises from 0 to 1 as t does, level at both ends.
func smooth(t float64) float64 {
	t = min(max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// A texture is the surface of skin: patches, the lines that cross it, and pores.
type texture struct {
	patches, grain, pores lattice
	bend                  lattice
	along, across         point   // the directions in which lines follow one another
	lines                 float64 // how dark they are
}

func newTexture(random *rand.Rand) texture {
	angle := random.Float64() * math.Pi
	const crossing = 1.1 // radians between the two families of lines
	return texture{
		along:   point{math.Cos(angle), math.Sin(angle)},
		across:  point{math.Sin(angle + crossing), -math.Cos(angle + crossing)},
		patches: newLattice(random, 16),
		grain:   newLattice(random, 128),
		pores:   newLattice(random, 128),
		bend:    newLattice(random, 32),
		lines:   0.010 + 0.014*random.Float64(),
	}
}

// at returns how much brighter than the average the skin is at a point.
func (t texture) at(p point) float64 {
	shade := 0.045*t.patches.at(3*p.x, 3*p.y) + 0.030*t.patches.at(9*p.x+5, 9*p.y) +
		0.030*t.grain.at(40*p.x, 40*p.y) + 0.045*t.grain.at(110*p.x, 110*p.y+9)
	pore := t.pores.at(60*p.x, 60*p.y)
	shade -= 0.05 * smooth((pore-0.45)*4)

	// Two families of wavering lines make the rhombic pattern of skin.
	bend := 0.9 * t.bend.at(8*p.x, 8*p.y)
	along := 42*(p.x*t.along.x+p.y*t.along.y) + bend
	across := 42*(p.x*t.across.x+p.y*t.across.y) - bend
	return shade - t.lines*(groove(along)+groove(across))
}

// groove is a narrow valley at every whole number, between 0 and 1.
func groove(v float64) float64 {
	distance := math.Abs(v - math.Round(v))
	return 1 - smooth(distance*4)
}
