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
	melaninDensity = colour{0.42, 0.80, 1.00}
	bloodDensity   = colour{0.16, 0.75, 0.60}
)

// A lattice is smooth noise between about -1 and 1: random values on a grid of whole numbers
// that repeats, with smooth steps between.
type lattice struct {
	values []float64
	size   int
}

func newLattice(random *rand.Rand, size int) lattice {
	// Finer lattices than this repeat where nobody sees it.
	size = min(max(size, 8), 128)
	values := make([]float64, size*size)
	for i := range values {
		values[i] = random.NormFloat64() / 2
	}
	return lattice{values, size}
}

func (l lattice) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	x0, y0 := mod(int(fx), l.size), mod(int(fy), l.size)
	x1, y1 := (x0+1)%l.size, (y0+1)%l.size
	tx, ty := smooth(x-fx), smooth(y-fy)
	top := mix(l.values[y0*l.size+x0], l.values[y0*l.size+x1], tx)
	bottom := mix(l.values[y1*l.size+x0], l.values[y1*l.size+x1], tx)
	return mix(top, bottom, ty)
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
	angle                 float64
	lines                 float64
}

func newTexture(random *rand.Rand) texture {
	return texture{
		patches: newLattice(random, 16),
		grain:   newLattice(random, 128),
		pores:   newLattice(random, 128),
		bend:    newLattice(random, 32),
		angle:   random.Float64() * math.Pi,
		lines:   0.010 + 0.014*random.Float64(),
	}
}

// at returns how much brighter than the average the skin is at a point.
func (t texture) at(p point) float64 {
	shade := 0.045*t.patches.at(3*p.x, 3*p.y) + 0.030*t.patches.at(9*p.x+5, 9*p.y) +
		0.030*t.grain.at(40*p.x, 40*p.y) + 0.045*t.grain.at(110*p.x, 110*p.y+9)
	pore := t.pores.at(60*p.x, 60*p.y)
	shade -= 0.05 * smooth((pore-0.55)*4)

	// Two families of wavering lines make the rhombic pattern of skin.
	bend := 0.9 * t.bend.at(8*p.x, 8*p.y)
	sin, cos := math.Sincos(t.angle)
	along := 42*(p.x*cos+p.y*sin) + bend
	across := 42*(p.x*math.Sin(t.angle+1.1)-p.y*math.Cos(t.angle+1.1)) - bend
	return shade - t.lines*(groove(along)+groove(across))
}

// groove is a narrow valley at every whole number, between 0 and 1.
func groove(v float64) float64 {
	distance := math.Abs(v - math.Round(v))
	return 1 - smooth(distance*4)
}
