package classifier

import (
	"encoding/json"
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
	Malignant  []deepskin.Diagnosis `json:"malignant"`
	Thresholds Thresholds           `json:"thresholds"`
	// Metrics are the figures that training measured on its test part, as JSON.
	Metrics json.RawMessage `json:"metrics"`
	// Recipe is how the model was trained, as JSON.
	Recipe json.RawMessage `json:"recipe"`
	// DataSHA256 is the hash of the training data.
	DataSHA256 string `json:"data_sha256"`
	// Licence is the model's, which its training data bind.
	Licence string `json:"licence"`
}

// Thresholds say where one label ends and the next begins.
type Thresholds struct {
	// Malignant is the least malignancy of a malignant label.
	Malignant float64 `json:"malignant"`
	// Benign is the malignancy below which the label is benign; between the two it is
	// inconclusive.
	Benign float64 `json:"benign"`
	// OOD is the greatest out-of-distribution score of what may be a lesion.
	OOD float64 `json:"ood"`
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
		"metrics": &info.Metrics, "recipe": &info.Recipe,
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
	t := i.Thresholds
	if t.Benign < 0 || t.Malignant < t.Benign || t.Malignant <= 0 || t.Malignant >= 1 || t.OOD <= 0 {
		return fmt.Errorf("metadata \"thresholds\": want 0 <= benign <= malignant, 0 < malignant < 1 and ood > 0, got %+v", t)
	}
	return nil
}
