//go:build cgo && turbojpeg

package classifier

/*
#cgo pkg-config: libturbojpeg
#include <turbojpeg.h>

// A photo is decoded in one call from Go, within which the library handles its own errors: no
// long jump of its ever crosses Go's stack. Any warning counts as an error. The size is that of
// the photo, so that it cannot differ from what was inspected.
static int decodePhoto(const unsigned char *photo, unsigned long length, int width, int height,
                       unsigned char *pixels, int reducedWidth, int reducedHeight) {
	tjhandle handle = tjInitDecompress();
	if (handle == NULL) return -1;
	int foundWidth, foundHeight, sampling, colours;
	int failed = tjDecompressHeader3(handle, photo, length, &foundWidth, &foundHeight, &sampling, &colours);
	if (!failed && (foundWidth != width || foundHeight != height)) failed = -1;
	if (!failed)
		failed = tjDecompress2(handle, photo, length, pixels, reducedWidth, 3 * reducedWidth, reducedHeight,
		                       TJPF_RGB, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS);
	tjDestroy(handle);
	return failed;
}

static int encodePhoto(const unsigned char *pixels, int width, int height, int quality,
                       unsigned char **photo, unsigned long *length) {
	tjhandle handle = tjInitCompress();
	if (handle == NULL) return -1;
	int failed = tjCompress2(handle, pixels, width, 3 * width, height, TJPF_RGB, photo, length,
	                         TJSAMP_420, quality, 0);
	tjDestroy(handle);
	return failed;
}
*/
import "C"

import (
	"errors"
	"image"
	"unsafe"
)

// turboDecode decodes a JPEG of this size into dst, which is an eighth, a quarter, half or all of
// it. It reports whether that went without the least fault; if not, the pixels are anything.
func turboDecode(dst picture, photo []byte, size image.Point) bool {
	return C.decodePhoto(bytePointer(photo), C.ulong(len(photo)), C.int(size.X), C.int(size.Y),
		bytePointer(dst.pix), C.int(dst.width), C.int(dst.height)) == 0
}

// encodePicture writes a JPEG without metadata.
func encodePicture(p picture) ([]byte, error) {
	var encoded *C.uchar
	var length C.ulong
	failed := C.encodePhoto(bytePointer(p.pix), C.int(p.width), C.int(p.height), jpegQuality, &encoded, &length)
	defer C.tjFree(encoded)
	if failed != 0 {
		return nil, errors.New("encode JPEG: libjpeg-turbo failed")
	}
	return C.GoBytes(unsafe.Pointer(encoded), C.int(length)), nil
}

func bytePointer(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }
