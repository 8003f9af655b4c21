package main

import (
	"encoding/json"
	"fmt"

	"deepskin"
	"deepskin/bot"
	"deepskin/classifier"
)

// figure is [value, low, high] in a model's metadata.
type figure [3]float64

func (f figure) told() bot.Figure { return bot.Figure{Value: f[0], Low: f[1], High: f[2]} }

// aboutModel is what the bot tells of the model that this process runs.
func aboutModel(info classifier.Info) (bot.About, error) {
	var measured map[deepskin.Kind]struct {
		Sensitivity *figure `json:"sensitivity"`
		Specificity *figure `json:"specificity"`
		AUC         *figure `json:"malignant_auc"`
	}
	if err := json.Unmarshal(info.Metrics, &measured); err != nil {
		return bot.About{}, fmt.Errorf("read the model's figures: %w", err)
	}
	about := bot.About{Version: info.Version, Source: info.Licence, Figures: map[deepskin.Kind]bot.Figures{}}
	for _, kind := range []deepskin.Kind{deepskin.Dermoscopy, deepskin.Phone} {
		m := measured[kind]
		if m.Sensitivity == nil || m.Specificity == nil || m.AUC == nil {
			continue // not measured on this kind
		}
		about.Figures[kind] = bot.Figures{
			Sensitivity: m.Sensitivity.told(), Specificity: m.Specificity.told(), AUC: m.AUC.told(),
		}
	}
	return about, nil
}
