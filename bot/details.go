package bot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"deepskin"
	"deepskin/bot/words"
)

// diagnosisWords are the names of the diagnoses. They stand in pictures and in the team's channel, never
// in an answer.
var diagnosisWords = map[deepskin.Diagnosis]string{
	deepskin.ActinicKeratosis:   "name.akiec",
	deepskin.BasalCellCarcinoma: "name.bcc",
	deepskin.BenignKeratosis:    "name.bkl",
	deepskin.Dermatofibroma:     "name.df",
	deepskin.Melanoma:           "name.mel",
	deepskin.MelanocyticNevus:   "name.nv",
	deepskin.VascularLesion:     "name.vasc",
}

// details are the numbers behind one of the sender's answers.
func (b *Bot) details(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID,
) (PressReply, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	if c.Assessment == nil || c.Assessment.Diagnoses == nil {
		return staleButton(w), nil
	}
	picture, err := b.Chart(chart(w, c.Assessment.Diagnoses))
	if err != nil {
		return PressReply{}, fmt.Errorf("draw the probabilities of case %s: %w", id, err)
	}
	return PressReply{Send: &Reply{
		Case: id, Picture: picture, Title: w.Say("details.title"),
		Text: paragraphs(w.Say("details.text"), figuresOf(w, b.About(), *c.Assessment)),
	}}, nil
}

// chart shows the probabilities, the highest first.
func chart(w words.Words, probabilities map[deepskin.Diagnosis]float64) deepskin.Chart {
	c := deepskin.Chart{Mark: w.Say("details.mark")}
	for _, d := range likeliest(probabilities) {
		p := probabilities[d]
		c.Bars = append(c.Bars, deepskin.Bar{
			Label: w.Say(diagnosisWords[d]), Share: p, Value: short(w, p), Marked: d.Malignant(),
		})
	}
	return c
}

// short is a probability in whole per cent, never none or all, where there is little room.
func short(w words.Words, p float64) string {
	n := math.Round(100 * p)
	value := strconv.Itoa(int(n))
	switch {
	case n < 1:
		value = "<1"
	case n > 99:
		value = ">99"
	}
	return w.Fill("details.value", words.Data{"N": value})
}

// likeliest are all diagnoses, the likeliest first.
func likeliest(probabilities map[deepskin.Diagnosis]float64) []deepskin.Diagnosis {
	all := slices.Clone(deepskin.Diagnoses)
	slices.SortStableFunc(all, func(a, b deepskin.Diagnosis) int {
		return cmp.Compare(probabilities[b], probabilities[a])
	})
	return all
}

// figuresOf says how good the model is that made an assessment, where this process knows.
func figuresOf(w words.Words, about About, a deepskin.Assessment) string {
	version := w.Fill("details.version", words.Data{"Version": a.Model})
	f, ok := about.Figures[a.Kind]
	if !ok || about.Version != a.Model {
		return version
	}
	return version + " " + w.Fill("details.figures", words.Data{
		"Sensitivity": percents(f.Sensitivity), "Specificity": percents(f.Specificity), "AUC": percents(f.AUC),
	})
}

// percents is a figure with its bounds, all as whole numbers out of 100.
func percents(f Figure) string {
	of100 := func(share float64) int { return int(math.Round(100 * share)) }
	return fmt.Sprintf("%d (%d–%d)", of100(f.Value), of100(f.Low), of100(f.High))
}
