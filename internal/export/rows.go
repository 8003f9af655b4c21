package export

import (
	"maps"
	"slices"
	"time"

	"deepskin"
)

// The tables of an export, and the folders with the photos of two of them.
const (
	lesionFile    = "metadata.csv"
	noLesionFile  = "no_lesion.csv"
	withdrawnFile = "withdrawn.csv"
)

var photoFolders = map[string]string{lesionFile: "images", noLesionFile: "no_lesion"}

// headers are the columns of the tables. Those of lesions begin as HAM10000's.
var headers = map[string][]string{
	lesionFile: {
		"lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "source", "kind", "model", "date",
	},
	noLesionFile:  {"lesion_id", "image_id", "source", "kind", "model", "date"},
	withdrawnFile: {"image_id", "exported"},
}

// A row is one photo of the export.
type row struct {
	// table is the file that the row is in.
	table  string
	fields []string
	image  string
	// sample is zero in rows that were read from a folder.
	sample deepskin.Sample
}

func newRow(s deepskin.Sample) row {
	day := s.Decided.UTC().Format(time.DateOnly)
	r := row{table: lesionFile, image: s.Image, sample: s, fields: []string{
		s.Lesion, s.Image, string(s.Decision), "review", "", "", "", s.Platform, string(s.Kind), s.Model, day,
	}}
	if s.Decision == deepskin.DecisionNoLesion {
		r.table = noLesionFile
		r.fields = []string{s.Lesion, s.Image, s.Platform, string(s.Kind), s.Model, day}
	}
	return r
}

// file is where the row's photo is in the folder.
func (r row) file() string { return photoFolders[r.table] + "/" + r.image + ".jpg" }

func (r row) equal(other row) bool {
	return r.table == other.table && slices.Equal(r.fields, other.fields)
}

// rows are those of an export, by image.
type rows map[string]row

// images are the images of the rows, sorted.
func (r rows) images() []string { return slices.Sorted(maps.Keys(r)) }

// alsoIn returns the rows whose photos have the same place among others.
func (r rows) alsoIn(others rows) rows {
	both := rows{}
	for image, mine := range r {
		if other, there := others[image]; there && other.file() == mine.file() {
			both[image] = mine
		}
	}
	return both
}

// table returns the rows of a file below its header, sorted by image.
func (r rows) table(file string) [][]string {
	table := [][]string{headers[file]}
	for _, image := range r.images() {
		if r[image].table == file {
			table = append(table, r[image].fields)
		}
	}
	return table
}

func withdrawnTable(withdrawn []deepskin.Withdrawal) [][]string {
	table := [][]string{headers[withdrawnFile]}
	for _, w := range withdrawn {
		table = append(table, []string{w.Image, w.Exported.UTC().Format(time.DateOnly)})
	}
	return table
}
