// Package sample draws photos of skin lesions, for demonstrations, benchmarks and tests. No
// person's skin is shown: everything is made up from a seed.
package sample

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/disintegration/imaging"
)

// A Fault is something wrong with a photo.
type Fault string

// The faults.
const (
	// None is a photo as it should be.
	None Fault = ""
	// Blurred is out of focus.
	Blurred Fault = "blurred"
	// Dark is hardly exposed.
	Dark Fault = "dark"
)

// Options say what a photo is like; what they leave open, the seed decides.
type Options struct {
	// Width and Height are in pixels; zero means 1280 by 960.
	Width, Height int
	// Look is the kind of lesion; zero leaves it to the seed.
	Look Look
	// Tone is the tone of the skin; zero leaves it to the seed.
	Tone Tone
	// Fault is what is wrong with the photo; zero means nothing.
	Fault Fault
}

// Photo draws one photo. The same seed and options give the same photo, bit for bit on the same
// kind of machine, and the same scene at every size of the same proportions.
func Photo(seed uint64, options Options) *image.NRGBA {
	if options.Width == 0 && options.Height == 0 {
		options.Width, options.Height = 1280, 960
	}
	random := rand.New(rand.NewPCG(seed, 0xdee9))
	scene := newScene(random, options)
	photo := scene.render(options.Width, options.Height)
	drawHairs(photo, random)
	switch options.Fault {
	case Blurred:
		photo = imaging.Blur(photo, 0.025*float64(max(options.Width, options.Height)))
	case Dark:
		photo = darken(photo)
	}
	addNoise(photo, random, options.Fault)
	return photo
}

// JPEG encodes a photo as a camera does. The quality is 1 to 100.
func JPEG(photo image.Image, quality int) ([]byte, error) {
	if n, ok := photo.(*image.NRGBA); ok { // photos are opaque, and Go's encoder is fast with RGBA
		photo = &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, photo, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	return out.Bytes(), nil
}

// A scene is a photo before it has pixels. Its lengths are shares of the photo's shorter side.
type scene struct {
	tone    colour
	skin    texture
	lesion  lesion
	flush   lattice // where the skin is redder
	light   point   // how much brighter one side is than the other
	balance colour  // the camera's white balance
}

type point struct{ x, y float64 }

// A colour is red, green and blue, 0 to 1, or factors on those.
type colour [3]float64

func newScene(random *rand.Rand, options Options) scene {
	look, tone := options.Look, options.Tone
	if look == 0 {
		look = Look(1 + random.IntN(int(lastLook)))
	}
	if tone == 0 {
		tone = Tone(1 + random.IntN(int(lastTone)))
	}
	warmth := 0.035 * random.NormFloat64()
	return scene{
		tone:    tones[tone],
		skin:    newTexture(random),
		lesion:  newLesion(random, look),
		flush:   newLattice(random, 8),
		light:   point{0.10 * random.NormFloat64(), 0.10 * random.NormFloat64()},
		balance: colour{1 + warmth, 1, 1 - warmth},
	}
}

// render gives the scene pixels, without noise.
func (s scene) render(width, height int) *image.NRGBA {
	photo := image.NewNRGBA(image.Rect(0, 0, width, height))
	var group sync.WaitGroup
	const rows = 64
	for top := 0; top < height; top += rows {
		group.Go(func() {
			for y := top; y < min(top+rows, height); y++ {
				s.renderRow(photo, y)
			}
		})
	}
	group.Wait()
	return photo
}

func (s scene) renderRow(photo *image.NRGBA, y int) {
	width, height := photo.Rect.Dx(), photo.Rect.Dy()
	unit := 1 / float64(min(width, height))
	row := photo.Pix[y*photo.Stride:]
	for x := range width {
		p := point{(float64(x) + 0.5) * unit, (float64(y) + 0.5) * unit}
		middle := point{p.x - float64(width)/2*unit, p.y - float64(height)/2*unit}
		melanin, blood, relief := s.lesion.at(middle)
		blood += 0.12 * (1 + s.flush.at(p.x*5, p.y*5))
		light := 1 + s.light.x*middle.x + s.light.y*middle.y + s.skin.at(p) + relief
		for c := range 3 {
			// Pigment swallows light layer by layer.
			seen := s.tone[c] * math.Exp(-melanin*melaninDensity[c]-blood*bloodDensity[c])
			row[4*x+c] = toByte(255 * seen * light * s.balance[c])
		}
		row[4*x+3] = 255
	}
}

// darken leaves a tenth of the light.
func darken(photo *image.NRGBA) *image.NRGBA {
	return imaging.AdjustFunc(photo, func(c nrgba) nrgba {
		c.R, c.G, c.B = c.R/10, c.G/10, c.B/10
		return c
	})
}

// addNoise adds what a sensor adds: mostly the same to all colours, a little to each.
func addNoise(photo *image.NRGBA, random *rand.Rand, fault Fault) {
	strength := 1.6
	if fault == Blurred {
		strength = 0.6 // little light needs a wide aperture, and that blurs, not the noise
	}
	for i := 0; i < len(photo.Pix); i += 4 {
		bits := random.Uint64()
		common := bell(bits) * strength
		for c := range 3 {
			own := bell(bits>>(16*(c+1))) * strength / 3
			photo.Pix[i+c] = toByte(float64(photo.Pix[i+c]) + common + own)
		}
	}
}

// bell turns 16 random bits into a number of mean 0 and variance 1 that is nearly normal.
func bell(bits uint64) float64 {
	sum := float64(bits&15 + bits>>4&15 + bits>>8&15 + bits>>12&15)
	return (sum - 30) / 9.22
}

func toByte(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }
