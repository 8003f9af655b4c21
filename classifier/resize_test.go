package classifier

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disintegration/imaging"

	"deepskin/classifier/sample"
)

// noise is the worst that can be resized: no pixel resembles its neighbours.
func noise(width, height int) picture {
	random := rand.New(rand.NewPCG(1, 2))
	p := newPicture(width, height)
	for i := range p.pix {
		p.pix[i] = uint8(random.IntN(256))
	}
	return p
}

func TestResizeIsTheBilinearFilter(t *testing.T) {
	for _, from := range []image.Point{{80, 60}, {47, 35}, {20, 15}, {32, 32}, {1, 1}, {3, 90}, {91, 2}} {
		for _, to := range []image.Point{{32, 32}, {20, 15}} {
			for orientation := 1; orientation <= 8; orientation++ {
				t.Run(fmt.Sprint(from, to, orientation), func(t *testing.T) {
					photo := noise(from.X, from.Y)
					size := uprightSize(to, orientation)
					got := newPicture(size.X, size.Y)
					resize(got, view{picture: photo, shrink: 1}, span{0, float64(from.X)}, span{0, float64(from.Y)}, orientation)
					checkSame(t, got, upright(imaging.Resize(photo.toNRGBA(), to.X, to.Y, imaging.Linear), orientation))
				})
			}
		}
	}
}

// Pillow and imaging round between across and down. The other order would give the same to within a
// level, too, but in many pixels another one.
func TestResizeGoesAcrossBeforeDown(t *testing.T) {
	photo, got := noise(200, 150), newPicture(224, 224)
	resize(got, view{picture: photo, shrink: 1}, span{0, 200}, span{0, 150}, 1)
	want := imaging.Resize(photo.toNRGBA(), 224, 224, imaging.Linear)
	other := 0
	for i := range got.pix {
		if got.pix[i] != want.Pix[i/3*4+i%3] {
			other++
		}
	}
	if share := float64(other) / float64(len(got.pix)); share > 0.01 {
		t.Errorf("%.1f %% of the levels are others", 100*share)
	}
}

func TestResizeKeepsFlatColours(t *testing.T) {
	for _, level := range []uint8{0, 1, 127, 254, 255} {
		photo, got := newPicture(61, 47), newPicture(32, 32)
		for i := range photo.pix {
			photo.pix[i] = level
		}
		resize(got, view{picture: photo, shrink: 2}, span{1.3, 60.1}, span{0.2, 33.7}, 1)
		for i, v := range got.pix {
			if v != level {
				t.Fatalf("byte %d of a flat picture of %d is %d", i, level, v)
			}
		}
	}
}

// What is seen of a photo that was decoded at a reduced size must be what the whole of it shows.
func TestReducedViewsShowTheSame(t *testing.T) {
	photo, err := sample.JPEG(sample.Photo(5, sample.Options{Width: 647, Height: 483}), 92)
	if err != nil {
		t.Fatal(err)
	}
	found, problem := inspect(photo)
	if problem != "" {
		t.Fatal(problem)
	}
	for name, from := range map[string]*source{
		"as built": {photo: photo, header: found}, "by Go": inGo(t, photo, found),
	} {
		for _, part := range []image.Rectangle{{Max: found.size}, image.Rect(101, 33, 101+433, 33+433)} {
			want := squeezed(t, inGo(t, photo, found), part, 1)
			for _, shrink := range []int{1, 2} {
				t.Run(fmt.Sprint(name, part, shrink), func(t *testing.T) {
					got := squeezed(t, from, part, shrink)
					sum := 0.0
					for i := range want.pix {
						sum += math.Abs(float64(got.pix[i]) - float64(want.pix[i]))
					}
					if mean := sum / float64(len(want.pix)); mean > 0.6 {
						t.Errorf("%.2f levels apart on average", mean)
					}
					measured, exact := measureQuality(got, found.size), measureQuality(want, found.size)
					t.Logf("mean %.2f, want %.2f; sharpness %.1f, want %.1f",
						measured.Brightness, exact.Brightness, measured.Sharpness, exact.Sharpness)
					if math.Abs(measured.Brightness-exact.Brightness) > 0.2 || math.Abs(measured.Sharpness/exact.Sharpness-1) > 0.1 {
						t.Errorf("quality = %+v, want %+v", measured, exact)
					}
				})
			}
		}
	}
}

// inGo returns a photo as Go's decoder sees it.
func inGo(t testing.TB, photo []byte, found header) *source {
	t.Helper()
	decoded, problem := decode(photo, found.format)
	if problem != "" {
		t.Fatal(problem)
	}
	return &source{photo: photo, header: found, decoded: decoded}
}

func squeezed(t *testing.T, from *source, part image.Rectangle, shrink int) picture {
	t.Helper()
	seen, problem := from.render(part, shrink)
	if problem != "" {
		t.Fatal(problem)
	}
	out := newPicture(160, 160)
	seen.squeeze(out, part, 1)
	return out
}
