package bot_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"deepskin"
	"deepskin/bot"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the bot says now")

// problems are all that a photo can be refused for.
var problems = []deepskin.Problem{
	deepskin.Empty, deepskin.TooManyBytes, deepskin.HEIC, deepskin.UnknownFormat,
	deepskin.TooManyPixels, deepskin.Corrupt, deepskin.TooSmall, deepskin.TooDark,
	deepskin.TooBright, deepskin.Blurred, deepskin.NotALesion,
}

// An utterance is something that the bot says: a message or a notice.
type utterance struct {
	reply  bot.Reply
	notice string
}

// golden is how an utterance stands in its file.
func (u utterance) golden() string {
	var b strings.Builder
	if u.notice != "" {
		b.WriteString("(notice) " + u.notice + "\n")
	}
	if u.reply.Title != "" {
		b.WriteString("# " + u.reply.Title + "\n\n")
	}
	if u.reply.Picture != nil {
		b.WriteString("(picture)\n\n")
	}
	if u.reply.Text != "" {
		b.WriteString(u.reply.Text + "\n")
	}
	for i, row := range u.reply.Buttons {
		if i == 0 {
			b.WriteString("\n")
		}
		for j, button := range row {
			if j > 0 {
				b.WriteString(" ")
			}
			b.WriteString("[" + button.Label + "]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// text is all that is read.
func (u utterance) text() string { return strings.TrimSpace(u.golden()) }

// speech is all that the bot can say, by name.
type speech map[string]utterance

// everything makes the bot say everything that it can say.
func everything(t *testing.T) speech {
	t.Helper()
	said := speech{}
	commandWords(t, said)
	consentWords(t, said)
	answerWords(t, said)
	buttonWords(t, said)
	turnedAwayWords(t, said)
	return said
}

func (s speech) hears(name string, r bot.Reply) { s[name] = utterance{reply: r} }

// presses notes both sides of what a press brings.
func (s speech) presses(name string, r bot.PressReply) {
	u := utterance{notice: r.Notice}
	if r.Edit != nil {
		u.reply = *r.Edit
	}
	if r.Send != nil {
		u.reply = *r.Send
	}
	s[name] = u
}

func commandWords(t *testing.T, s speech) {
	t.Helper()
	in(t, func(_ *testing.T, w *world) {
		s.hears("welcome", w.command(alice, "start"))
		s.hears("help", w.command(alice, ""))
		s.hears("privacy", w.command(alice, "privacy"))
		s.hears("deleted-nothing", w.command(alice, "delete"))
		w.consents(alice)
		w.add(w.message(alice, "source-1"), deepskin.Pending, time.Hour)
		s.hears("deleted-one", w.command(alice, "delete"))
		w.add(w.message(alice, "source-2"), deepskin.Pending, time.Hour)
		w.add(w.message(alice, "source-3"), deepskin.Pending, time.Hour)
		s.hears("deleted-several", w.command(alice, "delete"))
	})
}

func consentWords(t *testing.T, s speech) {
	t.Helper()
	in(t, func(_ *testing.T, w *world) {
		s.hears("consent", w.hand(w.message(alice, "source-1")))
		question := w.find(alice, theQuestion)
		s.presses("consent-yes", w.tap(alice, question, "Yes"))
		s.presses("consent-no-after-yes", w.tap(alice, question, "No"))
		w.hand(w.message(bob, "source-2"))
		question = w.find(bob, theQuestion)
		w.pass(time.Hour)
		s.presses("consent-too-late", w.tap(bob, question, "Yes"))
		w.command(bob, "delete")
		w.hand(w.message(bob, "source-3"))
		s.presses("consent-no", w.tap(bob, w.find(bob, theQuestion), "No"))
	})
}

// answerWords shows cases in all their states.
func answerWords(t *testing.T, s speech) {
	t.Helper()
	grid := &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}}
	benign := deepskin.Assessment{Label: deepskin.Benign, Malignancy: 0.034, Confidence: 0.966, Grid: grid}
	malignant := deepskin.Assessment{Label: deepskin.Malignant, Malignancy: 0.62, Confidence: 0.62, Grid: grid}
	unsure := deepskin.Assessment{Label: deepskin.Inconclusive, Malignancy: 0.21, Confidence: 0.79, Grid: grid}
	without := benign
	without.Grid = nil
	phone, small := benign, unsure
	phone.Kind, small.Kind, small.Closer = deepskin.Phone, deepskin.Dermoscopy, true
	yes, no := true, false
	cases := map[string]deepskin.Case{
		"waiting": {Status: deepskin.Waiting},
		"looking": {Status: deepskin.Pending},
		"expired": {Status: deepskin.Expired},

		"apology":            {Status: deepskin.Failed, Failure: "deadline"},
		"apology-busy":       {Status: deepskin.Failed, Failure: "busy"},
		"apology-photo-lost": {Status: deepskin.Failed, Failure: "photo gone"},

		"answer-benign":       {Assessment: &benign},
		"answer-malignant":    {Assessment: &malignant},
		"answer-inconclusive": {Assessment: &unsure},
		"answer-without-grid": {Assessment: &without},
		"answer-phone":        {Assessment: &phone},
		"answer-small":        {Assessment: &small},

		"follow-up-right":    {Assessment: &benign, Verdict: &deepskin.Verdict{Agrees: true}},
		"follow-up-wrong":    {Assessment: &benign, Verdict: &deepskin.Verdict{}},
		"follow-up-keep":     {Assessment: &benign, Verdict: &deepskin.Verdict{Truth: deepskin.TruthBenign}},
		"follow-up-kept":     {Assessment: &benign, Verdict: &deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: &yes}},
		"follow-up-not-kept": {Assessment: &benign, Verdict: &deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: &no}},
	}
	for _, p := range problems {
		cases["refusal-"+string(p)] = deepskin.Case{Assessment: &deepskin.Assessment{
			Label: deepskin.Inconclusive, Problems: []deepskin.Problem{p},
		}}
	}
	all := deepskin.Assessment{Label: deepskin.Inconclusive, Problems: problems}
	cases["refusal-for-everything"] = deepskin.Case{Assessment: &all}
	for name, c := range cases {
		if c.Assessment != nil {
			c.Status = deepskin.Answered
		}
		s.hears(name, shown(t, c))
	}
}

// shown is how the owner of a case sees it.
func shown(t *testing.T, c deepskin.Case) bot.Reply {
	t.Helper()
	var reply bot.Reply
	in(t, func(t *testing.T, w *world) {
		c.ID = deepskin.NewCaseID()
		w.store.cases[c.ID] = &storedCase{Case: c, sender: alice}
		view, err := w.bot.Case(t.Context(), alice, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		reply = view.Reply
	})
	return reply
}

func buttonWords(t *testing.T, s speech) {
	t.Helper()
	withAnswer(t, func(_ *testing.T, w *world, answer post) {
		s.presses("heatmap", w.tap(alice, answer, "Where did"))
		s.presses("button-of-somebody-else", w.tap(bob, answer, "👍"))
		s.presses("thumb-up", w.tap(alice, answer, "👍"))
		s.presses("thumb-down", w.tap(alice, answer, "👎"))
		s.presses("truth", w.tap(alice, w.find(alice, "What was it?"), "I do not know"))
		question := w.find(alice, "May we keep")
		w.queue.breaks("Copy")
		s.presses("button-in-trouble", w.tap(alice, question, "Yes"))
		w.queue.inject(nil)
		s.presses("keep-yes", w.tap(alice, question, "Yes"))
		s.presses("keep-no", w.tap(alice, question, "No"))
		w.queue.lose()
		s.presses("photo-is-gone", w.tap(alice, question, "Yes"))
	})
}

func turnedAwayWords(t *testing.T, s speech) {
	t.Helper()
	in(t, func(_ *testing.T, w *world) {
		w.queue.inject(full("PutPhoto"))
		s.hears("turned-away-busy", w.hand(w.upload()))
		for name, wait := range map[string]time.Duration{
			"second": 900 * time.Millisecond, "seconds": 29*time.Second + 1, "minute": time.Minute,
			"minutes": 61 * time.Second, "hours": 23*time.Hour + time.Second,
		} {
			w.queue.wait = func(int) time.Duration { return wait }
			s.hears("turned-away-for-"+name, w.hand(w.message(alice, "source-1")))
		}
	})
}

func TestWords(t *testing.T) {
	said := everything(t)
	folder := filepath.Join("testdata", "words")
	if *update {
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
}

// Telegram's limits are the tightest of all platforms; it counts UTF-16 units, and bytes in data.
func TestWordsFitEveryPlatform(t *testing.T) {
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	for name, u := range everything(t) {
		limit := 4096
		if u.reply.Picture != nil {
			limit = 1024
		}
		if n := units(u.reply.Title + "\n\n" + u.reply.Text); n > limit {
			t.Errorf("%s has %d characters, more than %d", name, n, limit)
		}
		if n := units(u.notice); n > 200 {
			t.Errorf("the notice of %s has %d characters, more than 200", name, n)
		}
		for _, row := range u.reply.Buttons {
			for _, b := range row {
				if b.Label == "" || b.Data == "" || len(b.Data) > 64 {
					t.Errorf("%s: button %q has %d bytes of data, want 1 to 64", name, b.Label, len(b.Data))
				}
				for _, c := range []byte(b.Data) {
					if c < ' ' || c > '~' {
						t.Errorf("%s: button %q has data that is not plain ASCII", name, b.Label)
					}
				}
			}
		}
	}
}

// What would sound like a diagnosis, certain, or alarming.
var forbidden = regexp.MustCompile(`(?i)\b(you (have|do not have|don't have|are (fine|healthy|safe|ill|sick))|` +
	`it is (cancer|harmless|benign|malignant|nothing)|diagnosed|we diagnose|melanomas?|carcinomas?|nevus|nevi|` +
	`keratos[ie]s|dermatofibroma|angioma|certainly|definitely|guarantee\w*|nothing to worry|don't worry|` +
	`do not worry|no need to (worry|see)|urgent\w*|emergency|immediately|deadly|dangerous|healthy|100\s?%)`)

func TestNothingSoundsLikeADiagnosis(t *testing.T) {
	for name, u := range everything(t) {
		if found := forbidden.FindString(u.text()); found != "" {
			t.Errorf("%s says %q", name, found)
		}
		if rest := strings.ReplaceAll(u.text(), "not a diagnosis", ""); strings.Contains(rest, "diagnos") {
			t.Errorf("%s speaks of a diagnosis: %q", name, u.text())
		}
	}
}

// Whatever the answer, it says what it cannot know and what to do.
func TestEveryAnswerIsHonestAndSaysWhatToDo(t *testing.T) {
	for name, u := range everything(t) {
		var want []string
		switch kind, _, _ := strings.Cut(name, "-"); kind {
		case "answer", "follow":
			want = []string{"estimate", "not a diagnosis", "can be wrong", "darker skin", "doctor"}
		case "refusal":
			want = []string{"no estimate", "Please send", "see a doctor"}
			if name == "refusal-too_dark" || name == "refusal-too_bright" || name == "refusal-blurred" {
				want[1] = "photo"
			}
		case "apology":
			want = []string{"Please send it again", "see a doctor"}
		}
		for _, words := range want {
			if !strings.Contains(u.text(), words) {
				t.Errorf("%s does not say %q: %q", name, words, u.text())
			}
		}
	}
}

func TestEveryProblemHasWordsOfItsOwn(t *testing.T) {
	seen := map[string]deepskin.Problem{}
	unknown := shown(t, refusedFor("a_problem_of_a_newer_worker"))
	if unknown.Title != theRefusal || len(unknown.Text) < 50 || strings.Contains(unknown.Text, "newer") {
		t.Errorf("an unknown problem is told as %+v", unknown)
	}
	for _, p := range problems {
		text := shown(t, refusedFor(p)).Text
		if len(text) <= len(unknown.Text) {
			t.Errorf("%s has no words of its own: %q", p, text)
		}
		if other, ok := seen[text]; ok {
			t.Errorf("%s and %s have the same words", p, other)
		}
		seen[text] = p
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
			text := shown(t, deepskin.Case{Status: deepskin.Answered, Assessment: &a}).Text
			if got := number.FindAllString(text, -1); !slices.Equal(got, []string{test.want}) {
				t.Errorf("%s at %v says %v, want %s", a.Label, test.p, got, test.want)
			}
		}
	}
}

// Long sentences and rare words are hard on worried people.
func TestWordsAreEasyToRead(t *testing.T) {
	end := regexp.MustCompile(`[.?!:](\s|$)|\n\n`)
	for name, u := range everything(t) {
		for _, sentence := range end.Split(u.reply.Title+"\n\n"+u.reply.Text+"\n\n"+u.notice, -1) {
			if words := strings.Fields(sentence); len(words) > 30 {
				t.Errorf("%s has a sentence of %d words: %q", name, len(words), sentence)
			}
		}
	}
}

// Buttons below an answer lead to what they say, and nowhere else.
func TestEveryButtonWorks(t *testing.T) {
	withAnswer(t, func(t *testing.T, w *world, answer post) {
		reply, err := w.bot.Press(context.Background(), pressOf(alice, answer, "👎", t))
		if err != nil || reply.Edit == nil {
			t.Fatalf("Press = %+v, %v", reply, err)
		}
		for _, row := range reply.Edit.Buttons {
			for _, b := range row {
				got := w.press(alice, answer, b.Data)
				if strings.Contains(got.Notice, theStale) || got.Edit == nil && got.Send == nil {
					t.Errorf("%q: Press = %+v", b.Label, got)
				}
			}
		}
	})
}
