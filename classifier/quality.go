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

// measureQuality measures a photo.
func measureQuality(v views) deepskin.Quality {
	luma := luminance(v.picture)
	mean, _ := moments(luma)
	clipped := 0
	for _, value := range luma {
		if value >= clippedAt {
			clipped++
		}
	}
	return deepskin.Quality{
		Side: min(v.width, v.height), Brightness: mean, BurntOut: float64(clipped) / float64(len(luma)),
		Sharpness: sharpness(luma, v.picture.Rect.Dx()),
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

// luminance returns the luminance of each pixel, as BT.601 weighs the colours.
func luminance(m *image.NRGBA) []float64 {
	luma := make([]float64, 0, len(m.Pix)/4)
	for i := 0; i < len(m.Pix); i += 4 {
		r, g, b := float64(m.Pix[i]), float64(m.Pix[i+1]), float64(m.Pix[i+2])
		luma = append(luma, 0.299*r+0.587*g+0.114*b)
	}
	return luma
}

// sharpness returns the variance of the Laplacian over the inner pixels of a picture.
func sharpness(luma []float64, width int) float64 {
	edges := make([]float64, 0, len(luma))
	for i := width; i < len(luma)-width; i++ {
		if x := i % width; x > 0 && x < width-1 {
			edges = append(edges, luma[i-1]+luma[i+1]+luma[i-width]+luma[i+width]-4*luma[i])
		}
	}
	_, variance := moments(edges)
	return variance
}

func moments(values []float64) (mean, variance float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		variance += (v - mean) * (v - mean) / n
	}
	return mean, variance
}
