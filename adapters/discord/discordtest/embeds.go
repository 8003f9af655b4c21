package discordtest

import (
	"fmt"
	"net/url"
	"strings"
)

// An embed is one as the API has it, both ways.
type embed struct {
	Type        string `json:"type,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	Timestamp   string `json:"timestamp,omitempty"`
	Color       int    `json:"color,omitempty"`
	Footer      *struct {
		Text    string `json:"text"`
		IconURL string `json:"icon_url,omitempty"`
	} `json:"footer,omitempty"`
	Author *struct {
		Name    string `json:"name"`
		URL     string `json:"url,omitempty"`
		IconURL string `json:"icon_url,omitempty"`
	} `json:"author,omitempty"`
	Image     *picture     `json:"image,omitempty"`
	Thumbnail *picture     `json:"thumbnail,omitempty"`
	Fields    []EmbedField `json:"fields,omitempty"`
}

// A picture is the image or the thumbnail of an embed.
type picture struct {
	URL string `json:"url"`
	// file is the message's file that the URL leads to, nil where it leads elsewhere.
	file *attachment
	// own says that the URL is attachment:// and the file's name. Such files are shown in the embed
	// only; who writes out where the file lies shows it twice.
	own bool
}

// An EmbedField is a titled paragraph of an embed.
type EmbedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

// An Embed is the framed part of a message.
type Embed struct {
	Title, Description, Footer string
	// Color is that of the frame's edge, 0xRRGGBB; zero for none.
	Color  int
	Fields []EmbedField
	// Image and Thumbnail are the bytes of what is shown there, where that is a file of the message;
	// nil where nothing is shown, or a picture from elsewhere.
	Image, Thumbnail []byte
}

// Text returns all words of the embed, line by line.
func (e Embed) Text() string {
	lines := []string{e.Title, e.Description}
	for _, f := range e.Fields {
		lines = append(lines, f.Name, f.Value)
	}
	return joinLines(append(lines, e.Footer))
}

// joinLines joins what is not empty.
func joinLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// public returns what people see of the embed.
func (e embed) public() Embed {
	shown := Embed{Title: e.Title, Description: e.Description, Color: e.Color, Fields: e.Fields}
	if e.Footer != nil {
		shown.Footer = e.Footer.Text
	}
	shown.Image, shown.Thumbnail = e.Image.data(), e.Thumbnail.data()
	return shown
}

// data returns what is shown, nil where that is nothing or a picture from elsewhere.
func (p *picture) data() []byte {
	if p == nil || p.file == nil {
		return nil
	}
	return p.file.data
}

// hides reports whether the picture keeps a file from being shown by itself.
func (p *picture) hides(a *attachment) bool { return p != nil && p.own && p.file == a }

// checkEmbeds applies Discord's limits.
func checkEmbeds(p *problems, path string, embeds []embed) {
	p.count(path, len(embeds), 0, 10)
	total := 0
	for i, e := range embeds {
		at := fmt.Sprintf("%s.%d.", path, i)
		p.length(at+"title", e.Title, 0, 256)
		p.length(at+"description", e.Description, 0, 4096)
		p.count(at+"fields", len(e.Fields), 0, 25)
		if e.Color < 0 || e.Color > 0xffffff {
			p.add(at+"color", "NUMBER_TYPE_MAX", "int value should be between 0 and 16777215.")
		}
		words := e.Title + e.Description
		for j, f := range e.Fields {
			p.length(fmt.Sprintf("%sfields.%d.name", at, j), f.Name, 1, 256)
			p.length(fmt.Sprintf("%sfields.%d.value", at, j), f.Value, 1, 1024)
			words += f.Name + f.Value
		}
		if e.Footer != nil {
			p.length(at+"footer.text", e.Footer.Text, 1, 2048)
			words += e.Footer.Text
		}
		if e.Author != nil {
			p.length(at+"author.name", e.Author.Name, 1, 256)
			words += e.Author.Name
		}
		for name, picture := range map[string]*picture{"image": e.Image, "thumbnail": e.Thumbnail} {
			if picture != nil && !showable(picture.URL) {
				p.add(at+name+".url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'attachment').")
			}
		}
		if words == "" && e.Image == nil && e.Thumbnail == nil {
			p.add(at+"description", "BASE_TYPE_REQUIRED", "This field is required")
		}
		total += len([]rune(words))
	}
	if total > 6000 {
		p.add(path, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
	}
}

func showable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "attachment")
}

// resolve finds the pictures of embeds among the message's files. Those that are not there are not
// shown.
func resolve(embeds []embed, files []*attachment) {
	for i := range embeds {
		for _, at := range []**picture{&embeds[i].Image, &embeds[i].Thumbnail} {
			if *at == nil {
				continue
			}
			// The embeds of the message as it was must stay as they were.
			found := &picture{URL: (*at).URL}
			var name string
			name, found.own = strings.CutPrefix(found.URL, "attachment://")
			for _, f := range files {
				if found.own && f.name == name || !found.own && strings.Contains(found.URL, "/"+f.id+"/") {
					found.file = f
				}
			}
			*at = found
			if found.own && found.file == nil {
				*at = nil
			}
		}
	}
}

// json returns the picture as the API has it. The caller holds mu.
func (p *picture) json(s *Server) any {
	switch {
	case p == nil:
		return nil
	case !p.own:
		return map[string]any{"url": p.URL}
	}
	full := p.file.json(s)
	return map[string]any{"url": full["url"], "proxy_url": full["proxy_url"], "width": full["width"], "height": full["height"]}
}

// json returns the embed as the API has it. The caller holds mu.
func (e embed) json(s *Server) map[string]any {
	body := map[string]any{"type": "rich"}
	for name, text := range map[string]string{"title": e.Title, "description": e.Description, "url": e.URL, "timestamp": e.Timestamp} {
		if text != "" {
			body[name] = text
		}
	}
	if e.Color != 0 {
		body["color"] = e.Color
	}
	if e.Footer != nil {
		body["footer"] = e.Footer
	}
	if e.Author != nil {
		body["author"] = e.Author
	}
	if len(e.Fields) > 0 {
		body["fields"] = e.Fields
	}
	if e.Image != nil {
		body["image"] = e.Image.json(s)
	}
	if e.Thumbnail != nil {
		body["thumbnail"] = e.Thumbnail.json(s)
	}
	return body
}
