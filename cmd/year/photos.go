package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"deepskin"
	"deepskin/internal/evaluation"
)

// The files of the training data that the year reads itself.
const (
	metadataFile = "HAM10000_metadata.csv"
	archiveFile  = "ham10000_200x150.tar"
)

const (
	quarters = 4
	// firstShare is how much of the training lesions the first model learns from.
	firstShare = 0.6
)

// A photo is an image of HAM10000 that somebody sends.
type photo struct {
	image, lesion string
	truth         deepskin.Diagnosis
	// said is what its sender says it shows, a lie in the poisoned quarter.
	said deepskin.Diagnosis
}

// position maps a name to a number in [0, 1) by a hash.
func position(name string) float64 {
	sum := sha256.Sum256([]byte(name))
	return float64(binary.BigEndian.Uint64(sum[:8])) / math.Exp2(64)
}

// quarterOf is when the photos of a lesion are sent, 1 to 4; 0 where they are not, because a model
// is trained, calibrated or tested on them from the start.
func quarterOf(lesion string) int {
	rest := position("year "+lesion) - firstShare
	if evaluation.SplitOf(lesion) != evaluation.Train || rest < 0 {
		return 0
	}
	return 1 + int(rest*quarters/(1-firstShare))
}

// divide reads HAM10000's metadata and returns the photos of the quarters, from 1, in the order of
// their lesions. It makes the folder from which models are trained: all data, but of HAM10000's
// metadata only what nobody sends.
func (y *year) divide() (sent [quarters + 1][]photo, err error) {
	file, err := os.Open(filepath.Join(y.data, metadataFile))
	if err != nil {
		return sent, fmt.Errorf("read HAM10000: %w", err)
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return sent, fmt.Errorf("read HAM10000: %w", err)
	}
	if len(table) == 0 || !slices.Equal(table[0][:3], []string{"lesion_id", "image_id", "dx"}) {
		return sent, errors.New("read HAM10000: the metadata begin with other columns")
	}
	kept := table[:1:1]
	for _, row := range table[1:] {
		if q := quarterOf(row[0]); q > 0 {
			sent[q] = append(sent[q], newPhoto(q, row))
		} else {
			kept = append(kept, row)
		}
	}
	for _, photos := range sent {
		slices.SortFunc(photos, func(a, b photo) int { return strings.Compare(a.lesion+a.image, b.lesion+b.image) })
	}
	return sent, y.makeData(kept)
}

// newPhoto makes one of a quarter from a row of HAM10000's metadata.
func newPhoto(quarter int, row []string) photo {
	p := photo{lesion: row[0], image: row[1], truth: deepskin.Diagnosis(row[2])}
	if p.said = p.truth; quarter == poisoned {
		p.said = opposite(p.truth)
	}
	return p
}

// opposite is a diagnosis on the other side.
func opposite(d deepskin.Diagnosis) deepskin.Diagnosis {
	if d.Malignant() {
		return deepskin.MelanocyticNevus
	}
	return deepskin.Melanoma
}

// makeData fills the folder that training reads.
func (y *year) makeData(metadata [][]string) error {
	folder := y.path("data")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the data of the first model: %w", err)
	}
	entries, err := os.ReadDir(y.data)
	if err != nil {
		return fmt.Errorf("make the data of the first model: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == metadataFile {
			continue
		}
		err := os.Symlink(filepath.Join(y.data, entry.Name()), filepath.Join(folder, entry.Name()))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make the data of the first model: %w", err)
		}
	}
	var text strings.Builder
	if err := csv.NewWriter(&text).WriteAll(metadata); err != nil {
		return fmt.Errorf("make the data of the first model: %w", err)
	}
	return replace(filepath.Join(folder, metadataFile), []byte(text.String()))
}

// An album are HAM10000's images by their IDs.
type album struct {
	files *evaluation.Files
	names map[string]string
}

func openAlbum(path string) (*album, error) {
	files, err := evaluation.OpenFiles(path)
	if err != nil {
		return nil, err
	}
	a := &album{files, map[string]string{}}
	for _, name := range files.Names() {
		base := filepath.Base(name)
		a.names[strings.TrimSuffix(base, filepath.Ext(base))] = name
	}
	return a, nil
}

func (a *album) read(image string) ([]byte, error) {
	name, ok := a.names[image]
	if !ok {
		return nil, fmt.Errorf("the archive has no %s", image)
	}
	return a.files.Read(name)
}
