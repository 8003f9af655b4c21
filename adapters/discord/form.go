package discord

import (
	"cmp"
	"strconv"
	"strings"
	"sync"

	"github.com/bwmarrin/discordgo"

	"deepskin/bot"
)

// Discord's limits on a form, in characters.
const (
	maxFormTitle   = 45
	maxPlaceholder = 100
	maxAnswer      = 4000
	standardAnswer = 1000
)

// A button that opens a form has data that begins with this, followed by the most characters that it
// takes and another of this. The bot's own data never does.
const formMark = "?"

// fieldID is the ID of the one field of a form.
const fieldID = "text"

// maxQuestions bounds how many questions are remembered. There are a few for each language.
const maxQuestions = 1000

// questions are those behind the labels of the buttons that were shown. They are a part of no message,
// so after a restart the label has to do until the button is shown again.
type questions struct {
	mu      sync.Mutex
	byLabel map[string]bot.Question
}

// id returns what a button is known by, and remembers its question.
func (q *questions) id(b bot.Button) string {
	if b.Ask == nil {
		return b.Data
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.byLabel == nil || len(q.byLabel) >= maxQuestions {
		q.byLabel = map[string]bot.Question{}
	}
	q.byLabel[cut(b.Label, maxLabel)] = *b.Ask
	most := min(cmp.Or(b.Ask.MaxLength, standardAnswer), maxAnswer)
	return formMark + strconv.Itoa(most) + formMark + b.Data
}

// form returns the form that a pressed button opens; false where it is an ordinary button.
func (q *questions) form(i *discordgo.Interaction, customID string) (*discordgo.InteractionResponseData, bool) {
	most, data, ok := cutForm(customID)
	if !ok {
		return nil, false
	}
	label := labelOf(i.Message, customID)
	q.mu.Lock()
	ask := q.byLabel[label]
	q.mu.Unlock()
	field := discordgo.TextInput{
		CustomID: fieldID, Style: discordgo.TextInputParagraph, Required: true, MaxLength: most,
		Label: cut(cmp.Or(ask.Label, label), maxFormTitle), Placeholder: cut(ask.Placeholder, maxPlaceholder),
	}
	return &discordgo.InteractionResponseData{
		CustomID: data, Title: cut(cmp.Or(ask.Title, label), maxFormTitle),
		Components: []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{field}}},
	}, true
}

// cutForm takes apart what a button with a form is known by.
func cutForm(customID string) (most int, data string, ok bool) {
	rest, marked := strings.CutPrefix(customID, formMark)
	number, data, complete := strings.Cut(rest, formMark)
	most, err := strconv.Atoi(number)
	return most, data, marked && complete && err == nil && most > 0 && most <= maxAnswer && data != ""
}

// labelOf returns the label of a message's button, or something to call it by.
func labelOf(m *discordgo.Message, customID string) string {
	if m != nil {
		for _, row := range m.Components {
			r, _ := row.(*discordgo.ActionsRow)
			if r == nil {
				continue
			}
			for _, c := range r.Components {
				if b, ok := c.(*discordgo.Button); ok && b.CustomID == customID && b.Label != "" {
					return b.Label
				}
			}
		}
	}
	return "…"
}

// written returns what somebody wrote into a form.
func written(data discordgo.ModalSubmitInteractionData) string {
	for _, row := range data.Components {
		r, _ := row.(*discordgo.ActionsRow)
		if r == nil {
			continue
		}
		for _, c := range r.Components {
			if field, ok := c.(*discordgo.TextInput); ok && field.CustomID == fieldID {
				return field.Value
			}
		}
	}
	return ""
}
