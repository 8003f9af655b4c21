package classifier_test

import (
	"image/color"
	"math"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
	"deepskin/classifier"
)

func TestHeatmapTintsWhereTheGridIsStrong(t *testing.T) {
	skin := color.NRGBA{R: 220, G: 170, B: 150, A: 255}
	photo := jpegOf(t, imaging.New(900, 600, skin))
	// The middle of the upper right quarter is strong, the rest is nothing.
	grid := deepskin.Grid{Rows: 4, Columns: 6, Values: make([]float32, 24)}
	grid.Values[1*6+4] = 1

	encoded, err := classifier.Heatmap(photo, grid)
	if err != nil {
		t.Fatal(err)
	}
	drawn := decodeJPEG(t, encoded)
	if size := drawn.Rect.Size(); size.X != 900 || size.Y <= 600 || size.Y > 700 {
		t.Fatalf("size = %v, want the photo's 900 x 600 and a legend below", size)
	}
	changed := func(x, y int) float64 {
		c := drawn.NRGBAAt(x, y)
		return math.Abs(float64(c.R)-220) + math.Abs(float64(c.G)-170) + math.Abs(float64(c.B)-150)
	}
	if got := changed(675, 225); got < 60 {
		t.Errorf("strong cell changed by %v levels, want it tinted", got)
	}
	for _, at := range [][2]int{{75, 75}, {75, 525}, {300, 225}, {825, 525}} {
		if got := changed(at[0], at[1]); got > 12 {
			t.Errorf("at %v, where the grid is zero, changed by %v levels", at, got)
		}
	}
	previous := changed(675, 225)
	for x := 675; x < 900; x += 10 { // fades without steps
		if step := math.Abs(changed(x, 225) - previous); step > 45 {
			t.Errorf("step of %v levels at %d", step, x)
		}
		previous = changed(x, 225)
	}
	dark := 0
	for y := 600; y < drawn.Rect.Dy(); y++ {
		for x := range 900 {
			if c := drawn.NRGBAAt(x, y); max(c.R, c.G, c.B) < 90 {
				dark++
			}
		}
	}
	if dark < 500 {
		t.Errorf("the legend has %d dark pixels, want a minus and a plus", dark)
	}
}

func TestHeatmapOfAPartIsFramed(t *testing.T) {
	skin := color.NRGBA{R: 220, G: 170, B: 150, A: 255}
	photo := jpegOf(t, imaging.New(900, 600, skin))
	part := deepskin.Box{Left: 0.5, Top: 0.25, Right: 0.75, Bottom: 0.625} // from 450, 150 to 675, 375
	encoded, err := classifier.Heatmap(photo, deepskin.Grid{Rows: 1, Columns: 2, Values: []float32{0, 1}, Part: &part})
	if err != nil {
		t.Fatal(err)
	}
	drawn := decodeJPEG(t, encoded)
	changed := func(x, y int) float64 {
		c := drawn.NRGBAAt(x, y)
		return math.Abs(float64(c.R)-220) + math.Abs(float64(c.G)-170) + math.Abs(float64(c.B)-150)
	}
	if got := changed(650, 260); got < 60 {
		t.Errorf("the strong half of the part changed by %v levels, want it tinted", got)
	}
	for _, at := range [][2]int{{460, 260}, {440, 260}, {700, 260}, {650, 130}, {650, 400}, {100, 500}} {
		if got := changed(at[0], at[1]); got > 20 {
			t.Errorf("at %v, where the grid is zero or not, changed by %v levels", at, got)
		}
	}
	for name, line := range map[string][3]int{ // a point just outside, and the way outwards
		"left": {448, 260, -1}, "right": {675, 260, 1},
	} {
		lightest, darkest := uint8(0), uint8(255)
		for step := range 4 {
			c := drawn.NRGBAAt(line[0]+step*line[2], line[1])
			lightest, darkest = max(lightest, c.G), min(darkest, c.G)
		}
		if lightest < 210 || darkest > 90 {
			t.Errorf("the %s of the frame lies between %d and %d, want white and black", name, darkest, lightest)
		}
	}
}

func TestHeatmapOfNothingIsThePhoto(t *testing.T) {
	photo := golden(t, "baseline.jpg")
	encoded, err := classifier.Heatmap(photo, deepskin.Grid{Rows: 6, Columns: 6, Values: make([]float32, 36)})
	if err != nil {
		t.Fatal(err)
	}
	drawn := decodeJPEG(t, encoded) // small photos are enlarged
	want := imaging.Resize(goldenBase(), drawn.Rect.Dx(), 0, imaging.Linear)
	if d := difference(imaging.Clone(drawn.SubImage(want.Rect)), want); d > 3 {
		t.Errorf("differs from the photo by %.1f levels on average", d)
	}
}

func TestHeatmapOfRealAssessments(t *testing.T) {
	c := open(t, classifier.Config{})
	for _, name := range []string{"exif-5.jpg", "alpha.png", "lossy.webp"} {
		a, err := c.Assess(t.Context(), golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := classifier.Heatmap(golden(t, name), *a.Grid)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if size := decodeJPEG(t, encoded).Rect.Size(); size.X < 500 || size.X > 1024 || size.X < size.Y {
			t.Errorf("%s: size = %v, want the upright photo's", name, size)
		}
	}
}

func TestHeatmapRefuses(t *testing.T) {
	photo := golden(t, "baseline.jpg")
	fine := deepskin.Grid{Rows: 1, Columns: 2, Values: []float32{0, 1}}
	nan := float32(math.NaN())
	on := func(left, top, right, bottom float64) deepskin.Grid {
		grid := fine
		grid.Part = &deepskin.Box{Left: left, Top: top, Right: right, Bottom: bottom}
		return grid
	}
	cases := map[string]struct {
		photo []byte
		grid  deepskin.Grid
		ok    bool
	}{
		"fine":           {photo, fine, true},
		"out of range":   {photo, deepskin.Grid{Rows: 1, Columns: 2, Values: []float32{nan, -7}}, true},
		"no grid":        {photo, deepskin.Grid{}, false},
		"too few values": {photo, deepskin.Grid{Rows: 2, Columns: 2, Values: []float32{1}}, false},
		"huge":           {photo, deepskin.Grid{Rows: 1, Columns: 1000, Values: make([]float32, 1000)}, false},
		"on all of it":   {photo, on(0, 0, 1, 1), true},
		"on a speck":     {photo, on(1-1e-9, 1-1e-9, 1, 1), true},
		"on no part":     {photo, on(0.5, 0.5, 0.5, 0.6), false},
		"turned over":    {photo, on(0.6, 0.2, 0.4, 0.8), false},
		"beside it":      {photo, on(0.9, 0.2, 1.1, 0.8), false},
		"on nowhere":     {photo, on(math.NaN(), 0, 1, 1), false},
		"no photo":       {nil, fine, false},
		"not a photo":    {[]byte("text"), fine, false},
		"truncated":      {photo[:2000], fine, false},
		"bomb":           {jpegHeader(65500, 65500, 0xc0), fine, false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := classifier.Heatmap(test.photo, test.grid); (err == nil) != test.ok {
				t.Errorf("err = %v, want success: %v", err, test.ok)
			}
		})
	}
}
