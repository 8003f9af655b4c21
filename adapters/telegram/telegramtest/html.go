package telegramtest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A span is a part of a text that is shown in some way; offsets and lengths are in UTF-16 units.
type span struct {
	Kind   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// tags are the elements that Telegram's HTML knows, by the kind of entity that they make.
var tags = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
	"a": "text_link", "tg-spoiler": "spoiler", "blockquote": "blockquote",
}

// render turns a text into what is shown.
func render(text, mode string) (shown string, spans []span, refused *refusal) {
	if !utf8.ValidString(text) {
		return "", nil, badRequest("strings must be encoded in UTF-8")
	}
	switch mode {
	case "":
		return strings.TrimSpace(text), nil, nil
	case "HTML":
		return renderHTML(text)
	default:
		return "", nil, badRequest("unsupported parse_mode")
	}
}

func renderHTML(text string) (string, []span, *refusal) {
	type open struct {
		tag   string
		start int
	}
	var out strings.Builder
	var stack []open
	var spans []span
	for i := 0; i < len(text); {
		switch text[i] {
		case '&':
			char, length := entity(text[i:])
			out.WriteString(char)
			i += length
		case '<':
			end := strings.IndexByte(text[i:], '>')
			if end < 0 {
				return "", nil, badRequest("can't parse entities: Unclosed start tag at byte offset %d", i)
			}
			name, _, _ := strings.Cut(text[i+1:i+end], " ")
			closing := strings.HasPrefix(name, "/")
			name = strings.ToLower(strings.TrimPrefix(name, "/"))
			switch {
			case closing && len(stack) == 0:
				return "", nil, badRequest("can't parse entities: Unexpected end tag at byte offset %d", i)
			case closing && stack[len(stack)-1].tag != name:
				return "", nil, badRequest("can't parse entities: Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"",
					i, stack[len(stack)-1].tag, name)
			case closing:
				last := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				if length := units(out.String()) - last.start; length > 0 {
					spans = append(spans, span{tags[name], last.start, length})
				}
			case tags[name] == "":
				return "", nil, badRequest("can't parse entities: Unsupported start tag %q at byte offset %d", name, i)
			default:
				stack = append(stack, open{name, units(out.String())})
			}
			i += end + 1
		default:
			_, size := utf8.DecodeRuneInString(text[i:])
			out.WriteString(text[i : i+size])
			i += size
		}
	}
	if len(stack) > 0 {
		return "", nil, badRequest("can't parse entities: Can't find end tag corresponding to start tag %q", stack[len(stack)-1].tag)
	}
	return strings.TrimSpace(out.String()), spans, nil
}

// entity reads a character reference; what is none stands for itself.
func entity(text string) (char string, length int) {
	end := strings.IndexByte(text, ';')
	if end > 0 {
		name := text[1:end]
		if char, ok := map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": "\""}[name]; ok {
			return char, end + 1
		}
		if digits, ok := strings.CutPrefix(name, "#"); ok {
			if n, err := strconv.ParseUint(digits, 10, 21); err == nil {
				return string(rune(n)), end + 1
			}
		}
	}
	return "&", 1
}

// units counts UTF-16 units, in which Telegram measures texts.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// parts returns the parts of a text that are shown in one way.
func parts(text string, spans []span, kind string) []string {
	var list []string
	all := utf16.Encode([]rune(text))
	for _, s := range spans {
		if s.Kind == kind && s.Offset+s.Length <= len(all) {
			list = append(list, string(utf16.Decode(all[s.Offset:s.Offset+s.Length])))
		}
	}
	return slices.Clip(list)
}
