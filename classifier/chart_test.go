package classifier_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"deepskin"
	"deepskin/classifier"
)

func drawn(t *testing.T, c deepskin.Chart) image.Image {
	t.Helper()
	picture, err := classifier.Chart(c)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// like reports whether a colour is near another, as JPEG keeps it.
func like(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	far := func(x, y uint32) bool { return math.Abs(float64(x)-float64(y)) > 0x2000 }
	return !far(ar, br) && !far(ag, bg) && !far(ab, bb)
}

// longest returns the longest run of a colour in any row of the picture.
func longest(p image.Image, c color.Color) int {
	best := 0
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y++ {
		run := 0
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x++ {
			if run++; !like(p.At(x, y), c) {
				run = 0
			}
			best = max(best, run)
		}
	}
	return best
}

func TestChartShowsSharesAndMarks(t *testing.T) {
	red, blue := color.NRGBA{176, 28, 28, 255}, color.NRGBA{116, 152, 186, 255}
	p := drawn(t, deepskin.Chart{Mark: "counts as malignant", Bars: []deepskin.Bar{
		{Label: "Melanoma", Share: 0.5, Value: "50%", Marked: true},
		{Label: "Grain de beauté (nævus)", Share: 0.25, Value: "25%"},
		{Label: "Gefäßfleck", Share: 0, Value: "less than 1%"},
	}})
	width := p.Bounds().Dx()
	whole := float64(width - 64) // without margins
	for name, bar := range map[string]struct {
		color color.Color
		share float64
	}{"marked": {red, 0.5}, "plain": {blue, 0.25}} {
		if got := float64(longest(p, bar.color)) / whole; math.Abs(got-bar.share) > 0.02 {
			t.Errorf("the %s bar is %.3f of the width, want %v", name, got, bar.share)
		}
	}
	if !like(p.At(2, 2), color.White) {
		t.Error("the picture is not on white")
	}
	none := drawn(t, deepskin.Chart{Mark: "x", Bars: []deepskin.Bar{{Label: "x", Share: 1, Value: "x"}}})
	if n := longest(none, red); n > 20 { // the legend's dot
		t.Errorf("a red run of %d pixels without a marked bar", n)
	}
}

func TestChartsThatMakeNoSense(t *testing.T) {
	for name, c := range map[string]deepskin.Chart{
		"no bars":   {},
		"too much":  {Bars: []deepskin.Bar{{Share: 1.1}}},
		"negative":  {Bars: []deepskin.Bar{{Share: -0.1}}},
		"no number": {Bars: []deepskin.Bar{{Share: math.NaN()}}},
	} {
		if _, err := classifier.Chart(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
