package web_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// catalogue reads the page's words in one language.
func catalogue(t *testing.T, language string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("page", "words", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(content, &words); err != nil {
		t.Fatalf("%s: %v", language, err)
	}
	return words
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func placeholders(words string) []string {
	found := placeholder.FindAllString(words, -1)
	slices.Sort(found)
	return found
}

func TestPageSaysTheSameInEveryLanguage(t *testing.T) {
	english := catalogue(t, "en")
	for _, language := range []string{"en", "fr", "nl", "de", "es"} {
		words := catalogue(t, language)
		for id, text := range words {
			if _, ok := english[id]; !ok {
				t.Errorf("%s: %s is not in English", language, id)
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", language, id)
			}
		}
		for id, text := range english {
			got, ok := words[id]
			switch {
			case !ok:
				t.Errorf("%s: %s is missing", language, id)
			case !slices.Equal(placeholders(got), placeholders(text)):
				t.Errorf("%s: %s has the places %v, want %v", language, id, placeholders(got), placeholders(text))
			case language != "en" && got == text && len(text) > 40:
				t.Errorf("%s: %s is still in English", language, id)
			}
		}
	}
}

var (
	// In HTML: data-t="id", data-t-alt="id".
	usedInHTML = regexp.MustCompile(`data-t(?:-[a-z-]+)?="([^"]+)"`)
	// In JavaScript: a string that is an ID by itself, in a call of t or on its way to one.
	quoted = regexp.MustCompile(`"([a-z0-9][a-z0-9.-]*)"`)
	called = regexp.MustCompile(`\bt\("([^"]+)"`)
	// t(`spot.${kind}`) uses all IDs that begin with "spot.".
	family = regexp.MustCompile("\\bt\\(`([^$`]+)\\$\\{")
)

func TestPageUsesItsWords(t *testing.T) {
	english := catalogue(t, "en")
	used := map[string]bool{}
	need := func(file, id string) {
		if _, ok := english[id]; !ok {
			t.Errorf("%s says %s, which has no words", file, id)
		}
		used[id] = true
	}
	err := fs.WalkDir(os.DirFS("page"), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || (filepath.Ext(name) != ".js" && filepath.Ext(name) != ".html") {
			return err
		}
		content, err := os.ReadFile(filepath.Join("page", name))
		if err != nil {
			return err
		}
		for _, m := range slices.Concat(usedInHTML.FindAllStringSubmatch(string(content), -1), called.FindAllStringSubmatch(string(content), -1)) {
			need(name, m[1])
		}
		if filepath.Ext(name) == ".js" {
			for _, m := range quoted.FindAllStringSubmatch(string(content), -1) {
				used[m[1]] = true
			}
		}
		for _, m := range family.FindAllStringSubmatch(string(content), -1) {
			for id := range english {
				used[id] = used[id] || strings.HasPrefix(id, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range english {
		if !used[id] {
			t.Errorf("%s is never said", id)
		}
	}
	// The families must have all members that the API can name.
	for prefix, members := range map[string][]string{
		"spot.":    {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"},
		"label.":   {"benign", "malignant", "inconclusive"},
		"kind.":    {"dermoscopy", "phone"},
		"problem.": {"0", "404", "408", "410", "413", "503", "other"},
	} {
		for _, m := range members {
			need("the API", prefix+m)
		}
	}
}
