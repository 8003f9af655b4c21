package evaluation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"deepskin"
	"deepskin/internal/watch"
)

// A Report is the outcome of an evaluation. Its JSON is the same, byte for byte, whenever the
// same model judges the same photos on the same kind of machine, but for Speed; curves are only on
// the page. Names of fields and figures do not change.
type Report struct {
	Model Model `json:"model"`
	Data  Data  `json:"data"`
	// Rounds is how many bootstrap rounds the intervals come from.
	Rounds int `json:"rounds"`
	// Figures are those that the data allow; what is not defined, such as an AUC where all
	// photos are of one kind, is left out.
	Figures []Figure `json:"figures"`
	// Bars are the required figures; empty unless Compare was called.
	Bars []Result `json:"bars,omitempty"`
	// Against is nil unless the model was compared with another one.
	Against *Comparison `json:"against,omitempty"`
	// Labels counts the photos by what the user is told: benign, malignant, inconclusive (not
	// refused, but between the thresholds) and refused.
	Labels map[string]int `json:"labels"`
	// Refusals counts the refused photos by problem; a photo with two problems counts twice.
	Refusals map[deepskin.Problem]int `json:"refusals"`
	// Confusion is nil unless diagnoses are known.
	Confusion *Confusion `json:"confusion,omitempty"`
	// Reliability holds the bins of the calibration error, from the lowest malignancy; empty
	// unless the truth is known.
	Reliability []Bin `json:"reliability,omitempty"`
	// Groups are the groups of at least 20 photos, by column.
	Groups []Group `json:"groups,omitempty"`
	// Speed is how long the assessments took, while others ran beside them.
	Speed Speed `json:"speed"`
	// Curve is the ROC curve with fewer points, and Distributions are those of the features that are
	// watched, by name, of the photos that the model took for the set's kind: what the service is
	// compared with later.
	Curve         [][2]float64               `json:"roc,omitempty"`
	Distributions map[string]watch.Histogram `json:"distributions,omitempty"`

	// ROC leads from (0, 0) to (1, 1): X is 1 - specificity, Y sensitivity, of the malignancy.
	ROC []Point `json:"-"`
	// PrecisionRecall holds sensitivities as X and precisions as Y, of the malignancy.
	PrecisionRecall []Point `json:"-"`
	// Malignancies counts benign and malignant photos by malignancy.
	Malignancies Histogram `json:"-"`
	// Kinds counts dermoscopy and phone photos by the probability of a phone photo; empty unless
	// it is known what the photos are.
	Kinds Histogram `json:"-"`
}

// Model says what was measured.
type Model struct {
	Version string `json:"version"`
	// DataSHA256 is the hash of the data that the model was trained on.
	DataSHA256 string `json:"data_sha256"`
	// Malignant and Benign are the thresholds on the malignancy.
	Malignant float64 `json:"malignant_threshold"`
	Benign    float64 `json:"benign_threshold"`
}

// Data says what it was measured on.
type Data struct {
	// Kind is how the photos were taken, if the caller said so.
	Kind deepskin.Kind `json:"kind,omitempty"`
	// Split is test, validation, train, all or unfitted.
	Split  string `json:"split"`
	Photos int    `json:"photos"`
	// Others is how many photos of the other kind they were told from.
	Others int `json:"others,omitempty"`
	// Cluster is the column whose values were resampled as a whole; empty where each photo was.
	Cluster string `json:"cluster,omitempty"`
	// Clusters is how many different values that column has among the photos.
	Clusters int `json:"clusters"`
	// Malignant and Cancers count photos; cancers are the malignant ones where the labels do
	// not say more.
	Malignant int `json:"malignant"`
	Cancers   int `json:"cancers"`
	// LabelsWithoutPhoto and PhotosWithoutLabel count what could not be used, in any split.
	LabelsWithoutPhoto int `json:"labels_without_photo"`
	PhotosWithoutLabel int `json:"photos_without_label"`
	// NamesSHA256 is the SHA-256 of the photos' names, sorted and joined by line feeds.
	NamesSHA256 string `json:"names_sha256"`
}

// A Figure is one measured number.
type Figure struct {
	Name string `json:"name"`
	// Title is the name in words.
	Title string  `json:"title"`
	Value float64 `json:"value"`
	// Low and High are the ends of the 95% interval.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Photos is how many the figure was computed from: of a sensitivity, say, the malignant
	// ones that were not refused.
	Photos int `json:"photos"`
}

// Confusion counts photos by true and stated diagnosis, refused ones included. The stated one is
// what the classifier names, or else the likeliest.
type Confusion struct {
	Diagnoses []deepskin.Diagnosis `json:"diagnoses"`
	// Counts has a row for each true diagnosis and a column for each stated one.
	Counts [][]int `json:"counts"`
}

// A Bin holds photos of similar malignancy.
type Bin struct {
	Photos int `json:"photos"`
	// Stated is the mean malignancy, Observed the share that was malignant.
	Stated   float64 `json:"stated"`
	Observed float64 `json:"observed"`
	// Low and High are the ends of Wilson's 95% interval of Observed.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Group is the photos with one value in one column.
type Group struct {
	Column string `json:"column"`
	// Value is an age in decades, or "not stated".
	Value     string `json:"value"`
	Photos    int    `json:"photos"`
	Malignant int    `json:"malignant"`
	// Figures are malignant_auc, sensitivity, specificity and refused, where at least 10 photos
	// of each kind that they compare stand behind them.
	Figures []Figure `json:"figures"`
}

// Figure returns the group's figure of that name, and whether it is defined.
func (g Group) Figure(name string) (Figure, bool) { return find(g.Figures, name) }

// A Point is one of a curve.
type Point struct{ X, Y float64 }

// A Histogram counts photos of two classes in equally wide bins from 0 to 1.
type Histogram struct{ First, Second [20]int }

func (h *Histogram) add(value float64, second bool) {
	counts := &h.First
	if second {
		counts = &h.Second
	}
	counts[min(int(value*float64(len(counts))), len(counts)-1)]++
}

// Speed is milliseconds for a photo.
type Speed struct {
	Median float64 `json:"median_ms"`
	P95    float64 `json:"p95_ms"`
}

// Figure returns the figure of that name, and whether it is defined.
func (r *Report) Figure(name string) (Figure, bool) { return find(r.Figures, name) }

func find(figures []Figure, name string) (Figure, bool) {
	i := slices.IndexFunc(figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		return Figure{}, false
	}
	return figures[i], true
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if _, err := w.Write(append(content, '\n')); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// count fills in what is merely counted.
func (r *Report) count(s *Set) {
	r.Labels = map[string]int{
		string(deepskin.Benign): 0, string(deepskin.Malignant): 0, string(deepskin.Inconclusive): 0, refusedLabel: 0,
	}
	r.Refusals = map[deepskin.Problem]int{}
	times := make([]float64, len(s.Photos))
	for i, p := range s.Photos {
		times[i] = p.Assessment.Millis
		label := string(p.Assessment.Label)
		if p.Assessment.Refused() {
			label = refusedLabel
		}
		r.Labels[label]++
		for _, problem := range p.Assessment.Problems {
			r.Refusals[problem]++
		}
	}
	slices.Sort(times)
	r.Speed = Speed{Median: quantile(times, 0.5), P95: quantile(times, 0.95)}
}

const refusedLabel = "refused"

// problems returns the problems that were met, the most frequent first.
func (r *Report) problems() []deepskin.Problem {
	return slices.SortedFunc(maps.Keys(r.Refusals), func(a, b deepskin.Problem) int {
		return cmp.Or(cmp.Compare(r.Refusals[b], r.Refusals[a]), cmp.Compare(a, b))
	})
}

// draw fills in the curves, the bins and the confusion matrix.
func (r *Report) draw(s *Set, rows []int) {
	if !s.labelled() {
		return
	}
	once := ones(len(s.Photos))
	byMalignancy := rankByMalignancy(s.Photos, rows)
	r.ROC = byMalignancy.roc(once)
	r.PrecisionRecall = byMalignancy.precisionRecall(once)
	for _, b := range byMalignancy.bins(once) {
		r.Reliability = append(r.Reliability, b.describe())
	}
	for _, p := range s.Photos {
		if p.Assessment.Diagnoses != nil {
			r.Malignancies.add(p.Assessment.Malignancy, p.Truth.Malignant)
		}
	}
	if d := diagnosed(s.Photos, rows); len(d.rows) > 0 {
		r.Confusion = &Confusion{Diagnoses: diagnoses, Counts: d.confusion(once)}
	}
}

func ones(n int) []int {
	weights := make([]int, n)
	for i := range weights {
		weights[i] = 1
	}
	return weights
}
