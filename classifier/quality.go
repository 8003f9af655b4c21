package classifier

import (
	"image"

	"deepskin"
)

// The limits of quality. Luminance is 0 to 255; dark, bright and blurred are measured on the
// picture that the model sees, since detail that it never sees cannot mislead it. Of the 1,448
// images of HAM10000's test part and the 129 whole phone photos of PAD-UFES-20 each limit refuses
// none; the nearest of them are given below.
const (
	// minSide is the least length of the shorter side, in pixels. HAM10000's reduced images
	// have 150, the smallest phone photo 167.
	minSide = 100
	// minMean is the least mean luminance. The darkest phone photo has 71.
	minMean = 40
	// maxMean is the greatest mean luminance. The brightest test image has 224.
	maxMean = 235
	// clippedAt is the luminance from which a pixel counts as burnt out, and maxClipped the
	// greatest share of such pixels. The most in any photo was 0.7 %.
	clippedAt  = 250
	maxClipped = 0.5
	// minSharpness is the least variance of the Laplacian of the luminance. The least sharp
	// test image has 3.5, the least sharp phone photo 6.4; blurred with a Gaussian of 2 % of the
	// photo's width, no photo of either set reaches 1.6.
	minSharpness = 2.5
)

// measureQuality measures a photo of this size that the model sees as this picture. It goes over the
// picture once, with the luminance of three rows at a time.
func measureQuality(p picture, size image.Point) deepskin.Quality {
	rows := make([]int32, 3*p.width)
	row := func(y int) []int32 { return rows[y%3*p.width:][:p.width] }
	var brightness, clipped, count int
	var sum, squares float64
	for y := range p.height {
		latest := row(y)
		for x := range latest {
			pixel := p.pix[3*(y*p.width+x):][:3]
			latest[x] = luminance(pixel[0], pixel[1], pixel[2])
			brightness += int(latest[x])
			if latest[x] >= clippedAt*luminanceUnit {
				clipped++
			}
		}
		if y < 2 {
			continue
		}
		above, middle := row(y-2), row(y-1)
		for x := 1; x < p.width-1; x++ {
			edge := float64(above[x]+latest[x]+middle[x-1]+middle[x+1]-4*middle[x]) / luminanceUnit
			sum += edge
			squares += edge * edge
			count++
		}
	}
	n := float64(p.width * p.height)
	mean := sum / float64(count)
	return deepskin.Quality{
		Side: min(size.X, size.Y), Brightness: float64(brightness) / luminanceUnit / n, BurntOut: float64(clipped) / n,
		Sharpness: squares/float64(count) - mean*mean,
	}
}

// judgeQuality says what is wrong with a photo, in the order of the problems.
func judgeQuality(q deepskin.Quality) []deepskin.Problem {
	var problems []deepskin.Problem
	if q.Side < minSide {
		problems = append(problems, deepskin.TooSmall)
	}
	if q.Brightness < minMean {
		problems = append(problems, deepskin.TooDark)
	}
	if q.Brightness > maxMean || q.BurntOut > maxClipped {
		problems = append(problems, deepskin.TooBright)
	}
	if q.Sharpness < minSharpness {
		problems = append(problems, deepskin.Blurred)
	}
	return problems
}

// luminanceUnit is one level of luminance.
const luminanceUnit = 1 << 16

// luminance returns the luminance of a pixel, as BT.601 weighs the colours.
func luminance(r, g, b uint8) int32 { return 19595*int32(r) + 38470*int32(g) + 7471*int32(b) }
