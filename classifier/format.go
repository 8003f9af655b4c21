package classifier

import (
	"bytes"
	"encoding/binary"
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

type format int

const (
	formatJPEG format = iota + 1
	formatPNG
	formatWebP
)

// A header is what a file says of itself before anything is decoded.
type header struct {
	format format
	// memory is how many bytes decoding takes at most.
	memory int64
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
	memory, ok := jpegMemory(photo)
	if !ok {
		return header{}, deepskin.Corrupt
	}
	return checkPixels(config, header{formatJPEG, memory})
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
	return checkPixels(config, header{formatPNG, perPixel * pixels(config)})
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
	return checkPixels(config, header{formatWebP, memory})
}

func pixels(config image.Config) int64 { return int64(config.Width) * int64(config.Height) }

func checkPixels(config image.Config, found header) (header, deepskin.Problem) {
	switch {
	case config.Width <= 0 || config.Height <= 0:
		return header{}, deepskin.Corrupt
	case pixels(config) > maxPixels:
		return header{}, deepskin.TooManyPixels
	}
	return found, ""
}

// jpegMemory returns how many bytes Go's decoder takes for a JPEG. It finds the frame header
// as that decoder does, which keeps to itself what counts: sampling and progression.
func jpegMemory(photo []byte) (int64, bool) {
	jfif := false
	for rest := photo[2:]; ; {
		start := bytes.IndexByte(rest, 0xff)
		if start < 0 {
			return 0, false
		}
		rest = rest[start:]
		for len(rest) > 0 && rest[0] == 0xff { // any number of these may precede a marker
			rest = rest[1:]
		}
		if len(rest) < 3 {
			return 0, false
		}
		marker := rest[0]
		if marker == 0 || (marker >= 0xd0 && marker <= 0xd7) { // stuffing, restart
			rest = rest[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[1:3]))
		if length < 2 || len(rest) < 1+length {
			return 0, false
		}
		segment := rest[3 : 1+length]
		if marker >= 0xc0 && marker <= 0xc2 {
			return frameMemory(segment, marker == 0xc2, jfif)
		}
		jfif = jfif || marker == 0xe0 && bytes.HasPrefix(segment, []byte("JFIF\x00"))
		rest = rest[1+length:]
	}
}

// frameMemory adds up what the samples of a JPEG's frame take once decoded.
func frameMemory(frame []byte, progressive, jfif bool) (int64, bool) {
	if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) {
		return 0, false
	}
	height := int64(binary.BigEndian.Uint16(frame[1:3]))
	width := int64(binary.BigEndian.Uint16(frame[3:5]))
	components := int64(frame[5])
	var most, sum int64
	for i := range components {
		sampling := frame[7+3*i]
		area := int64(sampling>>4) * int64(sampling&15)
		most, sum = max(most, area), sum+area
	}
	if most == 0 {
		return 0, false
	}
	// Up to 31 pixels of padding complete the last blocks.
	samples := (width + 31) * (height + 31) * sum / most
	memory := samples
	if progressive {
		memory += 4 * samples // coefficients are kept between scans
	}
	if components == 4 || components == 3 && !jfif {
		memory += 4 * width * height // CMYK, and what may be plain RGB, is copied once more
	}
	return memory, true
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
