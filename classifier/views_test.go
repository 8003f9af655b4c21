package classifier

import (
	"fmt"
	"image"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin"
)

func TestPartAround(t *testing.T) {
	box := func(left, top, right, bottom float64) deepskin.Box {
		return deepskin.Box{Left: left, Top: top, Right: right, Bottom: bottom}
	}
	cases := map[string]struct {
		box    deepskin.Box
		closer float64
		size   image.Point
		want   image.Rectangle // empty: no second look
	}{
		"in the middle":      {box(0.4, 0.4, 0.6, 0.6), 0.3, image.Pt(1000, 800), image.Rect(318, 218, 682, 582)}, // 200 / 0.55 = 363.6
		"longer by height":   {box(0.45, 0.25, 0.55, 0.45), 0.3, image.Pt(1000, 800), image.Rect(355, 135, 646, 426)},
		"longer in pixels":   {box(0.4, 0.36, 0.6, 0.64), 0.3, image.Pt(2000, 1000), image.Rect(637, 137, 1364, 864)},
		"at the left":        {box(0, 0.45, 0.1, 0.55), 0.3, image.Pt(1000, 800), image.Rect(0, 309, 182, 491)},
		"at the lower right": {box(0.9, 0.95, 1, 1), 0.3, image.Pt(1000, 800), image.Rect(818, 618, 1000, 800)},
		"tiny":               {box(0.5, 0.5, 0.51, 0.51), 0.3, image.Pt(1000, 800), image.Rect(473, 372, 537, 436)},
		"half a pixel":       {box(0.25, 0.25, 0.26, 0.25), 0.3, image.Pt(401, 402), image.Rect(70, 69, 134, 133)},
		"not small":          {box(0.35, 0.45, 0.65, 0.55), 0.3, image.Pt(1000, 800), image.Rectangle{}},
		"never":              {box(0.5, 0.5, 0.51, 0.51), 0, image.Pt(1000, 800), image.Rectangle{}},
		"no box":             {box(0.5, 0.5, 0.5, 0.5), 0.3, image.Pt(1000, 800), image.Rectangle{}},
		"just fits":          {box(0.4, 0.4, 0.6, 0.6), 0.3, image.Pt(1000, 455), image.Rect(318, 46, 682, 410)}, // 364 of 455
		"just too large":     {box(0.4, 0.4, 0.6, 0.6), 0.3, image.Pt(1000, 454), image.Rectangle{}},
		"a small photo":      {box(0.5, 0.5, 0.51, 0.51), 0.3, image.Pt(200, 79), image.Rectangle{}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := partAround(test.box, test.closer, test.size)
			if got != test.want || ok == test.want.Empty() {
				t.Errorf("part = %v, %v, want %v", got, ok, test.want)
			}
		})
	}
}

// What is cut out of a photo must be what cutting and resizing the whole of it gives, wherever
// colour is stored at half the resolution.
func TestCutIsExact(t *testing.T) {
	size := image.Pt(97, 71)
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio440,
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio410,
	} {
		colourful := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
		for _, plane := range [][]uint8{colourful.Y, colourful.Cb, colourful.Cr} {
			for i := range plane {
				plane[i] = uint8(i * i * 31 / 7)
			}
		}
		alpha := make([]uint8, size.X*size.Y)
		for i := range alpha {
			alpha[i] = uint8(i * 3)
		}
		photos := map[string]image.Image{"JPEG": colourful}
		if ratio == image.YCbCrSubsampleRatio420 {
			photos["WebP"] = studioYCbCr{colourful, alpha, size.X}
		}
		for name, photo := range photos {
			from := &source{decoded: photo, header: header{size: size}}
			whole := average(photo, image.Rectangle{Max: size}, 1).toNRGBA()
			for orientation := 1; orientation <= 8; orientation++ {
				turned := upright(whole, orientation)
				for _, part := range []image.Rectangle{
					image.Rect(0, 0, 20, 20), image.Rect(1, 3, 40, 42), image.Rect(2, 4, 22, 24),
					{turned.Rect.Max.Sub(image.Pt(33, 33)), turned.Rect.Max},
				} {
					t.Run(fmt.Sprint(name, ratio, orientation, part), func(t *testing.T) {
						want := imaging.Resize(imaging.Crop(turned, part), 16, 16, imaging.Linear)
						got := newPicture(16, 16)
						if problem := from.cut(got, part, orientation); problem != "" {
							t.Fatal(problem)
						}
						checkSame(t, got, want)
					})
				}
			}
		}
	}
}

// upright undoes an EXIF orientation as imaging does.
func upright(m *image.NRGBA, orientation int) *image.NRGBA {
	turn := map[int]func(image.Image) *image.NRGBA{
		2: imaging.FlipH, 3: imaging.Rotate180, 4: imaging.FlipV, 5: imaging.Transpose,
		6: imaging.Rotate270, 7: imaging.Transverse, 8: imaging.Rotate90,
	}[orientation]
	if turn == nil {
		return m
	}
	return turn(m)
}

// checkSame compares two pictures. Rounding between the two directions may differ.
func checkSame(t *testing.T, got picture, want *image.NRGBA) {
	t.Helper()
	pixels := got.toNRGBA()
	if pixels.Rect != want.Rect {
		t.Fatalf("size = %v, want %v", pixels.Rect, want.Rect)
	}
	for i := range want.Pix {
		if d := int(pixels.Pix[i]) - int(want.Pix[i]); d < -1 || d > 1 {
			t.Fatalf("byte %d is %d, want %d", i, pixels.Pix[i], want.Pix[i])
		}
	}
}
