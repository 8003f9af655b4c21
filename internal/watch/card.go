package watch

import (
	"encoding/json"
	"fmt"

	"deepskin"
)

// A Card is what is known of a model: workers, which have its file, publish it for those that watch.
type Card struct {
	Version string `json:"version"`
	Licence string `json:"licence"`
	// Thresholds are, by kind of photo, the malignancy from which the label is malignant.
	Thresholds map[deepskin.Kind]float64 `json:"thresholds"`
	// Figures are those that were measured on photos that the model had not seen: by set of photos
	// and name a value and the bounds of its 95% interval.
	Figures map[string]map[string][3]float64 `json:"figures"`
	// Measured is what else was measured there, by set of photos; empty in models from before it was
	// kept.
	Measured map[string]Measured `json:"measured,omitempty"`
}

// Measured is what a test set says of a model beyond figures.
type Measured struct {
	// ROC leads from (0, 0) to (1, 1): pairs of 1 - specificity and sensitivity.
	ROC [][2]float64 `json:"roc,omitempty"`
	// Reliability holds bins from the lowest malignancy.
	Reliability []Bin `json:"reliability,omitempty"`
	// Distributions are those of the features, by name; of photos that the model took for the set's
	// kind.
	Distributions map[string]Histogram `json:"distributions,omitempty"`
}

// A Bin holds photos of similar malignancy.
type Bin struct {
	Photos int `json:"photos"`
	// Stated is the mean malignancy, Observed the share that was malignant.
	Stated   float64 `json:"stated"`
	Observed float64 `json:"observed"`
	// Low and High are the ends of the 95% interval of Observed.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// ReadCard reads a card from JSON. It is an error where it does not say of which model it is.
func ReadCard(text []byte) (Card, error) {
	var c Card
	if err := json.Unmarshal(text, &c); err != nil {
		return Card{}, fmt.Errorf("read a model's card: %w", err)
	}
	if c.Version == "" {
		return Card{}, fmt.Errorf("read a model's card: it has no version")
	}
	return c, nil
}
