package bot

import (
	_ "embed"
	"slices"
	"unicode/utf16"

	"deepskin"
)

// The drawing is guide.svg, turned into a JPEG by 'go generate ./bot' with Chromium.
//
//go:generate go run deepskin/internal/guide guide.svg guide.jpg

//go:embed guide.jpg
var guide []byte

// Guide is a drawing, without words, of how to take a good photo: a JPEG. Nobody changes it.
func Guide() []byte { return guide }

// captionLength is how many UTF-16 units stand below a picture on Telegram, which has the least room.
const captionLength = 1024

// mended are the problems that a better photo does not have; the others are with the file.
var mended = []deepskin.Problem{
	deepskin.TooSmall, deepskin.TooDark, deepskin.TooBright, deepskin.Blurred, deepskin.NotALesion,
}

// guided adds the drawing to a reply about photos, unless the words leave no room for it: they say it all.
func guided(r Reply) Reply {
	if len(utf16.Encode([]rune(r.Title+"\n\n"+r.Text))) <= captionLength {
		r.Picture = guide
	}
	return r
}

// helped reports whether the drawing helps to mend one of the problems.
func helped(problems []deepskin.Problem) bool {
	return slices.ContainsFunc(problems, func(p deepskin.Problem) bool { return slices.Contains(mended, p) })
}
