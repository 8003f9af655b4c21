package main

import (
	"deepskin"
	"deepskin/bot"
	"deepskin/classifier"
)

// aboutModel is what the bot tells people of the model: the figures that training left in it. With an
// error, it is all but the figures.
func aboutModel(info classifier.Info) (bot.About, error) {
	about := bot.About{
		Version: info.Version, Source: info.Licence, Figures: map[deepskin.Kind]bot.Figures{},
	}
	kinds, err := readFigures(info.Metrics)
	if err != nil {
		return about, err
	}
	for kind, figures := range kinds {
		sensitivity, ok1 := figures["sensitivity"]
		specificity, ok2 := figures["specificity"]
		auc, ok3 := figures["malignant_auc"]
		if ok1 && ok2 && ok3 {
			about.Figures[kind] = bot.Figures{
				Sensitivity: figure(sensitivity), Specificity: figure(specificity), AUC: figure(auc),
			}
		}
	}
	return about, nil
}

func figure(f [3]float64) bot.Figure { return bot.Figure{Value: f[0], Low: f[1], High: f[2]} }
