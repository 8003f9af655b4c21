package discordtest

import (
	"fmt"
)

// The kinds of components that the server knows.
const (
	rowKind    = 1
	buttonKind = 2
	inputKind  = 4
)

// linkStyle is the style of buttons that open a page.
const linkStyle = 5

// A Button is one below a message.
type Button struct {
	// CustomID is what the bot gets when the button is pressed, empty where it opens a page.
	CustomID string
	Label    string
	// Emoji is the one before the label, its name; empty for none.
	Emoji string
	// Style is Discord's number: 1 primary, 2 secondary, 3 success, 4 danger, 5 link.
	Style    int
	URL      string
	Disabled bool
}

// A component is one as the API has it. The fields are those of all kinds.
type component struct {
	Type       int         `json:"type"`
	Components []component `json:"components"`
	CustomID   string      `json:"custom_id"`
	Label      string      `json:"label"`
	Style      int         `json:"style"`

	URL      string `json:"url"`
	Disabled bool   `json:"disabled"`
	Emoji    *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"emoji"`

	Placeholder string `json:"placeholder"`
	Value       string `json:"value"`
	Required    *bool  `json:"required"`
	MinLength   *int   `json:"min_length"`
	MaxLength   *int   `json:"max_length"`
}

// checkRows reads rows of buttons.
func checkRows(p *problems, path string, list []component) [][]Button {
	p.count(path, len(list), 0, 5)
	seen := map[string]bool{}
	var rows [][]Button
	for i, row := range list {
		at := fmt.Sprintf("%s.%d", path, i)
		if row.Type != rowKind {
			p.add(at+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).")
			continue
		}
		p.count(at+".components", len(row.Components), 1, 5)
		var buttons []Button
		for j, c := range row.Components {
			buttons = append(buttons, checkButton(p, fmt.Sprintf("%s.components.%d", at, j), c, seen))
		}
		rows = append(rows, buttons)
	}
	return rows
}

// checkButton reads a button; seen are the custom IDs that the message has already.
func checkButton(p *problems, at string, c component, seen map[string]bool) Button {
	if c.Type != buttonKind {
		p.add(at+".type", "UNION_TYPE_CHOICES", "This fake knows buttons only.")
		return Button{}
	}
	p.length(at+".label", c.Label, 0, 80)
	b := Button{CustomID: c.CustomID, Label: c.Label, Style: c.Style, URL: c.URL, Disabled: c.Disabled}
	if c.Emoji != nil {
		b.Emoji = c.Emoji.Name
	}
	if c.Label == "" && c.Emoji == nil {
		p.add(at, "BUTTON_COMPONENT_INVALID", "A button must have a label or emoji")
	}
	switch {
	case c.Style < 1 || c.Style > linkStyle:
		p.add(at+".style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5).")
	case c.Style == linkStyle && (c.URL == "" || c.CustomID != ""):
		p.add(at, "BUTTON_COMPONENT_INVALID", "A link button must have a url and no custom_id")
	case c.Style != linkStyle && c.URL != "":
		p.add(at, "BUTTON_COMPONENT_INVALID", "Only a link button has a url")
	case c.Style != linkStyle:
		p.length(at+".custom_id", c.CustomID, 1, 100)
		if seen[c.CustomID] {
			p.add(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
		}
		seen[c.CustomID] = true
	}
	return b
}

// rowsJSON returns rows of buttons as the API has them.
func rowsJSON(rows [][]Button) []any {
	list := []any{}
	number := 0
	for _, row := range rows {
		number++
		rowNumber := number
		buttons := []any{}
		for _, b := range row {
			number++
			button := map[string]any{"type": buttonKind, "id": number, "style": b.Style, "label": b.Label}
			if b.Emoji != "" {
				button["emoji"] = map[string]any{"id": nil, "name": b.Emoji}
			}
			if b.URL != "" {
				button["url"] = b.URL
			} else {
				button["custom_id"] = b.CustomID
			}
			if b.Disabled {
				button["disabled"] = true
			}
			buttons = append(buttons, button)
		}
		list = append(list, map[string]any{"type": rowKind, "id": rowNumber, "components": buttons})
	}
	return list
}

// A Modal is a form that the bot opened for a person.
type Modal struct {
	CustomID, Title string
	Inputs          []Input
}

// An Input is a field of a modal.
type Input struct {
	CustomID, Label, Placeholder string
	// Value is what stands there at first.
	Value string
	// Style is Discord's number: 1 for a line, 2 for a paragraph.
	Style    int
	Required bool
	// Min and Max are the least and most characters, 0 and 4,000 at first.
	Min, Max int
}

// checkModal reads a modal.
func checkModal(p *problems, title, customID string, rows []component) Modal {
	p.length("data.title", title, 1, 45)
	p.length("data.custom_id", customID, 1, 100)
	p.count("data.components", len(rows), 1, 5)
	m := Modal{CustomID: customID, Title: title}
	seen := map[string]bool{}
	for i, row := range rows {
		at := fmt.Sprintf("data.components.%d", i)
		if row.Type != rowKind || len(row.Components) != 1 || row.Components[0].Type != inputKind {
			p.add(at, "UNION_TYPE_CHOICES", "This fake knows rows of one text input only.")
			continue
		}
		m.Inputs = append(m.Inputs, checkInput(p, at+".components.0", row.Components[0], seen))
	}
	return m
}

func checkInput(p *problems, at string, c component, seen map[string]bool) Input {
	in := Input{
		CustomID: c.CustomID, Label: c.Label, Placeholder: c.Placeholder, Value: c.Value, Style: c.Style,
		Required: c.Required == nil || *c.Required, Max: 4000,
	}
	if c.MinLength != nil {
		in.Min = *c.MinLength
	}
	if c.MaxLength != nil {
		in.Max = *c.MaxLength
	}
	p.length(at+".custom_id", c.CustomID, 1, 100)
	p.length(at+".label", c.Label, 1, 45)
	p.length(at+".placeholder", c.Placeholder, 0, 100)
	p.length(at+".value", c.Value, 0, 4000)
	if seen[c.CustomID] {
		p.add(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	seen[c.CustomID] = true
	if c.Style != 1 && c.Style != 2 {
		p.add(at+".style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
	}
	if in.Min < 0 || in.Min > 4000 {
		p.add(at+".min_length", "NUMBER_TYPE_MAX", "int value should be between 0 and 4000.")
	}
	if in.Max < 1 || in.Max > 4000 || in.Max < in.Min {
		p.add(at+".max_length", "NUMBER_TYPE_MAX", "int value should be between 1 and 4000, and not below min_length.")
	}
	return in
}
