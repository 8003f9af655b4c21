//go:build cgo && turbojpeg

package classifier

import (
	"bytes"
	"image"
	"testing"
)

// The usual kinds of JPEG are decoded by libjpeg-turbo, and the same pixels come out as with Go.
func TestTurboDecodesWhatIsUsual(t *testing.T) {
	for name, usual := range map[string]bool{
		"baseline.jpg": true, "progressive.jpg": true, "sampling-422.jpg": true, "sampling-444.jpg": true,
		"grey.jpg": true, "exif-6.jpg": true, "cmyk.jpg": false,
	} {
		t.Run(name, func(t *testing.T) {
			from := goldenSource(t, name)
			seen, problem := from.render(image.Rectangle{Max: from.size}, 1)
			if problem != "" {
				t.Fatal(problem)
			}
			if turbo := from.decoded == nil; turbo != usual {
				t.Errorf("decoded by libjpeg-turbo: %v, want %v", turbo, usual)
			}
			other, problem := inGo(t, from.photo, from.header).render(image.Rectangle{Max: from.size}, 1)
			if problem != "" {
				t.Fatal(problem)
			}
			checkClose(t, seen.picture, other.picture, 0.1, 8) // they round differently in a few pixels
		})
	}
}

// Whatever libjpeg would only warn of is left to Go, which says what is corrupt.
func TestTurboLeavesFaultsToGo(t *testing.T) {
	whole := goldenSource(t, "baseline.jpg")
	fill := bytes.Index(whole.photo, []byte{0xff, 0xdb})
	for name, test := range map[string]struct {
		photo   []byte
		corrupt bool
	}{
		"end is missing": {whole.photo[:len(whole.photo)-2], true},
		"half":           {whole.photo[:len(whole.photo)/2], true},
		"bytes between segments": {
			bytes.Join([][]byte{whole.photo[:fill], whole.photo[fill:]}, []byte{0, 1, 2}), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPicture(whole.size.X, whole.size.Y)
			defer p.release()
			if turboDecode(p, test.photo, whole.size) {
				t.Error("libjpeg-turbo found nothing wrong")
			}
			from := &source{photo: test.photo, header: whole.header}
			if _, problem := from.render(image.Rectangle{Max: whole.size}, 1); (problem != "") != test.corrupt {
				t.Errorf("problem = %q", problem)
			}
		})
	}
}

func TestTurboRefusesAnotherSize(t *testing.T) {
	from := goldenSource(t, "baseline.jpg")
	larger := from.size.Mul(2)
	p := newPicture(larger.X, larger.Y)
	defer p.release()
	if turboDecode(p, from.photo, larger) {
		t.Error("decoded a photo that is smaller than was said")
	}
}

// FuzzTurbo looks for files that bring C into trouble.
func FuzzTurbo(f *testing.F) {
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "sampling-422.jpg", "grey.jpg", "cmyk.jpg"} {
		f.Add(goldenFile(f, name), uint8(2))
	}
	f.Fuzz(func(_ *testing.T, photo []byte, size uint8) {
		found, problem := inspect(photo)
		if problem != "" || found.format != formatJPEG || found.memory > 64<<20 {
			return
		}
		shrink := 1 << (size % 4)
		p := newPicture(reduced(found.size.X, shrink), reduced(found.size.Y, shrink))
		defer p.release()
		turboDecode(p, photo, found.size)
	})
}

// checkClose compares two pictures, in levels of 256: on average, and where they differ most.
func checkClose(t *testing.T, a, b picture, meanLimit float64, mostLimit int) {
	t.Helper()
	if len(a.pix) != len(b.pix) {
		t.Fatalf("%d bytes and %d", len(a.pix), len(b.pix))
	}
	sum, most := 0, 0
	for i := range a.pix {
		d := max(int(a.pix[i])-int(b.pix[i]), int(b.pix[i])-int(a.pix[i]))
		sum, most = sum+d, max(most, d)
	}
	if mean := float64(sum) / float64(len(a.pix)); mean > meanLimit || most > mostLimit {
		t.Errorf("%.3f levels apart on average, %d at most", mean, most)
	}
}

func goldenSource(t *testing.T, name string) *source {
	t.Helper()
	photo := goldenFile(t, name)
	found, problem := inspect(photo)
	if problem != "" {
		t.Fatal(problem)
	}
	return &source{photo: photo, header: found}
}
