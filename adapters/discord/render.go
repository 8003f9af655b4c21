package discord

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/bwmarrin/discordgo"

	"deepskin/bot"
)

// Discord's limits on what is shown, in characters.
const (
	maxTitle   = 256
	maxText    = 4096
	maxContent = 2000
	maxLabel   = 80
	maxRows    = 5
	maxInRow   = 5
)

// maxData is the limit of a button's data, in bytes; Discord's own of 100 leaves room for what marks
// a form.
const maxData = 64

// pictureName is that of the file that an embed shows.
const pictureName = "picture.jpg"

// A post is a message as Discord takes it. Absent lists would be left as they are by an edit, so they
// are always there.
type post struct {
	Embeds      []*discordgo.MessageEmbed         `json:"embeds"`
	Components  []discordgo.MessageComponent      `json:"components"`
	Attachments *[]attachment                     `json:"attachments,omitempty"`
	Mentions    *discordgo.MessageAllowedMentions `json:"allowed_mentions"`
	Reference   *discordgo.MessageReference       `json:"message_reference,omitempty"`
	Flags       discordgo.MessageFlags            `json:"flags,omitempty"`
}

// An attachment is a file that a message has or gets; uploads are numbered from zero.
type attachment struct {
	ID   string `json:"id"`
	Name string `json:"filename"`
}

// render returns a reply as a message, an embed with the buttons below, that notifies nobody.
func (a *Adapter) render(r bot.Reply) (post, error) {
	rows, err := a.rows(r.Buttons)
	if err != nil {
		return post{}, err
	}
	embed := &discordgo.MessageEmbed{
		Title:       cut(escape(strings.TrimSpace(r.Title)), maxTitle),
		Description: cut(escape(strings.TrimSpace(r.Text)), maxText),
	}
	files := []attachment{}
	if r.Picture != nil {
		embed.Image = &discordgo.MessageEmbedImage{URL: "attachment://" + pictureName}
		files = append(files, attachment{"0", pictureName})
	}
	return post{
		Embeds: []*discordgo.MessageEmbed{embed}, Components: rows, Attachments: &files,
		Mentions: &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}},
	}, nil
}

// keepPicture makes the post an edit that leaves the message's picture in place.
func (p *post) keepPicture() {
	p.Embeds[0].Image = &discordgo.MessageEmbedImage{URL: "attachment://" + pictureName}
	p.Attachments = nil
}

func file(picture []byte) *discordgo.File {
	return &discordgo.File{Name: pictureName, ContentType: "image/jpeg", Reader: bytes.NewReader(picture)}
}

// rows returns the buttons in Discord's form. Where there are more rows, or more in a row, than
// Discord shows, they are laid out anew.
func (a *Adapter) rows(buttons [][]bot.Button) ([]discordgo.MessageComponent, error) {
	rows := [][]discordgo.MessageComponent{}
	var all []discordgo.MessageComponent
	fits := true
	for _, row := range buttons {
		var components []discordgo.MessageComponent
		for _, b := range row {
			if b.Label == "" || len(b.Data) == 0 || len(b.Data) > maxData {
				return nil, errors.New("discord: a button needs a label and 1 to 64 bytes of data")
			}
			components = append(components, discordgo.Button{
				Label: cut(b.Label, maxLabel), Style: discordgo.SecondaryButton, CustomID: a.questions.id(b),
			})
		}
		if len(components) > 0 {
			rows = append(rows, components)
		}
		fits = fits && len(components) <= maxInRow
		all = append(all, components...)
	}
	if len(all) > maxRows*maxInRow {
		return nil, fmt.Errorf("discord: %d buttons are more than a message has room for", len(all))
	}
	if !fits || len(rows) > maxRows {
		rows = rows[:0]
		for len(all) > 0 {
			n := min(maxInRow, len(all))
			rows, all = append(rows, all[:n]), all[n:]
		}
	}
	list := []discordgo.MessageComponent{}
	for _, row := range rows {
		list = append(list, discordgo.ActionsRow{Components: row})
	}
	return list, nil
}

// escape makes Discord show a text as it is. Addresses of pages stay as they are, so that they can be
// followed.
func escape(s string) string {
	var b strings.Builder
	for s != "" {
		end := strings.IndexAny(s, " \n\t")
		word := s
		if end >= 0 {
			word = s[:end+1]
		}
		s = s[len(word):]
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			b.WriteString(word)
			continue
		}
		b.WriteString(markdown.Replace(word))
	}
	return b.String()
}

// markdown are the characters with which Discord's formatting, links and mentions begin.
var markdown = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "|", `\|`, "[", `\[`, "<", `\<`,
	"#", `\#`, ">", `\>`)

// cut shortens s to at most limit characters and shows that it did. It also mends broken UTF-8, which
// Discord refuses.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}
