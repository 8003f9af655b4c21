package bot_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"deepskin/bot"
	"deepskin/bot/words"
)

// The platforms' limits, in UTF-16 units as Telegram counts; nobody counts a text longer.
const (
	telegramText        = 4096
	telegramCaption     = 1024
	telegramNotice      = 200
	telegramDescription = 256
	telegramData        = 64 // bytes

	discordMessage     = 2000 // also what a notice is sent as
	discordTitle       = 256
	discordEmbed       = 4096
	discordLabel       = 80
	discordData        = 100 // characters
	discordDescription = 100
	discordForm        = 45 // the title and the label of a form
	discordHint        = 100
	discordRows        = 5
	discordRow         = 5 // buttons
)

func TestWordsFitEveryPlatform(t *testing.T) {
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	inEveryLanguage(t, func(t *testing.T, language string, said map[string]utterance) {
		fits := func(name, what string, n, limit int) {
			if n > limit {
				t.Errorf("%s: the %s has %d characters, more than %d", name, what, n, limit)
			}
		}
		for name, u := range said {
			whole := units(u.reply.Title + "\n\n" + u.reply.Text)
			if u.reply.Picture != nil && !strings.HasPrefix(name, "team-") {
				fits(name, "caption", whole, telegramCaption)
			}
			fits(name, "message", whole, telegramText)
			fits(name, "title", units(u.reply.Title), discordTitle)
			fits(name, "embed", units(u.reply.Text), discordEmbed)
			if u.reply.Title == "" { // what has no title needs no embed
				fits(name, "plain message", units(u.reply.Text), discordMessage)
			}
			fits(name, "notice", units(u.notice), min(telegramNotice, discordMessage))
			fits(name, "keyboard", len(u.reply.Buttons), discordRows)
			for _, row := range u.reply.Buttons {
				fits(name, "row of buttons", len(row), discordRow)
				for _, b := range row {
					checkButton(t, name, b)
					fits(name, "label", units(b.Label), discordLabel)
					if q := b.Ask; q != nil {
						fits(name, "form's title", units(q.Title), discordForm)
						fits(name, "form's label", units(q.Label), discordForm)
						fits(name, "form's hint", units(q.Placeholder), discordHint)
					}
				}
			}
		}
		for _, c := range bot.Commands(language) {
			fits("/"+c.Name, "description", units(c.Description), min(telegramDescription, discordDescription))
			if c.Description == "" {
				t.Errorf("/%s has no description", c.Name)
			}
		}
	})
}

func checkButton(t *testing.T, name string, b bot.Button) {
	t.Helper()
	if b.Label == "" || b.Data == "" || len(b.Data) > min(telegramData, discordData) {
		t.Errorf("%s: button %q has %d bytes of data, want 1 to %d", name, b.Label, len(b.Data), telegramData)
	}
	if strings.ContainsFunc(b.Data, func(c rune) bool { return c < ' ' || c > '~' }) {
		t.Errorf("%s: button %q has data that is not plain ASCII", name, b.Label)
	}
}

// Whoever opens the menu in one language finds what the others find.
func TestCommandsAreTheSameInEveryLanguage(t *testing.T) {
	for _, l := range words.Languages {
		var names, english []string
		for _, c := range bot.Commands(l.Tag) {
			names = append(names, c.Name)
		}
		for _, c := range bot.Commands("") {
			english = append(english, c.Name)
		}
		if got, want := strings.Join(names, " "), "start help privacy delete language about"; got != want {
			t.Errorf("%s: the commands are %s, want %s", l.Name, got, want)
		}
		if l.Tag != "en" && bot.Commands(l.Tag)[0].Description == bot.Commands("en")[0].Description {
			t.Errorf("%s: the menu is in English", l.Name)
		}
		if len(english) != len(names) {
			t.Error("there is no menu for other languages")
		}
	}
}
