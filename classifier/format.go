package classifier

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"deepskin"
)

// The limits of what is looked at.
const (
	maxBytes  = 20_000_000
	maxPixels = 50_000_000
)

// A file whose pixels are many but whose bytes are few holds no photo, but perhaps a trap: a PNG of 50
// megapixels that are all alike has 50 KB. Cameras, and all who compress what these take, stay below 30
// pixels a byte.
const (
	manyPixels       = 4_000_000
	maxPixelsPerByte = 250
)

type format int

const (
	formatJPEG format = iota + 1
	formatPNG
	formatWebP
)

// A header is what a file says of itself before anything is decoded.
type header struct {
	format format
	// size is that of the photo as it is stored, in pixels.
	size image.Point
	// components is how many a JPEG has, 0 in other formats.
	components int
	// memory is how many bytes decoding takes at most.
	memory int64
}

// rendering returns how many bytes the pixels take that are made of the whole photo.
func (h header) rendering(modelSide int) int64 {
	shrink := wholeShrink(h.size, modelSide)
	return 3 * int64(reduced(h.size.X, shrink)) * int64(reduced(h.size.Y, shrink))
}

// inspect reads the header of a photo, allocating next to nothing. The format is told from the
// content alone: names and media types are the sender's claims.
func inspect(photo []byte) (header, deepskin.Problem) {
	switch {
	case len(photo) == 0:
		return header{}, deepskin.Empty
	case len(photo) > maxBytes:
		return header{}, deepskin.TooManyBytes
	case isHEIC(photo):
		return header{}, deepskin.HEIC
	case bytes.HasPrefix(photo, []byte("\xff\xd8\xff")):
		return inspectJPEG(photo)
	case bytes.HasPrefix(photo, []byte("\x89PNG\r\n\x1a\n")):
		return inspectPNG(photo)
	case len(photo) >= 16 && string(photo[:4]) == "RIFF" && string(photo[8:12]) == "WEBP":
		return inspectWebP(photo)
	}
	return header{}, deepskin.UnknownFormat
}

// isHEIC reports whether the photo is an ISO media file of one of HEIC's brands.
func isHEIC(photo []byte) bool {
	if len(photo) < 12 || string(photo[4:8]) != "ftyp" {
		return false
	}
	switch string(photo[8:12]) {
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1":
		return true
	}
	return false
}

func inspectJPEG(photo []byte) (header, deepskin.Problem) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return header{}, problemOf(err)
	}
	frame, ok := readFrame(photo)
	if !ok || frame.scans > maxScans {
		return header{}, deepskin.Corrupt
	}
	found, problem := checkPixels(photo, config, header{format: formatJPEG, components: frame.components, memory: frame.memory()})
	if problem == "" && !frame.ends {
		problem = deepskin.Corrupt // the decoder would find out after all the rest
	}
	return found, problem
}

func inspectPNG(photo []byte) (header, deepskin.Problem) {
	config, err := png.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return header{}, problemOf(err)
	}
	// The IHDR chunk comes first: width at 16, height at 20, bit depth, colour type,
	// compression, filter, interlacing.
	depth, colour, interlaced := photo[24], photo[25], photo[28] != 0
	const paletted = 3
	perPixel := int64(4) // a transparent colour turns even grey into four channels
	switch {
	case depth == 16:
		perPixel = 8
	case colour == paletted:
		perPixel = 1
	}
	if interlaced {
		perPixel *= 2 // each pass is decoded on its own, then merged
	}
	return checkPixels(photo, config, header{format: formatPNG, memory: perPixel * pixels(config)})
}

func inspectWebP(photo []byte) (header, deepskin.Problem) {
	chunk := string(photo[12:16])
	const animated = 1 << 1
	if chunk == "VP8X" && len(photo) > 20 && photo[20]&animated != 0 {
		return header{}, deepskin.UnknownFormat
	}
	config, err := webp.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return header{}, problemOf(err)
	}
	memory := 2 * pixels(config) // luminance and subsampled chroma, in whole macroblocks
	if chunk != "VP8 " {
		// Lossless data, of a picture or of its alpha: pixels before and after a palette is
		// applied. Code tables come on top, about 2.7 KB for as little as 20 bits of the file,
		// at most 65,536 times.
		memory += 9*pixels(config) + min(int64(len(photo))*1100, 180<<20)
	}
	return checkPixels(photo, config, header{format: formatWebP, memory: memory})
}

func pixels(config image.Config) int64 { return int64(config.Width) * int64(config.Height) }

func checkPixels(photo []byte, config image.Config, found header) (header, deepskin.Problem) {
	switch {
	case config.Width <= 0 || config.Height <= 0:
		return header{}, deepskin.Corrupt
	case pixels(config) > maxPixels,
		pixels(config) > manyPixels && pixels(config) > maxPixelsPerByte*int64(len(photo)):
		return header{}, deepskin.TooManyPixels
	}
	found.size = image.Pt(config.Width, config.Height)
	return found, ""
}

// problemOf tells a damaged file from one that is whole but of a kind that Go cannot read.
func problemOf(err error) deepskin.Problem {
	var unsupportedJPEG jpeg.UnsupportedError
	var unsupportedPNG png.UnsupportedError
	if errors.As(err, &unsupportedJPEG) || errors.As(err, &unsupportedPNG) {
		return deepskin.UnknownFormat
	}
	return deepskin.Corrupt
}
