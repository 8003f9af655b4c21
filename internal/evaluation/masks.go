package evaluation

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/png" // what masks are saved as
	"slices"
	"strings"

	"deepskin"
)

// maskSuffix ends the names of HAM10000's masks, after that of the photo.
const maskSuffix = "_segmentation"

// Masks say where the lesions of photos lie.
type Masks struct {
	files *Files
	// names are the masks' files by the name of the photo.
	names map[string]string
}

// OpenMasks finds the masks of the set's photos below a folder or in a tar archive, as OpenFiles
// does: files that are called as the photo is, with or without _segmentation. It is an error if
// there is none. Close the masks when they are no longer needed.
func OpenMasks(path string, set *Set) (*Masks, error) {
	files, err := OpenFiles(path)
	if err != nil {
		return nil, fmt.Errorf("find masks: %w", err)
	}
	m := &Masks{files: files, names: map[string]string{}}
	for _, name := range files.Names() {
		m.names[strings.TrimSuffix(stem(name), maskSuffix)] = name
	}
	if !slices.ContainsFunc(set.Photos, func(p Photo) bool { return m.names[p.Name] != "" }) {
		return nil, errors.Join(errors.New("find masks: no photo has one: are these masks of other photos?"), files.Close())
	}
	return m, nil
}

// Close closes the masks' archive.
func (m *Masks) Close() error { return m.files.Close() }

// Explain holds an assessment, with its grid, to the mask of its photo, whose name is without
// folder and extension. Without a mask it returns nil.
func (m *Masks) Explain(photo string, a deepskin.Assessment) (*Explanation, error) {
	name := m.names[photo]
	if name == "" {
		return nil, nil
	}
	content, err := m.files.Read(name)
	if err != nil {
		return nil, err
	}
	mask, err := readMask(content)
	if err != nil {
		return nil, fmt.Errorf("read the mask %s: %w", name, err)
	}
	explanation := mask.explain(a)
	return &explanation, nil
}

// A mask says which pixels of a photo, enlarged or reduced, show the lesion.
type mask struct {
	width, height int
	lesion        []bool // row by row
}

// readMask decodes a picture that is bright on the lesion and dark around it.
func readMask(content []byte) (*mask, error) {
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	bounds := picture.Bounds()
	m := &mask{width: bounds.Dx(), height: bounds.Dy()}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			gray, _ := color.GrayModel.Convert(picture.At(x, y)).(color.Gray)
			m.lesion = append(m.lesion, gray.Y > 127)
		}
	}
	if m.box() == (deepskin.Box{}) {
		return nil, errors.New("it shows no lesion")
	}
	return m, nil
}

// box returns the smallest box around the lesion; zero if there is none.
func (m *mask) box() deepskin.Box {
	around := image.Rectangle{}
	for i, isLesion := range m.lesion {
		if isLesion {
			x, y := i%m.width, i/m.width
			around = around.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	return deepskin.Box{
		Left: float64(around.Min.X) / float64(m.width), Top: float64(around.Min.Y) / float64(m.height),
		Right: float64(around.Max.X) / float64(m.width), Bottom: float64(around.Max.Y) / float64(m.height),
	}
}
