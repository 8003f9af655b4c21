package classifier_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"slices"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
	"deepskin/classifier"
)

// looking returns a mirror that looks closer at a box.
func looking(box deepskin.Box) mirror {
	m := newMirror()
	m.box = box
	m.closer(0.3)
	return m
}

func (m mirror) closer(share float64) {
	for kind, limits := range m.thresholds {
		limits.Closer = share
		m.thresholds[kind] = limits
	}
}

// However a photo is stored, the second look is at the same place of the upright one.
func TestSecondLookIsAtTheLesionInEveryOrientation(t *testing.T) {
	box := deepskin.Box{Left: 0.6, Top: 0.15, Right: 0.7, Bottom: 0.25}
	c := looking(box).open(t)
	// The box is 40 x 30 pixels, so the part's side is 40 / 0.55, and its middle is at 260, 60.
	part := image.Rect(224, 24, 224+73, 24+73)
	for n := 1; n <= 8; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			a, err := c.Assess(t.Context(), golden(t, fmt.Sprintf("exif-%d.jpg", n)))
			if err != nil {
				t.Fatal(err)
			}
			checkPart(t, a, goldenBase(), part, 3)
			want := deepskin.Box{
				Left: (224 + 0.6*73) / 400, Top: (24 + 0.15*73) / 300,
				Right: (224 + 0.7*73) / 400, Bottom: (24 + 0.25*73) / 300,
			}
			if a.Lesion == nil || apart(*a.Lesion, want) > 1e-6 {
				t.Errorf("lesion = %+v, want %+v", a.Lesion, want)
			}
		})
	}
}

// Every format is cut and reduced as its whole is, in a corner of odd pixels as well.
func TestSecondLookSeesThePixelsOfEveryFormat(t *testing.T) {
	c := looking(deepskin.Box{Left: 0.43, Top: 0.41, Right: 0.5475, Bottom: 0.53}).open(t)
	part := image.Rect(153, 98, 153+85, 98+85)
	for _, name := range []string{
		"base.png", "baseline.jpg", "sampling-422.jpg", "sampling-444.jpg", "cmyk.jpg", "16-bit.png",
		"palette.png", "lossy.webp", "lossless.webp",
	} {
		t.Run(name, func(t *testing.T) {
			a, err := c.Assess(t.Context(), golden(t, name))
			if err != nil {
				t.Fatal(err)
			}
			tolerance := 3.0
			if name == "base.png" || name == "16-bit.png" || name == "lossless.webp" {
				tolerance = 1.5 // what half of the size shows
			}
			checkPart(t, a, goldenBase(), part, tolerance)
		})
	}
}

// checkPart compares a mirror's grid with the red of a part of an upright photo, in levels of 256
// on average.
func checkPart(t *testing.T, a deepskin.Assessment, photo *image.NRGBA, part image.Rectangle, tolerance float64) {
	t.Helper()
	if !a.Closer || a.Grid.Part == nil {
		t.Fatalf("closer = %v, part = %v, want a second look", a.Closer, a.Grid.Part)
	}
	w, h := float64(photo.Rect.Dx()), float64(photo.Rect.Dy())
	place := deepskin.Box{
		Left: float64(part.Min.X) / w, Top: float64(part.Min.Y) / h,
		Right: float64(part.Max.X) / w, Bottom: float64(part.Max.Y) / h,
	}
	if apart(*a.Grid.Part, place) > 1e-9 {
		t.Errorf("part = %+v, want %+v", *a.Grid.Part, place)
	}
	want := imaging.Resize(imaging.Crop(photo, part), mirrorSide, mirrorSide, imaging.Linear)
	highest := uint8(0)
	for i := 0; i < len(want.Pix); i += 4 {
		highest = max(highest, want.Pix[i])
	}
	sum := 0.0
	for i, v := range a.Grid.Values {
		sum += math.Abs(float64(v)*float64(highest) - float64(want.Pix[4*i]))
	}
	if mean := sum / float64(len(a.Grid.Values)); mean > tolerance {
		t.Errorf("the model saw something else: %.2f levels apart on average", mean)
	}
}

// apart is how far two boxes are apart in any of their sides.
func apart(a, b deepskin.Box) float64 {
	return max(math.Abs(a.Left-b.Left), math.Abs(a.Top-b.Top), math.Abs(a.Right-b.Right), math.Abs(a.Bottom-b.Bottom))
}

// spot is a photo of 400 x 300 pixels in which a square of 100 has another red: 41 of 255 in the
// mean of the whole, 200 in the middle of the square.
func spot(t *testing.T) []byte {
	t.Helper()
	photo := imaging.New(400, 300, color.NRGBA{R: 26, G: 120, B: 120, A: 255})
	square := image.Rect(150, 100, 250, 200)
	draw.Draw(photo, square, image.NewUniform(color.NRGBA{R: 206, G: 120, B: 120, A: 255}), image.Point{}, draw.Src)
	var file bytes.Buffer
	if err := png.Encode(&file, photo); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

const wholeRed, partRed = 41, 206

var middle = deepskin.Box{Left: 0.45, Top: 0.45, Right: 0.55, Bottom: 0.55}

// odds are the probabilities of a mirror at a mean red.
func (m mirror) odds(red float64) []float64 {
	var odds []float64
	sum := 0.0
	for i, constant := range m.constants {
		score := float64(constant)
		if i == 0 {
			score += float64(m.red) * red
		}
		odds = append(odds, math.Exp(score))
		sum += odds[i]
	}
	for i := range odds {
		odds[i] /= sum
	}
	return odds
}

func TestNumbersOfBothLooks(t *testing.T) {
	m := looking(middle)
	m.red, m.constants = 0.02, [7]float32{-3, 0.5, 0.2, 0.1, 0, 2, -1}
	m.ood = [2]float32{-0.01, 0.3}     // -0.11 for the whole, -1.76 for the part
	m.phone = [2]float32{-0.002, 0.83} // 0.748 for the whole, 0.418 for the part
	a, err := m.open(t).Assess(t.Context(), spot(t))
	if err != nil {
		t.Fatal(err)
	}
	first, second := m.odds(wholeRed), m.odds(partRed)
	want, sum, malignancy := make([]float64, 7), 0.0, 0.0
	for i := range want {
		want[i] = math.Sqrt(first[i] * second[i])
		sum += want[i]
	}
	for i, code := range mirrorLabels {
		want[i] /= sum
		if i < 3 {
			malignancy += want[i]
		}
		if math.Abs(a.Diagnoses[code]-want[i]) > 2e-3 {
			t.Errorf("%s = %.4f, want %.4f", code, a.Diagnoses[code], want[i])
		}
	}
	if math.Abs(a.Malignancy-malignancy) > 2e-3 {
		t.Errorf("malignancy = %v, want %v", a.Malignancy, malignancy)
	}
	if !a.Closer || slices.Contains(a.Problems, deepskin.NotALesion) || math.Abs(a.OOD+1.76) > 0.01 {
		t.Errorf("closer = %v, problems = %v, ood = %v; want the part's lower score, -1.76", a.Closer, a.Problems, a.OOD)
	}
	if a.Kind != deepskin.Phone || math.Abs(a.PhoneProbability-0.748) > 0.002 {
		t.Errorf("%s with %v, want the kind of the whole photo", a.Kind, a.PhoneProbability)
	}
}

func TestTheFirstLookAloneCounts(t *testing.T) {
	cases := map[string]func(m *mirror){
		"never closer":      func(m *mirror) { m.closer(0) },
		"a large lesion":    func(m *mirror) { m.closer(0.1) },
		"no lesion found":   func(m *mirror) { m.box = deepskin.Box{Left: 0.5, Top: 0.5, Right: 0.5, Bottom: 0.5} },
		"nearly all of it":  func(m *mirror) { m.box.Left, m.box.Right = 0.25, 0.6; m.closer(0.4) }, // 255 of 300 pixels
		"nothing from afar": func(m *mirror) { m.ood = [2]float32{-0.01, 0.5} },                     // 0.09 for the whole, -1.56 for the part
		"nothing in closer": func(m *mirror) { m.ood = [2]float32{0.01, -1} },                       // 1.06 for the part
		// The part looks like dermoscopy, whose threshold it would pass: the whole photo's counts.
		"nothing of its kind": func(m *mirror) {
			m.ood, m.phone = [2]float32{0.01, -1}, [2]float32{-0.002, 0.83}
			limits := m.thresholds[deepskin.Dermoscopy]
			limits.OOD = 9
			m.thresholds[deepskin.Dermoscopy] = limits
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			m := looking(middle)
			m.red = 0.02
			change(&m)
			a, err := m.open(t).Assess(t.Context(), spot(t))
			if err != nil {
				t.Fatal(err)
			}
			if a.Closer || a.Grid.Part != nil || a.Lesion == nil || apart(*a.Lesion, m.box) > 1e-6 {
				t.Errorf("closer = %v, part = %v, lesion = %v; want one look", a.Closer, a.Grid.Part, a.Lesion)
			}
			if got, want := a.Diagnoses[deepskin.Melanoma], m.odds(wholeRed)[0]; math.Abs(got-want) > 2e-3 {
				t.Errorf("melanoma = %v, want %v as at first sight", got, want)
			}
			if want := float64(m.ood[0])*wholeRed + float64(m.ood[1]); math.Abs(a.OOD-want) > 0.01 {
				t.Errorf("ood = %v, want %v as at first sight", a.OOD, want)
			}
		})
	}
}

// A kind has its own thresholds, and its own weights for the name of what is seen.
func TestLabelAndDiagnosisFollowTheKind(t *testing.T) {
	m := newMirror() // every label has 1/7, so the malignancy is 3/7
	m.thresholds = map[deepskin.Kind]classifier.Thresholds{
		deepskin.Dermoscopy: {Malignant: 0.42, Benign: 0.1, OOD: -2},
		deepskin.Phone:      {Malignant: 0.6, Benign: 0.5, OOD: 0},
	}
	m.naming = map[deepskin.Kind][]float64{
		deepskin.Dermoscopy: {1, 1, 2, 1, 1, 1.9, 1},
		deepskin.Phone:      {1, 1, 1, 3, 0.5, 1, 3},
	}
	for _, want := range []struct {
		phone     float32
		ood       float32
		kind      deepskin.Kind
		label     deepskin.Label
		diagnosis deepskin.Diagnosis
		refused   bool
	}{
		{0.2, -3, deepskin.Dermoscopy, deepskin.Malignant, deepskin.ActinicKeratosis, false},
		{0.5, -3, deepskin.Dermoscopy, deepskin.Malignant, deepskin.ActinicKeratosis, false},
		{0.51, -1, deepskin.Phone, deepskin.Benign, deepskin.BenignKeratosis, false},
		{0.2, -1, deepskin.Dermoscopy, deepskin.Inconclusive, deepskin.ActinicKeratosis, true},
		{0.9, 0.1, deepskin.Phone, deepskin.Inconclusive, deepskin.BenignKeratosis, true},
	} {
		m.phone, m.ood = [2]float32{0, want.phone}, [2]float32{0, want.ood}
		a, err := m.open(t).Assess(t.Context(), golden(t, "baseline.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if a.Kind != want.kind || a.Label != want.label || a.Diagnosis != want.diagnosis ||
			slices.Contains(a.Problems, deepskin.NotALesion) != want.refused ||
			math.Abs(a.PhoneProbability-float64(want.phone)) > 1e-6 {
			t.Errorf("got %s (%v), %s, %s, %v; want %+v", a.Kind, a.PhoneProbability, a.Label, a.Diagnosis, a.Problems, want)
		}
	}
}
