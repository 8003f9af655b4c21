package classifier

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"deepskin"
)

// fuzzBudget is how much memory a photo of the fuzzers may take, in bytes: larger ones are refused like
// photos beyond the real budget, and would only make the search slow.
const fuzzBudget = 16 << 20

// FuzzPhoto takes a file all the way that a photo goes, but for the model itself, which only ever gets
// pictures of one size: header, both looks, orientation, quality and reduced copy. With the
// build tag turbojpeg most JPEGs go through libjpeg-turbo, and else through Go.
func FuzzPhoto(f *testing.F) {
	seedPhotos(f)
	f.Fuzz(func(t *testing.T, photo []byte) {
		const side = 64 // a small model's
		found, problem := inspect(photo)
		if problem != "" || found.memory+found.rendering(side) > fuzzBudget {
			return
		}
		from := &source{photo: photo, header: found}
		whole, problem := from.lookAt(side)
		if problem != "" {
			return
		}
		defer whole.release()
		turned := orientation(photo, found.format)
		if turned < 1 || turned > 8 {
			t.Fatalf("the orientation is %d", turned)
		}
		seen := picture{pix: make([]uint8, 3*side*side), width: side, height: side}
		whole.squeeze(seen, image.Rectangle{Max: found.size}, turned)
		measureQuality(seen, found.size)
		upright := uprightSize(found.size, turned)
		middle := deepskin.Box{Left: 0.4, Top: 0.4, Right: 0.6, Bottom: 0.6}
		if part, ok := partAround(middle, 1, upright); ok {
			_ = from.cut(seen, part, turned) // may find faults that show only at another size
		}
		copied, err := whole.copyOf(turned)
		if err != nil {
			t.Fatal(err)
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(copied))
		if err != nil || max(config.Width, config.Height) > copySide {
			t.Fatalf("the copy has %d x %d pixels, %v", config.Width, config.Height, err)
		}
		if bytes.Contains(copied, []byte("Exif")) {
			t.Fatal("the copy has EXIF data")
		}
	})
}

// FuzzHeatmap draws grids over parts of a photo. What it draws with works on goroutines of its own, whose
// panics would end the process.
func FuzzHeatmap(f *testing.F) {
	f.Add(uint16(7), uint16(7), []byte{1, 255, 0, 9}, 0.1, 0.2, 0.5, 0.9)
	f.Add(uint16(1), uint16(256), []byte{}, 0.0, 0.0, 1.0, 1.0)
	f.Add(uint16(0), uint16(9), []byte{3}, 0.999999, 0.0, 1.0, 1e-300)
	f.Add(uint16(300), uint16(2), []byte{3}, math.NaN(), math.Inf(-1), 0.5, 0.5)
	photo, err := encodeJPEG(image.NewNRGBA(image.Rect(0, 0, 40, 3)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, rows, columns uint16, levels []byte, left, top, right, bottom float64) {
		grid := deepskin.Grid{
			Rows: int(rows), Columns: int(columns), Values: make([]float32, int(rows%300)*int(columns%300)),
			Part: &deepskin.Box{Left: left, Top: top, Right: right, Bottom: bottom},
		}
		for i := range grid.Values {
			if len(levels) > 0 {
				grid.Values[i] = math.Float32frombits(uint32(levels[i%len(levels)]) << 22)
			}
		}
		drawn, err := Heatmap(photo, grid)
		if err != nil {
			return
		}
		if _, err := jpeg.Decode(bytes.NewReader(drawn)); err != nil {
			t.Error(err)
		}
	})
}

// FuzzOrientation reads made-up EXIF data in each of the three formats.
func FuzzOrientation(f *testing.F) {
	little := []byte("II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00")
	big := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00")
	endless := append(little[:22:22], 8, 0, 0, 0) // a directory that comes after itself
	for _, tiff := range [][]byte{little, big, endless, nil, []byte("II\x2a\x00\xff\xff\xff\xff")} {
		f.Add(tiff)
	}
	for format, photo := range withEXIF(little) { // or the search would look at nothing
		if turned := orientation(photo, format); turned != 6 {
			f.Fatalf("format %d: the orientation is %d, want 6", format, turned)
		}
	}
	f.Fuzz(func(t *testing.T, tiff []byte) {
		for format, photo := range withEXIF(tiff) {
			if turned := orientation(photo, format); turned < 1 || turned > 8 {
				t.Errorf("format %d: the orientation is %d", format, turned)
			}
		}
	})
}

// FuzzMetadata reads made-up descriptions of a model. One that passes its own checks must serve.
func FuzzMetadata(f *testing.F) {
	values := map[string]string{
		"version": "test-1", "data_sha256": "00", "licence": "none", "metrics": "{}", "recipe": "{}",
		"labels": `["akiec","bcc","bkl","df","mel","nv","vasc"]`, "malignant": `["akiec","bcc","mel"]`,
		"thresholds": `{"dermoscopy":{"malignant":0.5,"benign":0.2,"ood":9,"closer":0.3},` +
			`"phone":{"malignant":0.5,"benign":0.2,"ood":9,"closer":0}}`,
		"naming": `{"dermoscopy":[1,1,1,1,1,1,1],"phone":[1,1,1,1,1,1,1]}`,
	}
	whole, err := json.Marshal(values)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, other := range []string{`null`, `[]`, `{"dermoscopy":null}`, `["mel","mel"]`, `{"phone":{"malignant":1e400}}`} {
		for _, key := range []string{"labels", "malignant", "thresholds", "naming"} {
			changed := map[string]string{}
			for name, value := range values {
				changed[name] = value
			}
			changed[key] = other
			text, err := json.Marshal(changed)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var values map[string]string
		if json.Unmarshal(text, &values) != nil {
			return
		}
		info, err := readInfo(func(key string) (string, error) {
			if values[key] == "" {
				return "", errMissing
			}
			return values[key], nil
		})
		if err != nil {
			return
		}
		for _, phone := range []float64{0, 1} {
			var a deepskin.Assessment
			info.state(&a, output{
				probabilities: []float64{0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.1}, phone: phone,
				grids: make([]float32, 7), rows: 1, columns: 1,
			})
			if !(a.Malignancy > 0 && a.Malignancy < 1) || a.Diagnosis == "" {
				t.Errorf("malignancy %v, diagnosis %q with %s", a.Malignancy, a.Diagnosis, text)
			}
		}
	})
}

// seedPhotos begins a search with the golden photos, each of which is of another kind, with halves of
// them, and with photos so small that a search gets far.
func seedPhotos(f *testing.F) {
	files, err := os.ReadDir(filepath.Join("testdata", "golden"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if photo := goldenFile(f, file.Name()); len(photo) < 25_000 && filepath.Ext(file.Name()) != ".json" {
			f.Add(photo)
			f.Add(photo[:len(photo)/2])
		}
	}
	colours, grey := image.NewRGBA(image.Rect(0, 0, 19, 17)), image.NewGray(image.Rect(0, 0, 9, 8))
	for i := range colours.Pix {
		colours.Pix[i] = uint8(i * i)
	}
	for _, m := range []image.Image{colours, grey} {
		var asJPEG, asPNG bytes.Buffer
		if err := errors.Join(jpeg.Encode(&asJPEG, m, nil), png.Encode(&asPNG, m)); err != nil {
			f.Fatal(err)
		}
		f.Add(asJPEG.Bytes())
		f.Add(asPNG.Bytes())
	}
}

func goldenFile(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// withEXIF puts EXIF data into a file of each format, as far as that is read for the orientation.
func withEXIF(tiff []byte) map[format][]byte {
	tiff = tiff[:min(len(tiff), 65_000)] // what fits into a segment
	segment := append([]byte("Exif\x00\x00"), tiff...)
	asJPEG := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xe1"), uint16(len(segment)+2))
	asJPEG = append(append(asJPEG, segment...), 0xff, 0xd9)

	chunk := append([]byte("eXIf"), tiff...)
	asPNG := append([]byte("\x89PNG\r\n\x1a\n"), "\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55"...)
	asPNG = append(binary.BigEndian.AppendUint32(asPNG, uint32(len(tiff))), chunk...)
	asPNG = binary.BigEndian.AppendUint32(asPNG, crc32.ChecksumIEEE(chunk))

	body := append([]byte("WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00EXIF"),
		binary.LittleEndian.AppendUint32(nil, uint32(len(tiff)))...)
	body = append(body, tiff...)
	body = append(body, make([]byte, len(tiff)%2)...)
	asWebP := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	return map[format][]byte{formatJPEG: asJPEG, formatPNG: asPNG, formatWebP: asWebP}
}
