package classifier

import (
	"bytes"
	"encoding/binary"
)

// maxScans is how many scans a JPEG may have. Encoders write about ten; each one goes over all of
// the photo, so that a small file with thousands of them would take minutes.
const maxScans = 100

// A jpegFrame is what counts of a JPEG's frame header, and of what follows it.
type jpegFrame struct {
	// pixels is how many the photo has, samples how many its components have together, with the
	// padding that completes the last blocks.
	pixels, samples int64
	components      int
	progressive     bool
	// plain says that the components may be ready red, green and blue.
	plain bool
	scans int
	// ends says that there is an end after the header, without which no decoder takes the photo for whole.
	ends bool
}

// readFrame finds the frame header as Go's decoder does, which keeps to itself what counts:
// sampling and progression.
func readFrame(photo []byte) (jpegFrame, bool) {
	jfif := false
	for rest := photo[2:]; ; {
		start := bytes.IndexByte(rest, 0xff)
		if start < 0 {
			return jpegFrame{}, false
		}
		rest = rest[start:]
		for len(rest) > 0 && rest[0] == 0xff { // any number of these may precede a marker
			rest = rest[1:]
		}
		if len(rest) < 3 {
			return jpegFrame{}, false
		}
		marker := rest[0]
		if marker == 0 || (marker >= 0xd0 && marker <= 0xd7) { // stuffing, restart
			rest = rest[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[1:3]))
		if length < 2 || len(rest) < 1+length {
			return jpegFrame{}, false
		}
		segment := rest[3 : 1+length]
		rest = rest[1+length:]
		if marker >= 0xc0 && marker <= 0xc2 {
			f, ok := parseFrame(segment)
			f.progressive, f.plain = marker == 0xc2, !jfif
			f.scans = countScans(rest, f.components, f.progressive)
			f.ends = bytes.LastIndex(rest, []byte{0xff, 0xd9}) >= 0
			return f, ok
		}
		jfif = jfif || marker == 0xe0 && bytes.HasPrefix(segment, []byte("JFIF\x00"))
	}
}

func parseFrame(segment []byte) (jpegFrame, bool) {
	if len(segment) < 6 || len(segment) < 6+3*int(segment[5]) {
		return jpegFrame{}, false
	}
	height := int64(binary.BigEndian.Uint16(segment[1:3]))
	width := int64(binary.BigEndian.Uint16(segment[3:5]))
	components := int(segment[5])
	var most, sum int64
	for i := range components {
		sampling := segment[7+3*i]
		area := int64(sampling>>4) * int64(sampling&15)
		most, sum = max(most, area), sum+area
	}
	if most == 0 {
		return jpegFrame{}, false
	}
	// Up to 31 pixels of padding complete the last blocks.
	return jpegFrame{
		pixels: width * height, samples: (width + 31) * (height + 31) * sum / most, components: components,
	}, true
}

// memory returns how many bytes decoding takes, with Go's decoder or with libjpeg-turbo, whichever
// takes more.
func (f jpegFrame) memory() int64 {
	inGo, turbo := f.samples, 3*f.pixels // in full, for a part that is looked at closer
	if f.progressive {
		inGo += 4 * f.samples // coefficients are kept between scans
	}
	if f.components == 4 || f.components == 3 && f.plain {
		inGo += 4 * f.pixels // CMYK, and what may be plain RGB, is copied once more
	}
	if f.progressive || f.scans > 1 {
		turbo += 2 * f.samples
	}
	return max(inGo, turbo)
}

// countScans returns how many scans there are in what follows the frame header of a JPEG. Where the
// first scan brings a sequential photo whole, that is all there is.
func countScans(rest []byte, components int, progressive bool) int {
	scans := 0
	for {
		start := bytes.IndexByte(rest, 0xff)
		if start < 0 || start+3 >= len(rest) {
			return scans
		}
		marker := rest[start+1]
		rest = rest[start+1:]
		switch {
		case marker == 0xd9: // the end
			return scans
		case marker == 0xff, marker <= 0x01, marker >= 0xd0 && marker <= 0xd7: // not a segment
			continue
		case marker == 0xda:
			scans++
			if len(rest) > 3 && !progressive && int(rest[3]) == components {
				return scans
			}
		}
		length := int(binary.BigEndian.Uint16(rest[1:3]))
		if 1+length > len(rest) {
			return scans
		}
		rest = rest[1+length:]
	}
}
