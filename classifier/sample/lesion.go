package sample

import (
	"math"
	"math/rand/v2"
)

// A Look is a kind of lesion. The names say what it resembles, not what a model will call it.
type Look int

// The looks.
const (
	Mole      Look = 1 + iota // even and brown
	DarkMole                  // nearly black
	Wart                      // waxy, rough, sharply bordered
	BloodSpot                 // red, in lobes
	PinkSpot                  // faint, with fine vessels
	Patchwork                 // uneven outline and many shades

	lastLook = Patchwork
)

// A lesion is pigment below the skin, around the middle of the photo.
type lesion struct {
	centre  point
	radius  float64
	stretch float64 // of the ellipse
	angle   float64
	waves   []wave // the outline
	edge    float64

	melanin, blood float64 // at full coverage
	uneven         float64 // how much the pigment varies over the lesion
	rough          float64 // how much it varies from spot to spot
	relief         float64 // height differences that show as light and shade
	vessels        float64

	broad, fine, net lattice
}

// A wave bends the outline: so many periods around it, so strong, from that phase.
type wave struct{ periods, strength, phase float64 }

func newLesion(random *rand.Rand, look Look) lesion {
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	l := lesion{
		centre:  point{between(-0.08, 0.08), between(-0.08, 0.08)},
		radius:  between(0.17, 0.27),
		stretch: between(1, 1.35),
		angle:   random.Float64() * math.Pi,
		edge:    between(0.10, 0.22),
		broad:   newLattice(random, 32),
		fine:    newLattice(random, 128),
		net:     newLattice(random, 64),
	}
	ragged := 0.05
	switch look {
	case Mole:
		l.melanin, l.blood = between(0.8, 1.3), 0.15
		l.uneven, l.rough = 0.25, 0.30
	case DarkMole:
		l.melanin, l.blood = between(1.7, 2.4), 0.2
		l.uneven, l.rough = 0.20, 0.22
	case Wart:
		l.melanin, l.blood = between(0.6, 1.0), 0.1
		l.uneven, l.rough, l.relief, l.edge, ragged = 0.35, 0.50, 0.10, 0.10, 0.07
	case BloodSpot:
		l.melanin, l.blood = 0.35, between(0.9, 1.3)
		l.uneven, l.rough, l.relief, l.edge, ragged = 0.40, 0.25, 0.06, 0.30, 0.06
	case PinkSpot:
		l.melanin, l.blood = 0.06, between(0.45, 0.7)
		l.uneven, l.rough, l.relief, l.vessels, l.edge = 0.40, 0.20, 0.08, 0.45, 0.40
	case Patchwork:
		l.melanin, l.blood = between(1.3, 1.9), 0.3
		l.uneven, l.rough, ragged = 0.85, 0.35, 0.13
	}
	for n := 2.0; n <= 11; n++ {
		l.waves = append(l.waves, wave{n, ragged * 2 / n * random.NormFloat64(), random.Float64() * 2 * math.Pi})
	}
	return l
}

// at returns the pigments at a point, counted from the middle of the photo, and how much
// brighter the lesion's relief makes it.
func (l lesion) at(p point) (melanin, blood, relief float64) {
	x, y := p.x-l.centre.x, p.y-l.centre.y
	sin, cos := math.Sincos(l.angle)
	x, y = (x*cos+y*sin)/l.stretch, y*cos-x*sin
	distance := math.Hypot(x, y)
	if distance > 2*l.radius {
		return 0, 0, 0
	}
	outline := l.radius
	turn := math.Atan2(y, x)
	for _, w := range l.waves {
		outline += l.radius * w.strength * math.Sin(w.periods*turn+w.phase)
	}
	outline += 0.05 * l.radius * l.fine.at(30*p.x, 30*p.y)
	inside := smooth((outline*(1+l.edge/2) - distance) / (outline * l.edge))
	if inside == 0 {
		return 0, 0, 0
	}

	broad := l.broad.at(9*p.x, 9*p.y) + 0.6*l.broad.at(21*p.x+7, 21*p.y)
	spots := l.fine.at(45*p.x, 45*p.y) + 0.7*l.fine.at(100*p.x, 100*p.y)
	// A net of brown lines, as pigment along the ridges of skin makes one.
	mesh := 1 - math.Min(1, 2*math.Abs(l.net.at(38*p.x, 38*p.y)))
	rise := 0.75 + 0.25*smooth((outline-distance)/outline*1.5) // darker towards the middle
	amount := inside * rise * math.Max(0.08, 1+l.uneven*broad+l.rough*spots+0.5*l.rough*(mesh-0.4))
	melanin, blood = l.melanin*amount, l.blood*amount
	if l.vessels > 0 {
		vein := 1 - smooth(math.Abs(l.broad.at(11*p.x+3+spots/6, 11*p.y+1))*12)
		blood += inside * l.vessels * vein
	}
	relief = inside * l.relief * (spots + l.fine.at(25*p.x+2, 25*p.y))
	return melanin, blood, relief
}
