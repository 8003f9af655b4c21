package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// choiceTime bounds how long is looked for a sender's choice of language.
const choiceTime = time.Second

// chosenMark stands before the present language in the list of all.
const chosenMark = "✓ "

// speak returns the words for a sender: in the language that they chose, or else in what their
// platform says, or else in English. Where the choice cannot be had, what the platform says is the
// better answer than none.
func (b *Bot) speak(ctx context.Context, sender deepskin.Sender, platform string) words.Words {
	ctx, cancel := context.WithTimeout(ctx, choiceTime)
	defer cancel()
	chosen, err := b.Store.Language(ctx, sender)
	if err != nil {
		b.Logger.Warn("a sender's choice of language is not known", "error", err)
	}
	return words.For(chosen, platform)
}

// chooseLanguage asks which language somebody wants.
func chooseLanguage(w words.Words) Reply {
	return Reply{
		Title: w.Say("language.title"), Text: w.Say("language.text"), Buttons: languageButtons(w),
	}
}

// languageButtons are one for each language, in its own words.
func languageButtons(w words.Words) [][]Button {
	var rows [][]Button
	for _, l := range words.Languages {
		label := l.Name
		if l.Tag == w.Language() {
			label = chosenMark + label
		}
		rows = append(rows, []Button{{Label: label, Data: strings.Join([]string{verbLanguage, l.Tag}, dataSplitter)}})
	}
	return rows
}

// setLanguage records the sender's choice and confirms it in the new language. The buttons stay, for
// those who meant another one.
func (b *Bot) setLanguage(ctx context.Context, sender deepskin.Sender, tag string) (PressReply, error) {
	if err := b.Store.SetLanguage(ctx, sender, tag); err != nil {
		return PressReply{}, fmt.Errorf("record a choice of language: %w", err)
	}
	w := words.For(tag)
	return PressReply{Edit: &Reply{
		Title: w.Say("language.title"), Text: w.Say("language.chosen"), Buttons: languageButtons(w),
		Language: w.Language(),
	}}, nil
}
