package classifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"deepskin"
)

// A Provider is who computes the model.
type Provider string

// The providers.
const (
	CPU  Provider = "cpu"
	CUDA Provider = "cuda"
	// Auto is CUDA where that works, else CPU. It is a wish: Info never says it.
	Auto Provider = "auto"
)

// Info is what a model file says of itself, and who runs it.
type Info struct {
	Version string `json:"version"`
	// Provider is the one that really serves.
	Provider Provider `json:"provider"`
	// Side is that of the square picture which the model sees, in pixels.
	Side int `json:"side"`
	// Labels are the diagnoses in the order of the model's output.
	Labels []deepskin.Diagnosis `json:"labels"`
	// Malignant are those of the labels that count as malignant.
	Malignant []deepskin.Diagnosis `json:"malignant"`
	// Thresholds are those for each kind of photo.
	Thresholds map[deepskin.Kind]Thresholds `json:"thresholds"`
	// Naming holds for each kind of photo a weight for each of the labels, in their order: the
	// stated diagnosis is the label with the greatest probability x weight.
	Naming map[deepskin.Kind][]float64 `json:"naming"`
	// Metrics are the figures that training measured on its test part, as JSON.
	Metrics json.RawMessage `json:"metrics"`
	// Measured is what else its evaluation found, for the dashboard, as JSON; nil in files from before
	// that was kept.
	Measured json.RawMessage `json:"measured,omitempty"`
	// Recipe is how the model was trained, as JSON.
	Recipe json.RawMessage `json:"recipe"`
	// DataSHA256 is the hash of the training data.
	DataSHA256 string `json:"data_sha256"`
	// Licence is the model's, which its training data bind.
	Licence string `json:"licence"`
}

// Thresholds say for one kind of photo where one label ends and the next begins.
type Thresholds struct {
	// Malignant is the least malignancy of a malignant label.
	Malignant float64 `json:"malignant"`
	// Benign is the malignancy below which the label is benign; between the two it is
	// inconclusive.
	Benign float64 `json:"benign"`
	// OOD is the greatest out-of-distribution score of what may be a lesion; any number.
	OOD float64 `json:"ood"`
	// Closer is the length of a lesion, as a share of the picture's side, below which the model
	// looks again at the part around it; 0 is never.
	Closer float64 `json:"closer"`
}

// UnmarshalJSON reads thresholds, all of which must be there: zero would mean something.
func (t *Thresholds) UnmarshalJSON(text []byte) error {
	var values map[string]float64
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	for name, value := range map[string]*float64{
		"malignant": &t.Malignant, "benign": &t.Benign, "ood": &t.OOD, "closer": &t.Closer,
	} {
		found, ok := values[name]
		if !ok {
			return fmt.Errorf("there is no %q", name)
		}
		*value = found
	}
	return nil
}

// readInfo takes a model's description out of its metadata, which lookup reads.
func readInfo(lookup func(key string) (string, error)) (Info, error) {
	var info Info
	texts := map[string]*string{
		"version": &info.Version, "data_sha256": &info.DataSHA256, "licence": &info.Licence,
	}
	for key, text := range texts {
		value, err := lookup(key)
		if err != nil {
			return Info{}, err
		}
		*text = value
	}
	values := map[string]any{
		"labels": &info.Labels, "malignant": &info.Malignant, "thresholds": &info.Thresholds,
		"naming": &info.Naming, "metrics": &info.Metrics, "recipe": &info.Recipe,
	}
	for key, value := range values {
		text, err := lookup(key)
		if err != nil {
			return Info{}, err
		}
		if err := json.Unmarshal([]byte(text), value); err != nil {
			return Info{}, fmt.Errorf("metadata %q: %w", key, err)
		}
	}
	measured, err := lookup("measured")
	if err != nil && !errors.Is(err, errMissing) {
		return Info{}, err
	}
	if measured != "" {
		info.Measured = json.RawMessage(measured)
	}
	return info, info.check()
}

// check finds contradictions in a model's description.
func (i Info) check() error {
	known := []deepskin.Diagnosis{
		deepskin.ActinicKeratosis, deepskin.BasalCellCarcinoma, deepskin.BenignKeratosis,
		deepskin.Dermatofibroma, deepskin.Melanoma, deepskin.MelanocyticNevus, deepskin.VascularLesion,
	}
	labels := slices.Sorted(slices.Values(i.Labels))
	if !slices.Equal(labels, known) { // known is in alphabetical order
		return fmt.Errorf("metadata \"labels\": want %v in some order, got %v", known, i.Labels)
	}
	malignant := slices.Compact(slices.Sorted(slices.Values(i.Malignant)))
	if len(malignant) == 0 || len(malignant) == len(known) || len(malignant) != len(i.Malignant) {
		return fmt.Errorf("metadata \"malignant\": want some of the labels, each once, got %v", i.Malignant)
	}
	for _, code := range malignant {
		if !slices.Contains(known, code) {
			return fmt.Errorf("metadata \"malignant\": %q is no label", code)
		}
	}
	for _, kind := range []deepskin.Kind{deepskin.Dermoscopy, deepskin.Phone} {
		t, ok := i.Thresholds[kind]
		switch {
		case !ok:
			return fmt.Errorf("metadata \"thresholds\": none for %s photos, want them by kind", kind)
		case t.Benign < 0 || t.Malignant < t.Benign || t.Malignant <= 0 || t.Malignant >= 1:
			return fmt.Errorf("metadata \"thresholds\": want 0 <= benign <= malignant and "+
				"0 < malignant < 1, for %s photos got %+v", kind, t)
		case t.Closer < 0 || t.Closer > 1:
			return fmt.Errorf("metadata \"thresholds\": want 0 <= closer <= 1, for %s photos got %v", kind, t.Closer)
		}
		weights := i.Naming[kind]
		if len(weights) != len(known) || slices.Min(weights) <= 0 {
			return fmt.Errorf("metadata \"naming\": want %d weights above 0, for %s photos got %v", len(known), kind, weights)
		}
	}
	return nil
}
