package bot

import (
	"math"

	"deepskin"
	"deepskin/bot/words"
)

// About is what /about tells of the model.
type About struct {
	// Version is the model's. Empty means that this process does not know the model, and none of
	// this is told.
	Version string
	// Source says in a line where the model comes from and what its licence is.
	Source string
	// Figures are what was measured on each kind of photo; of a kind without, none are told.
	Figures map[deepskin.Kind]Figures
}

// Figures say how often the labels were right on photos that the model had not seen.
type Figures struct {
	// Sensitivity is the share of malignant lesions that were called so.
	Sensitivity Figure
	// Specificity is the share of benign lesions that were called so.
	Specificity Figure
	// AUC is the area under the ROC curve: the share of pairs of a malignant and a benign lesion of
	// which the malignant one got the higher malignancy.
	AUC Figure
}

// A Figure is a share, 0 to 1, with the bounds of its 95% interval.
type Figure struct{ Value, Low, High float64 }

// Command is a command that the bot knows.
type Command struct {
	// Name is the command without its slash.
	Name string
	// Description is what a menu says of it: one short line.
	Description string
}

// Commands returns what platforms offer in a menu, with descriptions in a language: one of
// words.Languages, English where it is none.
func Commands(language string) []Command {
	w := words.For(language)
	return []Command{
		{"start", w.Say("menu.start")},
		{"help", w.Say("menu.help")},
		{"privacy", w.Say("menu.privacy")},
		{"delete", w.Say("menu.delete")},
		{"language", w.Say("menu.language")},
		{"about", w.Say("menu.about")},
	}
}

// CheckCommand returns the command that brings a photo, for platforms where one comes with a
// command, and what a menu says of its photo and of showing the answer to everybody.
func CheckCommand(language string) (check Command, photo, share string) {
	w := words.For(language)
	return Command{"check", w.Say("menu.check")}, w.Say("menu.photo"), w.Say("menu.share")
}

// StatsCommand returns the command with which the team sees how the bot is doing.
func StatsCommand(language string) Command {
	return Command{"stats", words.For(language).Say("menu.stats")}
}

// TeamCommand returns the command with which a reviewer gets a link to the team's web pages.
func TeamCommand(language string) Command {
	return Command{"team", words.For(language).Say("menu.team")}
}

func about(w words.Words, a About) Reply {
	text := w.Say("about.who")
	if a.Version != "" {
		text = paragraphs(text, w.Fill("about.model", words.Data{"Version": a.Version, "Source": a.Source}))
		if len(a.Figures) > 0 {
			text = paragraphs(text, w.Say("about.figures"))
		}
		if f, ok := a.Figures[deepskin.Dermoscopy]; ok {
			text = paragraphs(text, w.Fill("about.dermoscopy", f.data()))
		}
		if f, ok := a.Figures[deepskin.Phone]; ok {
			text = paragraphs(text, w.Fill("about.phone", f.data()))
		}
		text = paragraphs(text, w.Say("about.people"))
	}
	return Reply{Title: w.Say("about.title"), Text: text}
}

// data are the figures out of 100 lesions.
func (f Figures) data() words.Data {
	of100 := func(share float64) int { return int(math.Round(100 * share)) }
	return words.Data{
		"Found":    of100(f.Sensitivity.Value),
		"FoundLow": of100(f.Sensitivity.Low), "FoundHigh": of100(f.Sensitivity.High),
		"Alarms":    of100(1 - f.Specificity.Value),
		"AlarmsLow": of100(1 - f.Specificity.High), "AlarmsHigh": of100(1 - f.Specificity.Low),
	}
}
