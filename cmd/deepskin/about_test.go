package main

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/bot"
	"deepskin/classifier"
)

// What the bot tells of the model is what the model says of itself.
func TestAboutTheModel(t *testing.T) {
	s, err := readSettings(environ(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	model, err := s.classifier(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	info := model.Info()
	about, err := aboutModel(info)
	if err != nil {
		t.Fatal(err)
	}
	if about.Version == "" || about.Version != info.Version || !strings.Contains(about.Source, "HAM10000") {
		t.Errorf("about = %+v", about)
	}
	for _, kind := range []deepskin.Kind{deepskin.Dermoscopy, deepskin.Phone} {
		for name, f := range map[string]bot.Figure{
			"sensitivity": about.Figures[kind].Sensitivity, "specificity": about.Figures[kind].Specificity, "AUC": about.Figures[kind].AUC,
		} {
			if !(0 < f.Low && f.Low <= f.Value && f.Value <= f.High && f.High <= 1) {
				t.Errorf("the %s on %s photos is %+v", name, kind, f)
			}
		}
	}
	// The bars are marked by a process that may not know the model.
	for _, d := range deepskin.Diagnoses {
		if got, want := d.Malignant(), slices.Contains(info.Malignant, d); got != want {
			t.Errorf("%s counts as malignant: %v, the model says %v", d, got, want)
		}
	}
}

func TestAboutAModelWithoutFigures(t *testing.T) {
	about, err := aboutModel(classifier.Info{Metrics: json.RawMessage(`{"phone": {"sensitivity": [0.9, 0.8, 1]}, "not_skin": {}}`)})
	if err != nil || len(about.Figures) != 0 {
		t.Errorf("about = %+v, %v; want no figures where one is missing", about, err)
	}
	if _, err := aboutModel(classifier.Info{Metrics: json.RawMessage(`{"phone": 1}`)}); err == nil {
		t.Error("figures that are none are no error")
	}
}

func TestRetentionThatWouldLosePhotosInProgressIsRefused(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"an hour":          {"DEEPSKIN_RETENTION": "1h"},
		"nothing":          {"DEEPSKIN_RETENTION": "0"},
		"negative":         {"DEEPSKIN_PHOTO_RETENTION": "-1h"},
		"unknown language": {"DEEPSKIN_TEAM_LANGUAGE": "tlh"},
	} {
		if _, err := readSettings(change); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
