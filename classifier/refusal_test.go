package classifier_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"runtime"
	"slices"
	"testing"

	"github.com/disintegration/imaging"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
)

// What is no photo must be refused for what it is, before it costs anything.
func TestHostileInputIsRefusedCheaply(t *testing.T) {
	photo := golden(t, "baseline.jpg")
	small := image.NewNRGBA(image.Rect(0, 0, 200, 200))
	cases := map[string]struct {
		content []byte
		want    deepskin.Problem
	}{
		"no bytes":             {nil, deepskin.Empty},
		"PNG bomb, 49 Mp":      {flatPNG(t, 7000), deepskin.TooManyPixels},
		"progressive, 12 Mp":   {enlarged(golden(t, "progressive.jpg"), 4000, 3000, 100_000), deepskin.Corrupt},
		"one byte":             {[]byte{0xff}, deepskin.UnknownFormat},
		"21 MB":                {append(slices.Clone(photo), make([]byte, 21_000_000)...), deepskin.TooManyBytes},
		"HEIC":                 {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), deepskin.HEIC},
		"AVIF":                 {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif"), deepskin.UnknownFormat},
		"HTML":                 {[]byte("<!DOCTYPE html><title>photo.png</title>"), deepskin.UnknownFormat},
		"GIF":                  {encode(t, func(w *bytes.Buffer) error { return gif.Encode(w, small, nil) }), deepskin.UnknownFormat},
		"BMP":                  {encode(t, func(w *bytes.Buffer) error { return bmp.Encode(w, small) }), deepskin.UnknownFormat},
		"TIFF":                 {encode(t, func(w *bytes.Buffer) error { return tiff.Encode(w, small, nil) }), deepskin.UnknownFormat},
		"GIF before a JPEG":    {append([]byte("GIF89a"), photo...), deepskin.UnknownFormat},
		"JPEG's first bytes":   {[]byte("\xff\xd8\xff"), deepskin.Corrupt},
		"JPEG without end":     {photo[:len(photo)/2], deepskin.Corrupt},
		"JPEG, last byte gone": {photo[:len(photo)-1], deepskin.Corrupt},
		"JPEG of 4.3 Gpixel":   {jpegHeader(65500, 65500, 0xc0), deepskin.TooManyPixels},
		"progressive 4.3 Gp":   {jpegHeader(65500, 65500, 0xc2), deepskin.TooManyPixels},
		"JPEG of no height":    {jpegHeader(500, 0, 0xc0), deepskin.Corrupt},
		"JPEG, arithmetic":     {jpegHeader(500, 500, 0xc9), deepskin.UnknownFormat},
		"JPEG of 200 scans":    {manyScans(t, golden(t, "progressive.jpg"), 200), deepskin.Corrupt},
		"progressive 49 Mp":    {jpegHeader(7000, 7000, 0xc2), deepskin.TooManyPixels},
		"PNG of 4.3 Gpixel":    {pngHeader(65500, 65500, 8, 0), deepskin.TooManyPixels},
		"PNG, 16 bits, Adam7":  {pngHeader(7000, 7000, 16, 1), deepskin.TooManyPixels},
		"PNG without data":     {pngHeader(500, 500, 8, 0), deepskin.Corrupt},
		"PNG without end":      {golden(t, "16-bit.png")[:5000], deepskin.Corrupt},
		"WebP's first bytes":   {[]byte("RIFF\x10\x00\x00\x00WEBPVP8L"), deepskin.Corrupt},
		"WebP of 268 Mpixel":   {webpHeader(16384, 16384), deepskin.TooManyPixels},
		"WebP without end":     {golden(t, "lossless.webp")[:5000], deepskin.Corrupt},
		"WebP, animated":       {animatedWebP(), deepskin.UnknownFormat},
		"WAV":                  {[]byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"), deepskin.UnknownFormat},
	}
	c := open(t, classifier.Config{})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a, err := c.Assess(t.Context(), test.content)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if a.Label != deepskin.Inconclusive || !slices.Equal(a.Problems, []deepskin.Problem{test.want}) {
				t.Errorf("got %s, %v; want it refused as %s", a.Label, a.Problems, test.want)
			}
			if a.Diagnoses != nil || a.Grid != nil || a.Model == "" {
				t.Errorf("got %+v, want no numbers, and the model's version", a)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 5<<20 {
				t.Errorf("took %d bytes", taken)
			}
		})
	}
}

// EXIF data beyond all measure are not read: the photo is looked at as it lies.
func TestEndlessEXIFCostsNothing(t *testing.T) {
	c := open(t, classifier.Config{})
	photo := manyTags(golden(t, "base.png"), 10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, reduced, err := c.AssessAndCopy(t.Context(), photo)
	runtime.ReadMemStats(&after)
	if err != nil || a.Diagnoses == nil {
		t.Fatalf("got %v, %v", a.Problems, err)
	}
	if size := decodeJPEG(t, reduced).Rect.Size(); size != image.Pt(400, 300) {
		t.Errorf("size = %v, want 400 x 300", size)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 64<<20 {
		t.Errorf("took %d bytes", taken)
	}
}

// What comes after a photo's end is not looked at, and does not survive in the copy.
func TestTrailingBytesDoNotSurvive(t *testing.T) {
	c := open(t, classifier.Config{})
	polyglot := append(golden(t, "baseline.jpg"), "PK\x03\x04<script>"...)
	a, reduced, err := c.AssessAndCopy(t.Context(), polyglot)
	if err != nil || a.Diagnoses == nil {
		t.Fatalf("got %v, %v", a.Problems, err)
	}
	if bytes.Contains(reduced, []byte("<script>")) {
		t.Error("the copy holds what stood behind the photo")
	}
}

// A photo with faults still gets its numbers, and the label that admits to knowing nothing.
func TestQuality(t *testing.T) {
	good := sample.Photo(4, sample.Options{Width: 320, Height: 240, Tone: sample.ToneIII})
	flat := func(level uint8) *image.NRGBA { return imaging.New(320, 240, color.Gray{Y: level}) }
	cases := map[string]struct {
		photo *image.NRGBA
		want  []deepskin.Problem
	}{
		"good":             {good, nil},
		"HAM10000's size":  {imaging.Resize(good, 200, 150, imaging.Linear), nil},
		"small":            {imaging.Resize(good, 128, 96, imaging.Linear), []deepskin.Problem{deepskin.TooSmall}},
		"narrow":           {imaging.CropCenter(good, 320, 60), []deepskin.Problem{deepskin.TooSmall}},
		"blurred":          {blurred(good, 0.02), []deepskin.Problem{deepskin.Blurred}},
		"a little blurred": {blurred(good, 0.003), nil},
		"black":            {flat(0), []deepskin.Problem{deepskin.TooDark, deepskin.Blurred}},
		"white":            {flat(255), []deepskin.Problem{deepskin.TooBright, deepskin.Blurred}},
		"underexposed":     {expose(good, 0.2), []deepskin.Problem{deepskin.TooDark}},
		"overexposed":      {expose(good, 2.5), []deepskin.Problem{deepskin.TooBright}},
		"a bit dark":       {expose(good, 0.6), nil},
	}
	c := open(t, classifier.Config{})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			a, err := c.Assess(t.Context(), jpegOf(t, test.photo))
			if err != nil {
				t.Fatal(err)
			}
			// Whether it resembles a lesion is not the question here.
			got := slices.DeleteFunc(slices.Clone(a.Problems), func(p deepskin.Problem) bool {
				return p == deepskin.NotALesion
			})
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("problems = %v, want %s", got, want)
				}
			}
			if test.want == nil && len(got) > 0 {
				t.Errorf("problems = %v, want none", got)
			}
			if a.Refused() && a.Label != deepskin.Inconclusive {
				t.Errorf("label = %s in spite of %v", a.Label, a.Problems)
			}
			if len(a.Diagnoses) != 7 || a.Grid == nil || a.OOD == 0 {
				t.Errorf("got %+v, want the numbers all the same", a)
			}
		})
	}
}

// expose multiplies the light of a photo.
func expose(photo *image.NRGBA, factor float64) *image.NRGBA {
	return imaging.AdjustFunc(photo, func(c color.NRGBA) color.NRGBA {
		scale := func(v uint8) uint8 { return uint8(min(float64(v)*factor, 255)) }
		return color.NRGBA{R: scale(c.R), G: scale(c.G), B: scale(c.B), A: 255}
	})
}

func encode(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// flatPNG is a square PNG of one grey, which compresses a thousand times.
func flatPNG(t testing.TB, side int) []byte {
	t.Helper()
	return encode(t, func(w *bytes.Buffer) error { return png.Encode(w, image.NewGray(image.Rect(0, 0, side, side))) })
}

// enlarged is a progressive JPEG without its end that says it has another size, and is so long.
func enlarged(photo []byte, width, height uint16, length int) []byte {
	frame := bytes.Index(photo, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(photo[frame+5:], height)
	binary.BigEndian.PutUint16(photo[frame+7:], width)
	return append(photo[:len(photo)-2], make([]byte, length-len(photo)+2)...)
}

// manyTags puts EXIF data with so many tags into a PNG; the last one would turn it.
func manyTags(photo []byte, count int) []byte {
	data := []byte("eXIfII\x2a\x00\x08\x00\x00\x00")
	data = binary.LittleEndian.AppendUint16(data, uint16(count))
	for i := range count {
		tag := uint16(0x1000)
		if i == count-1 {
			tag = 0x0112
		}
		data = binary.LittleEndian.AppendUint16(data, tag)
		data = append(data, "\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"...)
	}
	data = append(data, 0, 0, 0, 0)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data)-4)), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(data))
	const headerEnd = 8 + 4 + 4 + 13 + 4
	return slices.Concat(photo[:headerEnd], chunk, photo[headerEnd:])
}

// jpegHeader is a JPEG of three components without subsampling, up to the start of its scan.
func jpegHeader(width, height uint16, marker byte) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0}
	out = append(out, 0xff, marker, 0, 17, 8)
	out = binary.BigEndian.AppendUint16(out, height)
	out = binary.BigEndian.AppendUint16(out, width)
	return append(out, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xda)
}

// manyScans repeats the first scan of a JPEG.
func manyScans(t *testing.T, photo []byte, count int) []byte {
	t.Helper()
	start := bytes.Index(photo, []byte{0xff, 0xda})
	length := bytes.Index(photo[start+2:], []byte{0xff, 0xda})
	if start < 0 || length < 0 {
		t.Fatal("the photo has less than two scans")
	}
	scan := photo[start : start+2+length]
	return slices.Concat(photo[:start], bytes.Repeat(scan, count), photo[start:])
}

// pngHeader is a PNG of true colour that ends after its header.
func pngHeader(width, height uint32, depth, interlace byte) []byte {
	data := []byte("IHDR")
	data = binary.BigEndian.AppendUint32(data, width)
	data = binary.BigEndian.AppendUint32(data, height)
	data = append(data, depth, 2, 0, 0, interlace)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
}

// webpHeader is a lossless WebP that ends after its header.
func webpHeader(width, height uint32) []byte {
	out := []byte("RIFF\x20\x00\x00\x00WEBPVP8L\x14\x00\x00\x00\x2f")
	out = binary.LittleEndian.AppendUint32(out, (width-1)|(height-1)<<14)
	return append(out, make([]byte, 16)...)
}

// animatedWebP is an extended header with the bit for animation, and nothing more.
func animatedWebP() []byte {
	return []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x63\x00\x00\x63\x00\x00")
}

// Every file that is cut off somewhere, or has a byte flipped, is answered and never crashes.
func TestDamagedFilesNeverCrash(t *testing.T) {
	c := open(t, classifier.Config{})
	for _, name := range []string{"progressive.jpg", "cmyk.jpg", "exif-6.jpg", "palette.png", "alpha.webp", "lossless.webp"} {
		whole := golden(t, name)
		for i := range 16 {
			at := len(whole) * i / 16
			if i < 10 {
				at = i * 27 // headers are where it hurts most
			}
			flipped := slices.Clone(whole)
			flipped[at] ^= 0x55
			for _, content := range [][]byte{whole[:at], flipped} {
				if _, err := c.Assess(t.Context(), content); err != nil {
					t.Fatalf("%s damaged at %d: %v", name, at, err)
				}
			}
		}
	}
}
