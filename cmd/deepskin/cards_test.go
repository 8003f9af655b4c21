package main

import (
	"encoding/json"
	"testing"

	"deepskin"
	"deepskin/classifier"
)

func TestCardSaysWhatTheModelsFileSays(t *testing.T) {
	info := classifier.Info{
		Version: "m1", Licence: "free",
		Thresholds: map[deepskin.Kind]classifier.Thresholds{deepskin.Phone: {Malignant: 0.25}},
		Metrics:    json.RawMessage(`{"phone": {"malignant_auc": [0.9, 0.8, 0.95]}}`),
		Measured:   json.RawMessage(`{"phone": {"roc": [[0, 0], [1, 1]], "distributions": {"ood": [1, 2]}}}`),
	}
	card, err := cardOf(info)
	if err != nil || card.Version != "m1" || card.Thresholds[deepskin.Phone] != 0.25 || card.Figures["phone"]["malignant_auc"][2] != 0.95 ||
		len(card.Measured["phone"].ROC) != 2 || card.Measured["phone"].Distributions["ood"].Total() != 3 {
		t.Errorf("cardOf = %+v, %v", card, err)
	}
	info.Measured = nil // as in files from before it was kept
	if card, err := cardOf(info); err != nil || card.Measured != nil {
		t.Errorf("without measurements: %+v, %v", card, err)
	}
	for _, wrong := range []*json.RawMessage{&info.Metrics, &info.Measured} {
		*wrong = json.RawMessage(`"nonsense"`)
		if _, err := cardOf(info); err == nil {
			t.Error("nonsense is no error")
		}
		*wrong = json.RawMessage(`{}`)
	}
}
