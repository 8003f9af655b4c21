package transcript

import (
	"regexp"
	"strings"
)

// A Text is what a message says, in paragraphs.
type Text []Paragraph

// A Paragraph is a run of spans, with line breaks in them.
type Paragraph []Span

// A Span is a part of a text that is shown in one way.
type Span struct {
	Text string
	Bold bool
	// Link is the address that the span leads to; empty for none.
	Link string
	// Aside says that the span is about the message, not of it.
	Aside bool
}

// address is one that platforms make a link of by themselves.
var address = regexp.MustCompile(`https?://[^\s<>]*[^\s<>.,;:!?)]`)

// Marked returns a text of which some parts are bold, named in the order in which they occur. Addresses
// are links.
func Marked(text string, bold []string) Text {
	var spans []Span
	for _, part := range bold {
		before, after, found := strings.Cut(text, part)
		if !found {
			continue
		}
		spans = append(linked(spans, before), Span{Text: part, Bold: true})
		text = after
	}
	return paragraphs(linked(spans, text))
}

// linked appends a plain text to spans.
func linked(spans []Span, text string) []Span {
	end := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		link := text[at[0]:at[1]]
		spans = append(spans, Span{Text: text[end:at[0]]}, Span{Text: link, Link: link})
		end = at[1]
	}
	return append(spans, Span{Text: text[end:]})
}

// markdown is what Markdown shows in another way than it is written: an escaped character, bold text,
// a named link and a plain one.
var markdown = regexp.MustCompile(`\\([[:punct:]])|\*\*(.+?)\*\*|\[([^\]\n]+)\]\((https?://[^)\s]+)\)|` + address.String())

// Markdown returns a text in the part of Discord's Markdown that has bold text, links and escapes.
func Markdown(text string) Text { return paragraphs(unmarked(text, false)) }

func unmarked(text string, bold bool) []Span {
	var spans []Span
	plain := func(s string) {
		if last := len(spans) - 1; last >= 0 && spans[last].Link == "" && spans[last].Bold == bold {
			spans[last].Text += s
			return
		}
		spans = append(spans, Span{Text: s, Bold: bold})
	}
	end := 0
	for _, m := range markdown.FindAllStringSubmatchIndex(text, -1) {
		plain(text[end:m[0]])
		part := func(n int) string { return text[m[2*n]:m[2*n+1]] }
		switch {
		case m[2] >= 0:
			plain(part(1))
		case m[4] >= 0:
			spans = append(spans, unmarked(part(2), true)...)
		case m[6] >= 0:
			spans = append(spans, Span{Text: part(3), Bold: bold, Link: part(4)})
		default:
			spans = append(spans, Span{Text: part(0), Bold: bold, Link: part(0)})
		}
		end = m[1]
	}
	plain(text[end:])
	return spans
}

// paragraphs parts spans at empty lines, and leaves empty spans out.
func paragraphs(spans []Span) Text {
	text := Text{nil}
	for _, s := range spans {
		for i, part := range strings.Split(s.Text, "\n\n") {
			if i > 0 {
				text = append(text, nil)
			}
			if part != "" {
				last := len(text) - 1
				text[last] = append(text[last], Span{Text: part, Bold: s.Bold, Link: s.Link})
			}
		}
	}
	kept := Text{}
	for _, p := range text {
		if len(p) > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}
