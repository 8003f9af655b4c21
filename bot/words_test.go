package bot_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/bot/words"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the bot says now")

// problems are all that a photo can be refused for.
var problems = []deepskin.Problem{
	deepskin.Empty, deepskin.TooManyBytes, deepskin.HEIC, deepskin.UnknownFormat,
	deepskin.TooManyPixels, deepskin.Corrupt, deepskin.TooSmall, deepskin.TooDark,
	deepskin.TooBright, deepskin.Blurred, deepskin.NotALesion,
}

// inEveryLanguage runs a test on all that the bot says, language by language.
func inEveryLanguage(t *testing.T, test func(t *testing.T, language string, said map[string]utterance)) {
	for _, l := range words.Languages {
		t.Run(l.Tag, func(t *testing.T) { test(t, l.Tag, everything(t, l.Tag)) })
	}
}

func TestWords(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, language string, said map[string]utterance) {
		folder := filepath.Join("testdata", "words", language)
		if *update {
			rewrite(t, folder, said)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.golden"))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".golden"))
		}
		slices.Sort(names)
		if want := slices.Sorted(maps.Keys(said)); !slices.Equal(names, want) {
			t.Errorf("the golden files are %v\nthe bot says %v\n(go test ./bot -update rewrites them)", names, want)
		}
		for _, name := range names {
			want, err := os.ReadFile(filepath.Join(folder, name+".golden"))
			if err != nil {
				t.Fatal(err)
			}
			if got := said[name].golden(); got != string(want) {
				t.Errorf("%s: the bot says\n%s\nwant\n%s\n(go test ./bot -update rewrites it)", name, got, want)
			}
		}
	})
}

// rewrite makes what is said the golden files of a folder.
func rewrite(t *testing.T, folder string, said map[string]utterance) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, u := range said {
		if err := os.WriteFile(filepath.Join(folder, name+".golden"), []byte(u.golden()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Every reply says what language it is in, so that the web page can.
func TestRepliesNameTheirLanguage(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, language string, said map[string]utterance) {
		for name, u := range said {
			if u.reply.Text != "" && u.reply.Language != language {
				t.Errorf("%s is said to be in %q", name, u.reply.Language)
			}
		}
	})
}

// What would sound like a diagnosis, certain, or alarming; \b knows no letters with accents.
var forbidden = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(you (have|do not have|don't have|are (fine|healthy|safe|ill|sick))|` +
		`it is (cancer|harmless|benign|malignant|nothing)|diagnosed|we diagnose|melanomas?|carcinomas?|nevus|nevi|` +
		`keratos[ie]s|dermatofibroma|angioma|certainly|definitely|guarantee\w*|nothing to worry|don't worry|` +
		`do not worry|no need to (worry|see)|urgent\w*|emergency|immediately|deadly|dangerous|healthy|100\s?%)`),
	"fr": regexp.MustCompile(`(?i)\b(vous (avez un|êtes (malade|en bonne santé))|c’est (un cancer|bénin|malin|sans gravité)|` +
		`mélanomes?|carcinomes?|nævus|naevus|kératoses?|angiome|certainement|sûrement|garanti\w*|ne vous inquiétez pas|` +
		`rien à craindre|inutile de consulter|urgen\w*|immédiatement|mortel\w*|dangereu\w*|saine?|100\s?%)`),
	"nl": regexp.MustCompile(`(?i)\b(je hebt (kanker|geen kanker)|je bent (ziek|gezond)|het is (kanker|goedaardig|kwaadaardig)|` +
		`melano(om|men)|carcino(om|men)|naevus|keratose|angioom|zeker weten|gegarandeerd|geen zorgen|maak je niet druk|` +
		`niet nodig om naar|spoed\w*|dringend|onmiddellijk|dodelijk|gevaarlijk|gezond|100\s?%)`),
	"de": regexp.MustCompile(`(?i)\b(Sie haben (Krebs|keinen Krebs)|Sie sind (krank|gesund)|das ist (Krebs|harmlos|gutartig|bösartig)|` +
		`Melanome?|Karzinome?|Nävus|Keratosen?|Angiom|sicherlich|bestimmt|garantier\w*|keine Sorge|machen Sie sich keine|` +
		`Arztbesuch ist nicht|dringend|Notfall|sofort|tödlich|gefährlich|gesund|100\s?%)`),
	"es": regexp.MustCompile(`(?i)\b(usted tiene|(no )?tiene cáncer|está (enfermo|sano|sana)|es (cáncer|inofensiva|nada)|` +
		`melanomas?|carcinomas?|nevus|queratosis|angioma|seguramente|sin duda|garantiza\w*|no se preocupe|` +
		`nada que temer|no hace falta|urgen\w*|inmediatamente|mortal|peligros\w*|san[oa]|100\s?%)`),
}

// notADiagnosis is how each language says so, and diagnosis the word that is to be found nowhere else.
var notADiagnosis = map[string]string{
	"en": "not a diagnosis", "fr": "pas un diagnostic", "nl": "geen diagnose", "de": "keine Diagnose", "es": "no un diagnóstico",
}

var diagnosis = regexp.MustCompile(`(?i)diagn`)

func TestNothingSoundsLikeADiagnosis(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, language string, said map[string]utterance) {
		for name, u := range said {
			if strings.HasPrefix(name, "team-") || strings.HasPrefix(name, "details") {
				continue // the one is for doctors, of the other the names are in the picture only
			}
			if found := forbidden[language].FindString(u.text()); found != "" {
				t.Errorf("%s says %q", name, found)
			}
			if rest := strings.ReplaceAll(u.text(), notADiagnosis[language], ""); diagnosis.MatchString(rest) {
				t.Errorf("%s speaks of a diagnosis: %q", name, u.text())
			}
		}
	})
}

// What has to be said, in each language.
var (
	// honest is in every answer: that it is an estimate, what it is based on and cannot know.
	honest = map[string][]string{
		"en": {"estimate", "not a diagnosis", "can be wrong", "one photo", "learned", "darker skin", "doctor", "confidence"},
		"fr": {"estimation", "pas un diagnostic", "être fausse", "une seule photo", "appris", "peaux plus foncées", "médecin", "certitude"},
		"nl": {"schatting", "geen diagnose", "fout zijn", "één foto", "geleerd", "donkere huid", "arts", "Zekerheid"},
		"de": {"Schätzung", "keine Diagnose", "falsch sein", "einem einzigen Foto", "gelernt", "dunklerer Haut", "Arzt", "Wie sicher"},
		"es": {"estimación", "no un diagnóstico", "Puede fallar", "una sola foto", "aprendido", "piel más oscura", "médico", "certeza"},
	}
	// soon is in every answer of more than a lower risk: by when to see a doctor.
	soon = map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`within (two|a few) weeks`),
		"fr": regexp.MustCompile(`dans les (deux|prochaines) semaines`),
		"nl": regexp.MustCompile(`binnen (twee|een paar) weken`),
		"de": regexp.MustCompile(`innerhalb von zwei Wochen|in den nächsten Wochen`),
		"es": regexp.MustCompile(`antes de dos semanas|en las próximas semanas`),
	}
	// refusing is in every refusal, and seeDoctor in every refusal and apology.
	refusing = map[string]string{
		"en": "no estimate", "fr": "aucune estimation", "nl": "geen schatting", "de": "keine Schätzung", "es": "ninguna estimación",
	}
	seeDoctor = map[string]string{
		"en": "see a doctor", "fr": "consultez un médecin", "nl": "ga dan naar een arts|ga naar een arts",
		"de": "(?i)gehen Sie zum Arzt", "es": "consulte a un médico",
	}
)

// Whatever the answer, it says what it cannot know and what to do.
func TestEveryAnswerIsHonestAndSaysWhatToDo(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, language string, said map[string]utterance) {
		doctor := regexp.MustCompile(seeDoctor[language])
		answers := 0
		for name, u := range said {
			kind, rest, _ := strings.Cut(name, "-")
			var want []string
			switch kind {
			case "answer", "follow", "summary":
				answers++
				want = honest[language]
				serious := strings.HasPrefix(rest, "malignant") || rest == "inconclusive" || rest == "small"
				if serious && !soon[language].MatchString(u.text()) {
					t.Errorf("%s does not say how soon: %q", name, u.text())
				}
			case "refusal":
				want = []string{refusing[language]}
			}
			if (kind == "refusal" || kind == "apology") && !doctor.MatchString(u.text()) {
				t.Errorf("%s does not send to a doctor: %q", name, u.text())
			}
			for _, words := range want {
				if !strings.Contains(u.text(), words) {
					t.Errorf("%s does not say %q: %q", name, words, u.text())
				}
			}
		}
		if answers < 10 {
			t.Errorf("only %d answers were looked at", answers)
		}
	})
}

func TestEveryProblemHasWordsOfItsOwn(t *testing.T) {
	for _, l := range words.Languages {
		seen := map[string]deepskin.Problem{}
		unknown := shown(t, l.Tag, refusedFor("a_problem_of_a_newer_worker"))
		if unknown.Title == "" || len(unknown.Text) < 50 || strings.Contains(unknown.Text, "newer") {
			t.Errorf("%s: an unknown problem is told as %+v", l.Name, unknown)
		}
		for _, p := range problems {
			text := shown(t, l.Tag, refusedFor(p)).Text
			if len(text) <= len(unknown.Text) {
				t.Errorf("%s: %s has no words of its own: %q", l.Name, p, text)
			}
			if other, ok := seen[text]; ok {
				t.Errorf("%s: %s and %s have the same words", l.Name, p, other)
			}
			seen[text] = p
		}
	}
}

func refusedFor(p deepskin.Problem) deepskin.Case {
	return deepskin.Case{Status: deepskin.Answered, Assessment: &deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{p},
	}}
}

// The problems above must be all that there are.
func TestNoProblemIsForgotten(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "deepskin.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(source), "// The problems, ")
	list, _, closed := strings.Cut(list, "\n)\n")
	if !ok || !closed {
		t.Fatal("deepskin.go has no list of problems any more")
	}
	for _, match := range regexp.MustCompile(`= "([a-z_]+)"`).FindAllStringSubmatch(list, -1) {
		if p := deepskin.Problem(match[1]); !slices.Contains(problems, p) {
			t.Errorf("the tests do not know the problem %q", p)
		}
	}
	if n := strings.Count(list, `= "`); n != len(problems) {
		t.Errorf("deepskin.go has %d problems, the tests know %d", n, len(problems))
	}
}

func TestNoPercentageIsCertain(t *testing.T) {
	number := regexp.MustCompile(`(more than |less than )?\d+%`)
	for _, test := range []struct {
		p    float64
		want string
	}{
		{0, "less than 1%"},
		{0.004, "less than 1%"},
		{0.0051, "1%"},
		{0.5, "50%"},
		{0.985, "99%"},
		{0.9949, "99%"},
		{0.996, "more than 99%"},
		{1, "more than 99%"},
	} {
		for _, a := range []deepskin.Assessment{
			{Label: deepskin.Benign, Confidence: test.p},
			{Label: deepskin.Malignant, Confidence: test.p},
			{Label: deepskin.Inconclusive, Malignancy: test.p},
		} {
			text := shown(t, "en", deepskin.Case{Status: deepskin.Answered, Assessment: &a}).Text
			if got := number.FindAllString(text, -1); !slices.Equal(got, []string{test.want}) {
				t.Errorf("%s at %v says %v, want %s", a.Label, test.p, got, test.want)
			}
		}
	}
}
