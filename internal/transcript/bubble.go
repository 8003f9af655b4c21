package transcript

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A bubble is one content of a message, as it is drawn.
type bubble struct {
	Content
	Author  string
	FromBot bool
	// Was is how the content before began; empty for the first one.
	Was  string
	Rows [][]button
}

type button struct {
	Label string
	// Tapped says that somebody pressed it.
	Tapped bool
}

// Bubbles returns what is drawn of the chat, by time.
func (c Chat) Bubbles() []bubble {
	var all []bubble
	for _, m := range c.Messages {
		for i, now := range m.Shown {
			until := time.Time{}
			if i+1 < len(m.Shown) {
				until = m.Shown[i+1].At
			}
			b := bubble{Content: now, Author: m.Author, FromBot: m.FromBot, Rows: c.buttons(m.ID, now, until)}
			if i > 0 {
				b.Content, b.Was = news(m.Shown[i-1], now), opening(m.Shown[i-1])
			}
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b bubble) int { return a.At.Compare(b.At) })
	return all
}

// buttons returns the buttons of a content that was shown until then, zero where it still is.
func (c Chat) buttons(message string, content Content, until time.Time) [][]button {
	var rows [][]button
	for _, row := range content.Buttons {
		var buttons []button
		for _, label := range row {
			tapped := slices.ContainsFunc(c.Taps, func(t Tap) bool {
				return t.Message == message && t.Label == label && !t.At.Before(content.At) && (until.IsZero() || t.At.Before(until))
			})
			buttons = append(buttons, button{label, tapped})
		}
		rows = append(rows, buttons)
	}
	return rows
}

// opening returns the first paragraph of a content.
func opening(c Content) string {
	texts := []Text{c.Text}
	for _, e := range c.Embeds {
		texts = append(texts, e.Title, e.Text)
	}
	var words strings.Builder
	for _, text := range texts {
		if len(text) == 0 {
			continue
		}
		for _, span := range text[0] {
			words.WriteString(span.Text)
		}
		break
	}
	const most = 40
	if runes := []rune(words.String()); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return words.String()
}

// asAbove stands for paragraphs that the message had before.
var asAbove = Paragraph{{Text: "⋯ as above ⋯", Aside: true}}

// news returns a message's content without what it had before: the paragraphs at its beginning, a
// title, a picture.
func news(before, now Content) Content {
	now.Text = newText(before.Text, now.Text)
	if bytes.Equal(before.Picture, now.Picture) {
		now.Picture = nil
	}
	now.Embeds = slices.Clone(now.Embeds)
	for i := range min(len(before.Embeds), len(now.Embeds)) {
		old, e := before.Embeds[i], &now.Embeds[i]
		e.Text = newText(old.Text, e.Text)
		if reflect.DeepEqual(old.Title, e.Title) {
			e.Title = nil
		}
		if bytes.Equal(old.Picture, e.Picture) {
			e.Picture = nil
		}
	}
	return now
}

func newText(before, now Text) Text {
	same := 0
	for same < min(len(before), len(now)) && reflect.DeepEqual(before[same], now[same]) {
		same++
	}
	if same == 0 {
		return now
	}
	return append(Text{asAbove}, now[same:]...)
}
