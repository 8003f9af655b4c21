package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"deepskin/bot/words"
)

// A catalogue holds the forms of each message, by ID and name of the form: "other" where there is
// only one.
type catalogue map[string]map[string]string

// read reads a catalogue as it is, without what the package makes of it.
func read(t *testing.T, tag string) catalogue {
	t.Helper()
	path := filepath.Join("catalogue", tag+".toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := i18n.ParseMessageFileBytes(text, path, map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	c := catalogue{}
	for _, m := range file.Messages {
		if c[m.ID] != nil {
			t.Errorf("%s has %s twice", path, m.ID)
		}
		c[m.ID] = map[string]string{}
		for name, form := range map[string]string{
			"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other,
		} {
			if form != "" {
				c[m.ID][name] = form
			}
		}
	}
	return c
}

// plurals are the forms that CLDR gives a language for whole numbers.
var plurals = map[string][]string{
	"en": {"one", "other"},
	"fr": {"many", "one", "other"},
	"nl": {"one", "other"},
	"de": {"one", "other"},
	"es": {"many", "one", "other"},
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

// placeholders returns those of a text, in the order of the alphabet.
func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

// In every language the same is said, with the same numbers in it, in every form that it needs.
func TestCataloguesAreComplete(t *testing.T) {
	english := read(t, "en")
	ids := slices.Sorted(maps.Keys(english))
	for _, l := range words.Languages {
		c := read(t, l.Tag)
		if got := slices.Sorted(maps.Keys(c)); !slices.Equal(got, ids) {
			t.Errorf("%s has the messages\n%v\nwant\n%v", l.Name, got, ids)
		}
		for id, forms := range english {
			want := []string{"other"}
			if len(forms) > 1 {
				want = plurals[l.Tag]
			}
			if got := slices.Sorted(maps.Keys(c[id])); !slices.Equal(got, want) {
				t.Errorf("%s: %s has the forms %v, want %v", l.Name, id, got, want)
			}
			for name, text := range c[id] {
				if got, want := placeholders(text), placeholders(forms["other"]); !slices.Equal(got, want) {
					t.Errorf("%s: %s (%s) has the placeholders %v, want %v", l.Name, id, name, got, want)
				}
				if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
					t.Errorf("%s: %s (%s) has blanks too many", l.Name, id, name)
				}
			}
		}
	}
}

// Plural forms come from the catalogue, whatever the number.
func TestEveryPluralFormIsSaid(t *testing.T) {
	for _, l := range words.Languages {
		for id, forms := range read(t, l.Tag) {
			if len(forms) == 1 {
				continue
			}
			said := map[string]bool{}
			for _, n := range []int{0, 1, 2, 5, 24, 121, 1_000_000} {
				said[strings.ReplaceAll(words.For(l.Tag).Count(id, n), strconv.Itoa(n), "{{.PluralCount}}")] = true
			}
			want := map[string]bool{}
			for _, text := range forms {
				want[text] = true
			}
			if !reflect.DeepEqual(said, want) {
				t.Errorf("%s: %s says %v, want %v", l.Name, id, said, want)
			}
		}
	}
}

// messageID is what the IDs of messages look like; no other string of the bot and the web adapter does.
var messageID = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)

// What is in the catalogues is said somewhere, and what is said is in the catalogues.
func TestCataloguesHoldWhatTheBotSays(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.go", "../*.go", "../../adapters/web/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	said := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && messageID.MatchString(text) {
					said[text] = true
				}
			}
			return true
		})
	}
	got, want := slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(read(t, "en")))
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("the bot says %s, which no catalogue has", id)
		}
	}
	for _, id := range want {
		if !said[id] {
			t.Errorf("the catalogues have %s, which nobody says", id)
		}
	}
}

// Typography that word processors see to and text editors do not.
func TestTypography(t *testing.T) {
	for tag, rules := range map[string]map[string]*regexp.Regexp{
		"en": {"a blank before %": regexp.MustCompile(`\s%`)},
		"nl": {"a blank before %": regexp.MustCompile(`\s%`), "a straight apostrophe": regexp.MustCompile(`'`)},
		"de": {
			"% without a hard blank":    regexp.MustCompile(`[^\x{a0}]%`),
			"a straight quotation mark": regexp.MustCompile(`["']`),
			"a polite word in lower case": regexp.MustCompile(
				`\b(ihnen|ihr Foto|ihre Fotos|ihren Namen)\b`),
		},
		"es": {
			"% without a hard blank":            regexp.MustCompile(`[^\x{a0}]%`),
			"a question that is not opened":     regexp.MustCompile(`^[^¿]*\?`),
			"an exclamation that is not opened": regexp.MustCompile(`^[^¡]*!`),
		},
		"fr": {
			"a mark without a hard blank": regexp.MustCompile(`[^\x{a0}][;!?»%]|[^\x{a0}]:(\s|$)`),
			"a straight apostrophe":       regexp.MustCompile(`'`),
		},
	} {
		for id, forms := range read(t, tag) {
			for _, text := range forms {
				for what, rule := range rules {
					if found := rule.FindString(text); found != "" {
						t.Errorf("%s: %s has %s: %q in %q", tag, id, what, found, text)
					}
				}
			}
		}
	}
}
