//go:build !cgo || !turbojpeg

package classifier

import "image"

// turboDecode reports that there is no libjpeg-turbo in this build: Go's decoder does it all.
func turboDecode(picture, []byte, image.Point) bool { return false }

// encodePicture writes a JPEG without metadata.
func encodePicture(p picture) ([]byte, error) { return encodeJPEG(p.toNRGBA()) }
