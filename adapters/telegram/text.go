package telegram

import (
	"errors"
	"strings"
	"unicode/utf16"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin/bot"
)

// Telegram's limits on what is shown, in UTF-16 units, counted without the markup.
const (
	maxText    = 4096
	maxCaption = 1024
	maxNotice  = 200
)

const maxData = 64 // bytes in a button's data

// markup returns the reply's title and text as Telegram's HTML, at most limit units when shown.
func markup(r bot.Reply, limit int) string {
	title := cut(strings.TrimSpace(r.Title), limit)
	text := strings.TrimSpace(r.Text)
	if title == "" {
		return escape(cut(text, limit))
	}
	const gap = "\n\n"
	text = cut(text, limit-units(title)-len(gap))
	bold := "<b>" + escape(title) + "</b>"
	if text == "" {
		return bold
	}
	return bold + gap + escape(text)
}

func escape(s string) string { return tgbotapi.EscapeText(tgbotapi.ModeHTML, s) }

// cut shortens s to at most limit units, between characters, and shows that it did. It also mends
// broken UTF-8, which Telegram refuses.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if units(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	const ellipsis = "…" // one unit
	room := limit - 1
	for i, c := range s {
		room -= utf16.RuneLen(c)
		if room < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

// units counts the UTF-16 units of valid UTF-8.
func units(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

// keyboard returns the buttons in Telegram's form, nil where there are none. Those that ask for a text
// are left out where others could write it.
func keyboard(rows [][]bot.Button, private bool) (*tgbotapi.InlineKeyboardMarkup, error) {
	var k tgbotapi.InlineKeyboardMarkup
	for _, row := range rows {
		var buttons []tgbotapi.InlineKeyboardButton
		for _, b := range row {
			if b.Ask != nil && !private {
				continue
			}
			if b.Label == "" || len(b.Data) == 0 || len(b.Data) > maxData {
				return nil, errors.New("a button needs a label and 1 to 64 bytes of data")
			}
			buttons = append(buttons, tgbotapi.NewInlineKeyboardButtonData(b.Label, b.Data))
		}
		if buttons != nil {
			k.InlineKeyboard = append(k.InlineKeyboard, buttons)
		}
	}
	if k.InlineKeyboard == nil {
		return nil, nil
	}
	return &k, nil
}
