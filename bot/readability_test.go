package bot_test

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	// sentenceEnd is where a sentence, or a title, is over.
	sentenceEnd = regexp.MustCompile(`[.?!](\s|$)|\n+`)
	// breath is where a reader can rest.
	breath = regexp.MustCompile(`[.?!:](\s|$)|\n+`)
)

// Long sentences are hard on worried people.
func TestSentencesAreShort(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, _ string, said map[string]utterance) {
		for name, u := range said {
			for _, sentence := range breath.Split(u.reply.Title+"\n\n"+u.reply.Text+"\n\n"+u.notice, -1) {
				if words := strings.Fields(sentence); len(words) > 30 {
					t.Errorf("%s has a sentence of %d words: %q", name, len(words), sentence)
				}
			}
		}
	})
}

// Somebody of about 12 can read what the bot says: that is the sixth or seventh grade. Short notes
// are left out, where one long word would count for everything.
func TestEnglishIsPlain(t *testing.T) {
	for name, u := range everything(t, "en") {
		text := u.reply.Title + "\n\n" + u.reply.Text
		if words := len(strings.Fields(text)); words < 60 || strings.HasPrefix(name, "about") || strings.HasPrefix(name, "team-") {
			continue // /about names licences, and the team knows its words
		}
		grade := grade(text)
		if grade > 7 {
			t.Errorf("%s needs grade %.1f to be read", name, grade)
		}
	}
}

// grade is the Flesch-Kincaid grade level of an English text.
func grade(text string) float64 {
	sentences, words, syllables := 0, 0, 0
	for _, sentence := range sentenceEnd.Split(text, -1) {
		found := strings.FieldsFunc(sentence, func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' })
		if len(found) == 0 {
			continue
		}
		sentences++
		words += len(found)
		for _, w := range found {
			syllables += syllablesOf(strings.ToLower(w))
		}
	}
	return 0.39*float64(words)/float64(sentences) + 11.8*float64(syllables)/float64(words) - 15.59
}

var vowels = regexp.MustCompile(`[aeiouy]+`)

// syllablesOf counts groups of vowels, without a silent e or ed at the end.
func syllablesOf(word string) int {
	n := len(vowels.FindAllString(word, -1))
	silent := strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") ||
		strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded")
	if silent {
		n--
	}
	return max(n, 1)
}

func TestGrade(t *testing.T) {
	for text, want := range map[string]float64{ // counted by hand
		"The cat sat on the mat.":                                    0.39*6 + 11.8*6/6 - 15.59,
		"The estimate is computed from one photo.":                   0.39*7 + 11.8*12/7 - 15.59,
		"A title\n\nHold the phone still. Take it in daylight, too.": 0.39*11/3 + 11.8*13/11 - 15.59,
	} {
		if got := grade(text); math.Abs(got-want) > 0.01 {
			t.Errorf("grade of %q is %.2f, want %.2f", text, got, want)
		}
	}
}
