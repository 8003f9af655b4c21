package classifier

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"

	"deepskin"
)

// decode decodes a photo whose header has been inspected, as it lies in the file. A file that
// decodes only in part is corrupt: nobody knows what the rest showed.
func decode(photo []byte, f format) (image.Image, deepskin.Problem) {
	var decoded image.Image
	var err error
	switch r := bytes.NewReader(photo); f {
	case formatJPEG:
		decoded, err = jpeg.Decode(r)
	case formatPNG:
		decoded, err = png.Decode(r)
	case formatWebP:
		decoded, err = webp.Decode(r)
	}
	if err != nil {
		return nil, problemOf(err)
	}
	if f == formatWebP {
		decoded = markStudio(decoded)
	}
	return decoded, ""
}

// orientation returns the EXIF orientation, 1 to 8; 1 where there is none or it is unreadable,
// for a photo shown as it lies is better than none.
func orientation(photo []byte, f format) int {
	formats := map[format]imagemeta.ImageFormat{
		formatJPEG: imagemeta.JPEG, formatPNG: imagemeta.PNG, formatWebP: imagemeta.WebP,
	}
	value := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(photo),
		ImageFormat: formats[f],
		Sources:     imagemeta.EXIF,
		// The tag stands in the first directory, which is short; the limits keep made-up
		// directories cheap. The library turns its own panics into errors.
		LimitNumTags: 500,
		LimitTagSize: 1000,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if v, ok := tag.Value.(uint16); ok && v >= 1 && v <= 8 {
				value = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1
	}
	return value
}
