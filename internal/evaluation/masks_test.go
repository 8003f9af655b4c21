package evaluation_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
	"deepskin/internal/evaluation"
)

// maskOf draws a mask, 200 x 150, that is white in one part.
func maskOf(white image.Rectangle) *image.Gray {
	mask := image.NewGray(image.Rect(0, 0, 200, 150))
	for y := white.Min.Y; y < white.Max.Y; y++ {
		for x := white.Min.X; x < white.Max.X; x++ {
			mask.SetGray(x, y, color.Gray{255})
		}
	}
	return mask
}

func saveMask(t *testing.T, path string, mask image.Image) {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, mask); err != nil {
		t.Fatal(err)
	}
	save(t, path, out.Bytes())
}

// explain holds an assessment to a mask.
func explain(t *testing.T, mask image.Image, a deepskin.Assessment) evaluation.Explanation {
	t.Helper()
	folder := t.TempDir()
	saveMask(t, filepath.Join(folder, "a_segmentation.png"), mask)
	masks, err := evaluation.OpenMasks(folder, &evaluation.Set{Photos: []evaluation.Photo{{Name: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer masks.Close()
	e, err := masks.Explain("a", a)
	if err != nil {
		t.Fatal(err)
	}
	return *e
}

// gridWith is 7 x 7 cells, all but one of them zero.
func gridWith(row, column int, part *deepskin.Box) *deepskin.Grid {
	values := make([]float32, 49)
	values[row*7+column] = 1
	return &deepskin.Grid{Rows: 7, Columns: 7, Values: values, Part: part}
}

func TestExplanationsAreHeldToMasks(t *testing.T) {
	middle, corner := image.Rect(80, 60, 120, 90), image.Rect(0, 0, 20, 15)
	for name, test := range map[string]struct {
		mask       image.Image
		assessment deepskin.Assessment
		hit        float64
		least      float64 // of the share on the lesion
		most       float64
		overlap    float64
	}{
		"on the lesion":  {maskOf(middle), deepskin.Assessment{Grid: gridWith(3, 3, nil)}, 1, 0.3, 0.8, math.NaN()},
		"beside it":      {maskOf(middle), deepskin.Assessment{Grid: gridWith(0, 0, nil)}, 0, 0, 0, math.NaN()},
		"in a corner":    {maskOf(corner), deepskin.Assessment{Grid: gridWith(0, 0, nil)}, 1, 0.2, 0.5, math.NaN()},
		"all lesion":     {maskOf(image.Rect(0, 0, 200, 150)), deepskin.Assessment{Grid: gridWith(2, 6, nil)}, 1, 1, 1, math.NaN()},
		"nothing at all": {maskOf(middle), deepskin.Assessment{Grid: &deepskin.Grid{Rows: 1, Columns: 2, Values: []float32{0, 0}}}, 0, 0, 0, math.NaN()},
		// The middle cell of a grid over the left upper quarter lies at a quarter of the photo.
		"a part, beside the lesion": {
			maskOf(middle), deepskin.Assessment{Grid: gridWith(3, 3, &deepskin.Box{Right: 0.5, Bottom: 0.5})}, 0, 0, 0.05, math.NaN(),
		},
		"a part, on the lesion": {
			maskOf(image.Rect(40, 30, 60, 45)), deepskin.Assessment{Grid: gridWith(3, 3, &deepskin.Box{Right: 0.5, Bottom: 0.5})}, 1, 0.3, 0.8, math.NaN(),
		},
		"a part inside the lesion": {
			maskOf(middle), deepskin.Assessment{Grid: gridWith(6, 0, &deepskin.Box{Left: 0.4, Top: 0.4, Right: 0.6, Bottom: 0.6})}, 1, 1, 1, math.NaN(),
		},
		"a part of no size": {
			maskOf(middle), deepskin.Assessment{Grid: gridWith(0, 0, &deepskin.Box{Left: 0.5, Top: 0.4, Right: 0.5, Bottom: 0.6})}, 0, 0, 0, math.NaN(),
		},
		"no grid, the lesion's box": {
			maskOf(middle), deepskin.Assessment{Lesion: &deepskin.Box{Left: 0.4, Top: 0.4, Right: 0.6, Bottom: 0.6}}, math.NaN(), 0, 0, 1,
		},
		// Half of the lesion and as much beside it: one of three halves is common.
		"a box moved by half": {
			maskOf(middle), deepskin.Assessment{Lesion: &deepskin.Box{Left: 0.5, Top: 0.4, Right: 0.7, Bottom: 0.6}}, math.NaN(), 0, 0, 1.0 / 3,
		},
		"a box elsewhere": {
			maskOf(middle), deepskin.Assessment{Lesion: &deepskin.Box{Right: 0.2, Bottom: 0.2}}, math.NaN(), 0, 0, 0,
		},
		"a box of no size": {
			maskOf(middle), deepskin.Assessment{Lesion: &deepskin.Box{Left: 0.5, Top: 0.5, Right: 0.5, Bottom: 0.5}}, math.NaN(), 0, 0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := explain(t, test.mask, test.assessment)
			if !same(e.Hit, test.hit) || !same(e.Overlap, test.overlap) {
				t.Errorf("got %+v, want hit %v and overlap %v", e, test.hit, test.overlap)
			}
			if math.IsNaN(test.hit) != math.IsNaN(e.Share) || e.Share < test.least-1e-9 || e.Share > test.most+1e-9 {
				t.Errorf("the share is %v, want %v to %v", e.Share, test.least, test.most)
			}
		})
	}
}

func same(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-9 }

// The heatmap blends cells with imaging's spline. On masks of one pixel the share is the value
// there.
func TestGridsAreEnlargedAsHeatmapsAre(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	cells := image.NewGray(image.Rect(0, 0, 7, 6))
	grid := &deepskin.Grid{Rows: 6, Columns: 7}
	for i := range cells.Pix {
		cells.Pix[i] = uint8(random.IntN(256))
		grid.Values = append(grid.Values, float32(cells.Pix[i])/255)
	}
	field := imaging.Resize(cells, 200, 150, imaging.BSpline)
	whole := 0.0
	for i := 0; i < len(field.Pix); i += 4 {
		whole += float64(field.Pix[i])
	}
	for _, at := range []image.Point{{0, 0}, {199, 149}, {100, 75}, {17, 140}, {180, 3}} {
		e := explain(t, maskOf(image.Rectangle{at, at.Add(image.Pt(1, 1))}), deepskin.Assessment{Grid: grid})
		want := float64(field.Pix[field.PixOffset(at.X, at.Y)])
		if got := e.Share * whole; math.Abs(got-want) > 1.5 { // it rounds twice
			t.Errorf("at %v the field is %.2f of 255, the heatmap has %.0f", at, got, want)
		}
	}
}

func TestMasksAreFoundByTheirNames(t *testing.T) {
	folder := t.TempDir()
	mask := maskOf(image.Rect(10, 10, 20, 20))
	saveMask(t, filepath.Join(folder, "sub", "a_segmentation.png"), mask)
	palette := image.NewPaletted(mask.Rect, color.Palette{color.Black, color.White})
	for i, v := range mask.Pix {
		palette.Pix[i] = v / 255
	}
	saveMask(t, filepath.Join(folder, "b.png"), palette)
	saveMask(t, filepath.Join(folder, "dark_segmentation.png"), maskOf(image.Rectangle{}))
	save(t, filepath.Join(folder, "broken_segmentation.png"), []byte("no picture"))
	set := &evaluation.Set{Photos: []evaluation.Photo{{Name: "a"}, {Name: "c"}}}
	masks, err := evaluation.OpenMasks(folder, set)
	if err != nil {
		t.Fatal(err)
	}
	defer masks.Close()
	box := deepskin.Assessment{Lesion: &deepskin.Box{Left: 0.05, Top: 10.0 / 150, Right: 0.1, Bottom: 20.0 / 150}}
	for _, name := range []string{"a", "b"} {
		if e, err := masks.Explain(name, box); err != nil || e == nil || !same(e.Overlap, 1) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if e, err := masks.Explain("c", box); err != nil || e != nil {
		t.Errorf("without a mask there is %+v, %v", e, err)
	}
	for name, want := range map[string]string{"dark": "no lesion", "broken": "broken_segmentation.png"} {
		if _, err := masks.Explain(name, box); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the mask of %s gives %v, want %q in it", name, err, want)
		}
	}

	others := &evaluation.Set{Photos: []evaluation.Photo{{Name: "d"}}}
	if _, err := evaluation.OpenMasks(folder, others); err == nil || !strings.Contains(err.Error(), "no photo has one") {
		t.Errorf("masks of other photos give %v", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := masks.Explain("a", box); err == nil {
		t.Error("a mask that has gone is no error")
	}
	if _, err := evaluation.OpenMasks(folder, set); err == nil || !strings.Contains(err.Error(), "find masks") {
		t.Errorf("a folder that is not there gives %v", err)
	}
}

// Only photos with something to compare count.
func TestExplanationsAreMeans(t *testing.T) {
	set := evaluation.Set{Photos: []evaluation.Photo{
		{Name: "a", Explanation: &evaluation.Explanation{Hit: 1, Share: 0.75, Middle: 1, Area: 0.5, Overlap: 0.5}},
		{Name: "b", Explanation: &evaluation.Explanation{Hit: 0, Share: 0.25, Middle: 1, Area: 0.25, Overlap: math.NaN()}},
		{Name: "c"},
	}}
	report := set.Evaluate(200)
	for name, want := range map[string]struct {
		value  float64
		photos int
	}{"pointing_game": {0.5, 2}, "evidence_on_lesion": {0.5, 2}, "lesion_overlap": {0.5, 1}, "middle_on_lesion": {1, 2}, "lesion_area": {0.375, 2}} {
		if f, _ := report.Figure(name); f.Value != want.value || f.Photos != want.photos {
			t.Errorf("%s is %+v, want %+v", name, f, want)
		}
	}
	if f, _ := report.Figure("pointing_game"); f.Low != 0 || f.High != 1 {
		t.Errorf("two photos that differ give the interval %v to %v", f.Low, f.High)
	}
}

// Lesions lie in the middle of most photos: what a blind guess scores stands beside the figures.
func TestBlindGuessesAreMeasured(t *testing.T) {
	for _, test := range []struct {
		white        image.Rectangle
		middle, area float64
	}{
		{image.Rect(80, 60, 120, 90), 1, 0.04},
		{image.Rect(0, 0, 20, 150), 0, 0.1},
	} {
		if e := explain(t, maskOf(test.white), deepskin.Assessment{}); e.Middle != test.middle || !same(e.Area, test.area) {
			t.Errorf("of %v: %+v, want %+v", test.white, e, test)
		}
	}
}
