// Package words holds all that people read, in every language that the bot speaks: one catalogue
// of messages for each, with the rules for plurals of the Unicode CLDR.
//
// A message is known by its ID, "start.title" say. The tests see to it that every catalogue has
// the same messages, and that these are the ones that the bot says.
package words

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.toml
var catalogues embed.FS

// A Language is one that the bot speaks.
type Language struct {
	// Tag is its BCP 47 tag, two letters: "fr".
	Tag string
	// Name is what its speakers call it.
	Name string
}

// Languages are those that the bot speaks, the fallback first. Nobody changes them.
var Languages = []Language{
	{"en", "English"},
	{"fr", "Français"},
	{"nl", "Nederlands"},
	{"de", "Deutsch"},
	{"es", "Español"},
}

// Speaks reports whether a tag is that of one of the Languages, to the letter.
func Speaks(tag string) bool {
	return slices.ContainsFunc(Languages, func(l Language) bool { return l.Tag == tag })
}

// Words are the words of one language. The zero value has none: For makes them.
type Words struct {
	tag      string
	messages *i18n.Localizer
}

// Data are the values that a message's placeholders are filled with, by their names.
type Data map[string]any

// For returns the words for somebody with preferences, the strongest first: each is a language tag
// as platforms send them ("pt-br", "de-AT"), or several as in an Accept-Language header. Empty ones
// and those that make no sense are passed over. Who wants none of the Languages gets the first.
func For(preferences ...string) Words {
	for _, p := range preferences {
		if _, i, confidence := matcher.Match(read(p)...); confidence > language.No {
			return all[i]
		}
	}
	return all[0]
}

// read returns the languages that a preference names.
func read(preference string) []language.Tag {
	wanted, _, err := language.ParseAcceptLanguage(preference)
	if err == nil {
		return wanted
	}
	// One language that nobody knows spoils the whole list. The others are mostly in their order.
	for part := range strings.SplitSeq(preference, ",") {
		known, _, _ := language.ParseAcceptLanguage(part)
		wanted = append(wanted, known...)
	}
	return wanted
}

// Language returns the tag of the words' language.
func (w Words) Language() string { return w.tag }

// Say returns a message without placeholders.
func (w Words) Say(id string) string { return w.localize(id, &i18n.LocalizeConfig{}) }

// Fill returns a message with its placeholders filled.
func (w Words) Fill(id string, data Data) string {
	return w.localize(id, &i18n.LocalizeConfig{TemplateData: data})
}

// Count returns a message in its form for n things, with n where it has {{.PluralCount}}.
func (w Words) Count(id string, n int) string {
	return w.localize(id, &i18n.LocalizeConfig{PluralCount: n})
}

// localize makes the best of a message that is missing, which the tests rule out: English, or the
// ID.
func (w Words) localize(id string, c *i18n.LocalizeConfig) string {
	c.MessageID = id
	text, err := w.messages.Localize(c)
	if err != nil && text == "" {
		return id
	}
	return text
}

var (
	matcher = language.NewMatcher(tags())
	// all holds the words of each of the Languages, in their order.
	all = load()
)

func tags() []language.Tag {
	var tags []language.Tag
	for _, l := range Languages {
		tags = append(tags, language.MustParse(l.Tag))
	}
	return tags
}

// load reads the catalogues.
func load() []Words {
	bundle := i18n.NewBundle(tags()[0])
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	var all []Words
	for _, l := range Languages {
		if _, err := bundle.LoadMessageFileFS(catalogues, "catalogue/"+l.Tag+".toml"); err != nil {
			panic(fmt.Sprintf("read the words of %s: %v", l.Name, err)) // Cannot be: they are in the binary.
		}
		all = append(all, Words{tag: l.Tag, messages: i18n.NewLocalizer(bundle, l.Tag)})
	}
	return all
}
