package evaluation

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"deepskin"
)

// The columns that are understood, by any of their names in public data sets.
var (
	imageColumns     = []string{"image_id", "image", "file", "img_id"}
	diagnosisColumns = []string{"dx", "diagnosis", "diagnostic"}
	clusterColumns   = []string{"patient_id", "lesion_id"}
)

const (
	malignantColumn = "malignant"
	cancerColumn    = "cancer"
	ageColumn       = "age"
)

// codes are the diagnoses of PAD-UFES-20, as HAM10000 names them.
var codes = map[string]deepskin.Diagnosis{
	"ack": deepskin.ActinicKeratosis, "scc": deepskin.ActinicKeratosis, "bcc": deepskin.BasalCellCarcinoma,
	"mel": deepskin.Melanoma, "nev": deepskin.MelanocyticNevus, "sek": deepskin.BenignKeratosis,
}

// Labels are the truths of photos, by name.
type Labels struct {
	truths map[string]*Truth
	splits map[string]string
	// cluster is the column that clusters come from; empty for none.
	cluster string
	columns []string
}

// A layout says where in a row what is found; -1 for nowhere.
type layout struct {
	image, diagnosis, malignant, cancer, cluster, split int
	groups                                              []int
}

// ReadLabels reads a CSV file with one row for each photo, by the names in its header: image_id,
// image, file or img_id; dx, diagnosis or diagnostic (codes of HAM10000 or PAD-UFES-20) and
// malignant (1 or 0), at least one of them; cancer (1 or 0), if there is one. Without a column
// malignant, the given diagnoses are. All other columns are groups, except those that end in _id.
//
// cluster names the column whose photos belong together; empty means patient_id, or else
// lesion_id, or else that each photo stands alone.
func ReadLabels(r io.Reader, malignant []deepskin.Diagnosis, cluster string) (*Labels, error) {
	header, rows, err := readTable(r)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	place, err := findColumns(header, cluster)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	labels := &Labels{truths: map[string]*Truth{}, splits: map[string]string{}}
	if place.cluster >= 0 {
		labels.cluster = header[place.cluster]
	}
	for _, c := range place.groups {
		labels.columns = append(labels.columns, header[c])
	}
	for i, row := range rows {
		name := stem(row[place.image])
		if labels.truths[name] != nil {
			return nil, fmt.Errorf("read labels: row %d: %s has a label already", i+2, name)
		}
		truth, err := place.truth(header, row, malignant)
		if err != nil {
			return nil, fmt.Errorf("read labels: row %d: %w", i+2, err)
		}
		labels.truths[name], labels.splits[name] = truth, name
		if place.cluster < 0 {
			truth.Cluster = name
		}
		if place.split >= 0 {
			labels.splits[name] = row[place.split]
		}
	}
	return labels, nil
}

// readTable reads a CSV file with a header.
func readTable(r io.Reader) (header []string, rows [][]string, err error) {
	rows, err = csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	if len(rows) < 2 {
		return nil, nil, errors.New("want a header and a row for each photo")
	}
	header = rows[0]
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // as spreadsheets write it
	return header, rows[1:], nil
}

func findColumns(header []string, cluster string) (layout, error) {
	find := func(names ...string) int {
		for _, name := range names {
			if i := slices.Index(header, name); i >= 0 {
				return i
			}
		}
		return -1
	}
	place := layout{
		image: find(imageColumns...), diagnosis: find(diagnosisColumns...),
		malignant: find(malignantColumn), cancer: find(cancerColumn),
		cluster: find(clusterColumns...), split: find(clusterColumns...),
	}
	if place.image < 0 {
		return layout{}, fmt.Errorf("no column names the photos: want one of %v", imageColumns)
	}
	if place.diagnosis < 0 && place.malignant < 0 {
		return layout{}, fmt.Errorf("no column says what is true: want one of %v, or %s", diagnosisColumns, malignantColumn)
	}
	if cluster != "" {
		if place.cluster = find(cluster); place.cluster < 0 {
			return layout{}, fmt.Errorf("no column %q", cluster)
		}
	}
	for i, name := range header {
		taken := []int{place.image, place.malignant, place.cancer, place.cluster}
		if !slices.Contains(taken, i) && !slices.Contains(imageColumns, name) && !strings.HasSuffix(name, "_id") {
			place.groups = append(place.groups, i)
		}
	}
	return place, nil
}

func (place layout) truth(header, row []string, malignant []deepskin.Diagnosis) (*Truth, error) {
	truth := &Truth{}
	var err error
	if place.diagnosis >= 0 {
		if truth.Diagnosis, err = parseDiagnosis(row[place.diagnosis]); err != nil {
			return nil, err
		}
		truth.Malignant = slices.Contains(malignant, truth.Diagnosis)
	}
	if place.malignant >= 0 {
		if truth.Malignant, err = parseFlag(header[place.malignant], row[place.malignant]); err != nil {
			return nil, err
		}
	}
	if place.cancer >= 0 {
		cancer, err := parseFlag(header[place.cancer], row[place.cancer])
		if err != nil {
			return nil, err
		}
		truth.Cancer = &cancer
	}
	if place.cluster >= 0 {
		truth.Cluster = row[place.cluster]
	}
	for _, c := range place.groups {
		value := groupValue(header[c], row[c])
		if c == place.diagnosis {
			value = string(truth.Diagnosis)
		}
		truth.Groups = append(truth.Groups, value)
	}
	return truth, nil
}

func parseDiagnosis(text string) (deepskin.Diagnosis, error) {
	code := strings.ToLower(strings.TrimSpace(text))
	if slices.Contains(diagnoses, deepskin.Diagnosis(code)) {
		return deepskin.Diagnosis(code), nil
	}
	if diagnosis, ok := codes[code]; ok {
		return diagnosis, nil
	}
	return "", fmt.Errorf("unknown diagnosis %q", text)
}

func parseFlag(column, text string) (bool, error) {
	switch text {
	case "0":
		return false, nil
	case "1":
		return true, nil
	}
	return false, fmt.Errorf("column %s: want 0 or 1, got %q", column, text)
}

// groupValue puts ages into decades and writes whole numbers without a point.
func groupValue(column, text string) string {
	text = strings.TrimSpace(text)
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return notStated
	case err != nil:
		return text
	case column == ageColumn:
		decade := 10 * int(number/10)
		return fmt.Sprintf("%d to %d", decade, decade+9)
	default:
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
}
