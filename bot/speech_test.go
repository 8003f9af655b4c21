package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

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
		if bytes.HasPrefix(u.reply.Picture, []byte("chart ")) {
			b.WriteString(string(u.reply.Picture) + "\n\n")
		}
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
			if q := button.Ask; q != nil {
				b.WriteString(" asks: " + q.Title + " / " + q.Label + " / " + q.Placeholder)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// text is all that is read.
func (u utterance) text() string { return strings.TrimSpace(u.golden()) }

// speech is all that the bot can say in one language, by name.
type speech struct {
	language string
	said     map[string]utterance
}

// everything makes the bot say everything that it can say.
func everything(t *testing.T, language string) map[string]utterance {
	t.Helper()
	s := speech{language, map[string]utterance{}}
	s.commands(t)
	s.consent(t)
	s.answers(t)
	s.buttons(t)
	s.turnedAway(t)
	s.more(t)
	s.team(t)
	s.albums(t)
	s.groups(t)
	return s.said
}

// in runs a test in a world whose people read the speech's language.
func (s speech) in(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	in(t, func(t *testing.T, w *world) {
		w.language = s.language
		test(t, w)
	})
}

func (s speech) hears(name string, r bot.Reply) { s.said[name] = utterance{reply: r} }

// presses notes both sides of what a press brings.
func (s speech) presses(name string, r bot.PressReply) {
	u := utterance{notice: r.Notice}
	if r.Edit != nil {
		u.reply = *r.Edit
	}
	if r.Send != nil {
		u.reply = *r.Send
	}
	s.said[name] = u
}

// push presses the button of the chat's last message whose data begins and ends as given.
func (w *world) push(who, owner deepskin.Sender, begin, end string) bot.PressReply {
	w.t.Helper()
	posts := w.chat.seen(owner)
	p := posts[len(posts)-1]
	for _, row := range p.reply.Buttons {
		for _, b := range row {
			if strings.HasPrefix(b.Data, begin+":") && strings.HasSuffix(b.Data, end) {
				return w.press(who, p, b.Data)
			}
		}
	}
	w.t.Fatalf("no button %s...%s below %q", begin, end, p.reply.Text)
	return bot.PressReply{}
}

func (s speech) commands(t *testing.T) {
	t.Helper()
	s.in(t, func(_ *testing.T, w *world) {
		s.hears("welcome", w.command(alice, "start"))
		s.hears("help", w.command(alice, ""))
		s.hears("privacy", w.command(alice, "privacy"))
		w.config.Retention, w.config.PhotoRetention = 30*24*time.Hour, 25*time.Hour
		w.connect()
		s.hears("privacy-with-limits", w.command(alice, "privacy"))
		s.hears("about-without-model", w.command(alice, "about"))
		w.config.About = func() bot.About { return aModel }
		w.connect()
		s.hears("about", w.command(alice, "about"))
		s.hears("deleted-nothing", w.command(alice, "delete"))
		w.consents(alice)
		w.add(w.message(alice, "source-1"), deepskin.Pending, time.Hour)
		s.hears("deleted-one", w.command(alice, "delete"))
		w.add(w.message(alice, "source-2"), deepskin.Pending, time.Hour)
		w.add(w.message(alice, "source-3"), deepskin.Pending, time.Hour)
		s.hears("deleted-several", w.command(alice, "delete"))
		s.hears("language", w.command(alice, "language"))
		s.presses("language-chosen", w.push(alice, alice, "language", ":"+s.language))
	})
}

// aModel is a model for /about.
var aModel = bot.About{
	Version: "test-1", Source: "CC BY-NC 4.0 (Somebody, 2018)",
	Figures: map[deepskin.Kind]bot.Figures{
		deepskin.Dermoscopy: {
			Sensitivity: bot.Figure{Value: 0.939, Low: 0.906, High: 0.967},
			Specificity: bot.Figure{Value: 0.695, Low: 0.661, High: 0.728},
			AUC:         bot.Figure{Value: 0.934, Low: 0.915, High: 0.951},
		},
		deepskin.Phone: {
			Sensitivity: bot.Figure{Value: 0.938, Low: 0.882, High: 0.99},
			Specificity: bot.Figure{Value: 0.667, Low: 0.471, High: 0.849},
			AUC:         bot.Figure{Value: 0.904, Low: 0.81, High: 0.966},
		},
	},
}

func (s speech) consent(t *testing.T) {
	t.Helper()
	s.in(t, func(_ *testing.T, w *world) {
		s.hears("consent", w.hand(w.message(alice, "source-1")))
		yes := w.chat.seen(alice)[0]
		s.presses("consent-yes", w.push(alice, alice, "consent", ":yes"))
		s.presses("consent-no-after-yes", w.press(alice, yes, strings.Replace(yes.reply.Buttons[0][0].Data, "yes", "no", 1)))
		w.hand(w.message(bob, "source-2"))
		w.pass(time.Hour)
		s.presses("consent-too-late", w.push(bob, bob, "consent", ":yes"))
		w.command(bob, "delete")
		w.hand(w.message(bob, "source-3"))
		s.presses("consent-no", w.push(bob, bob, "consent", ":no"))
	})
}

// answers shows cases in all their states.
func (s speech) answers(t *testing.T) {
	t.Helper()
	grid := &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}}
	benign := deepskin.Assessment{Label: deepskin.Benign, Malignancy: 0.034, Confidence: 0.966, Grid: grid}
	malignant := deepskin.Assessment{Label: deepskin.Malignant, Malignancy: 0.62, Confidence: 0.62, Grid: grid}
	unsure := deepskin.Assessment{Label: deepskin.Inconclusive, Malignancy: 0.21, Confidence: 0.79, Grid: grid}
	benign.Diagnoses, unsure.Diagnoses, malignant.Diagnoses = probabilities, probabilities, probabilities
	surer, certain, lessSure := malignant, benign, benign
	surer.Malignancy, surer.Confidence = 0.81, 0.81
	certain.Malignancy, certain.Confidence = 0.001, 0.999
	lessSure.Malignancy, lessSure.Confidence = 0.105, 0.895
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

		"answer-benign":          {Assessment: &benign},
		"answer-benign-certain":  {Assessment: &certain},
		"answer-benign-moderate": {Assessment: &lessSure},
		"answer-malignant":       {Assessment: &malignant},
		"answer-malignant-surer": {Assessment: &surer},
		"answer-inconclusive":    {Assessment: &unsure},
		"answer-without-grid":    {Assessment: &without},
		"answer-phone":           {Assessment: &phone},
		"answer-small":           {Assessment: &small},

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
		s.hears(name, shown(t, s.language, c))
	}
}

// shown is how the owner of a case sees it.
func shown(t *testing.T, language string, c deepskin.Case) bot.Reply {
	t.Helper()
	var reply bot.Reply
	in(t, func(t *testing.T, w *world) {
		c.ID = deepskin.NewCaseID()
		w.store.cases[c.ID] = &storedCase{Case: c, sender: alice}
		view, err := w.bot.Case(t.Context(), alice, language, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		reply = view.Reply
	})
	return reply
}

func (s speech) buttons(t *testing.T) {
	t.Helper()
	s.in(t, func(_ *testing.T, w *world) {
		w.consents(alice)
		w.run()
		w.photo(alice, "source-1")
		w.pass(time.Second)
		s.presses("button-of-somebody-else", w.push(bob, alice, "agree", ""))
		s.presses("thumb-up", w.push(alice, alice, "agree", ""))
		answer := w.chat.seen(alice)[0]
		s.presses("thumb-down", w.press(alice, answer, "dispute:"+string(answer.reply.Case)))
		s.presses("truth", w.push(alice, alice, "truth", ":unknown"))
		w.queue.breaks("Copy")
		s.presses("button-in-trouble", w.push(alice, alice, "keep", ":yes"))
		w.queue.inject(nil)
		question := w.chat.seen(alice)[0]
		s.presses("keep-yes", w.push(alice, alice, "keep", ":yes"))
		s.presses("keep-no", w.press(alice, question, "keep:"+string(question.reply.Case)+":no"))
		s.presses("heatmap", w.push(alice, alice, "heatmap", ""))
		w.queue.lose()
		s.presses("photo-is-gone", w.press(alice, question, "keep:"+string(question.reply.Case)+":yes"))
	})
}

func (s speech) turnedAway(t *testing.T) {
	t.Helper()
	s.in(t, func(_ *testing.T, w *world) {
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

// albums are told of in all the ways that there are.
func (s speech) albums(t *testing.T) {
	t.Helper()
	benign := deepskin.Assessment{Label: deepskin.Benign, Malignancy: 0.02, Confidence: 0.98}
	longest := deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.NotALesion},
	}
	for name, photos := range map[string][]deepskin.Assessment{
		"summary-malignant":    {benign, malignant, unsure, blurred},
		"summary-inconclusive": {unsure, benign},
		"summary-benign":       {benign, benign},
		"summary-longest":      append(slices.Repeat([]deepskin.Assessment{longest}, 9), malignant),
		"album-refused":        {blurred, notALesion},
	} {
		s.in(t, func(t *testing.T, w *world) {
			w.consents(alice)
			w.queue.assess = func(_ context.Context, photo []byte) deepskin.Result {
				var n int
				if _, err := fmt.Sscanf(string(photo), "pixels of source-album-%d", &n); err != nil {
					t.Fatal(err)
				}
				return deepskin.Result{Assessment: &photos[n-1]}
			}
			w.run()
			w.album(alice, "album", len(photos))
			w.pass(albumPause)
			if len(photos) == 10 {
				s.hears("album-looking", w.chat.seen(alice)[0].reply)
			}
			w.pass(time.Minute)
			s.hears(name, w.chat.seen(alice)[0].reply)
		})
	}
	s.in(t, func(t *testing.T, w *world) {
		w.consents(alice)
		w.queue.assess = func(_ context.Context, photo []byte) deepskin.Result {
			return deepskin.Result{Failure: map[byte]string{'1': "busy", '2': "deadline"}[photo[len(photo)-1]]}
		}
		w.run()
		w.album(alice, "album", 2)
		w.pass(time.Minute)
		s.hears("album-failed", w.chat.seen(alice)[0].reply)
		w.queue.inject(full("PutPhoto"))
		upload := w.upload()
		upload.Album = "other"
		s.hears("album-busy", w.hand(upload))
		w.queue.wait = func(int) time.Duration { return time.Minute }
		s.hears("album-limited", w.hand(w.part(alice, "another", 1)))
	})
	s.in(t, func(t *testing.T, w *world) {
		w.run()
		w.album(alice, "album", 2)
		w.pass(11 * time.Minute)
		s.hears("album-expired", w.chat.seen(alice)[1].reply)
		first := w.add(w.part(bob, "album", 1), deepskin.Waiting, time.Second)
		second := w.add(w.part(bob, "album", 2), deepskin.Pending, 2*time.Minute)
		w.pass(2 * time.Second)
		_, err := w.store.Expire(t.Context(), first.ID)
		w.must(err)
		w.answered(second, benign)
		w.pass(2 * time.Minute)
		s.hears("summary-expired", w.chat.seen(bob)[0].reply)
	})
}

// albumPause is more than the bot waits before it acknowledges an album.
const albumPause = 400 * time.Millisecond

func (s speech) groups(t *testing.T) {
	t.Helper()
	s.in(t, func(t *testing.T, w *world) {
		m := w.message(alice, "")
		m.OthersPhoto = true
		s.hears("others-photo", w.hand(m))
		reply, err := w.bot.Press(t.Context(), bot.Press{
			Sender: alice, Owner: bob, Data: "language:fr", Language: s.language,
		})
		w.must(err)
		s.presses("others-buttons", reply)
	})
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
