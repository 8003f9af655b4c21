package bot_test

import (
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

// speaksFrench reports whether a reply is in French.
func speaksFrench(r bot.Reply) bool {
	return r.Language == "fr" && (strings.Contains(r.Text, "vous") || strings.Contains(r.Text, "votre"))
}

func TestTheBotSpeaksThePlatformsLanguage(t *testing.T) {
	for language, want := range map[string]string{
		"": "en", "fr": "fr", "nl-BE": "nl", "de-AT,en;q=0.5": "de", "es-419": "es", "ja": "en", "\x00": "en",
	} {
		in(t, func(t *testing.T, w *world) {
			w.language = language
			if got := w.command(alice, "start").Language; got != want {
				t.Errorf("to %q the bot speaks %q, want %q", language, got, want)
			}
		})
	}
}

func TestAChosenLanguageComesFirst(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.language = "de"
		choice := w.command(alice, "language")
		if got := choice.Buttons[3][0]; got.Label != "✓ Deutsch" || len(choice.Buttons) != 5 {
			t.Errorf("the fourth of %d buttons is %+v, want the present language marked", len(choice.Buttons), got)
		}
		confirmed := w.tap(alice, w.find(alice, "Sprache"), "Français")
		if confirmed.Edit == nil || !strings.Contains(confirmed.Edit.Text, "en français") ||
			confirmed.Edit.Buttons[1][0].Label != "✓ Français" || confirmed.Edit.Buttons[3][0].Label != "Deutsch" {
			t.Errorf("the choice is confirmed by %+v", confirmed.Edit)
		}
		if reply := w.command(alice, "help"); !speaksFrench(reply) {
			t.Errorf("the reply is %+v, want it in French", reply)
		}
		if reply := w.command(bob, "help"); reply.Language != "de" {
			t.Errorf("to somebody else the bot speaks %q", reply.Language)
		}
		w.tap(alice, w.find(alice, "en français"), "Nederlands")
		if reply := w.command(alice, "help"); reply.Language != "nl" {
			t.Errorf("after a second choice the bot speaks %q", reply.Language)
		}
	})
}

// Forged and old data, a language of another version say, change nothing.
func TestOnlyLanguagesThatThereAreCanBeChosen(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.command(alice, "language")
		p := w.chat.seen(alice)[0]
		for _, data := range []string{"language", "language:", "language:ja", "language:FR", "language:fr:x", "language:fr-CA"} {
			if reply := w.press(alice, p, data); reply.Edit != nil || !strings.Contains(reply.Notice, theStale) {
				t.Errorf("%q: %+v", data, reply)
			}
		}
		if reply := w.command(alice, "help"); reply.Language != "en" {
			t.Errorf("the bot speaks %q", reply.Language)
		}
	})
}

// What is said later is in the language of then: the question's, unless another is chosen meanwhile.
func TestLateWordsAreInTheRightLanguage(t *testing.T) {
	for name, test := range map[string]struct {
		chosen string
		after  time.Duration
		want   string
	}{
		"an expiry":                 {"", time.Hour, "Ich habe nicht erfahren"},
		"an expiry, after a choice": {"es", time.Hour, "No he sabido"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.run()
				w.language = "de"
				w.photo(alice, "source-1")
				w.language = "fr" // the phone's language changes; the case's does not
				if test.chosen != "" {
					w.press(alice, w.chat.seen(alice)[0], "language:"+test.chosen)
				}
				w.pass(test.after)
				w.find(alice, test.want)
			})
		})
	}
	t.Run("an answer, shown again", func(t *testing.T) {
		in(t, func(t *testing.T, w *world) {
			w.consents(alice)
			w.run()
			w.language = "de"
			w.photo(alice, "source-1")
			w.pass(time.Second)
			answer := w.find(alice, "Geringeres Risiko")
			w.language = "fr"
			w.press(alice, answer, "agree:"+string(answer.reply.Case))
			w.find(alice, "Risque plus faible")
		})
	})
	t.Run("an apology", func(t *testing.T) {
		in(t, func(t *testing.T, w *world) {
			w.consents(alice)
			w.queue.breaks("HasPhoto")
			w.run()
			w.language = "nl"
			w.photo(alice, "source-1")
			w.pass(3 * time.Minute)
			w.find(alice, "Deze keer geen antwoord")
		})
	})
}

// The page's reader may read another language than the case came in.
func TestACaseIsShownInTheReadersLanguage(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.language = "de"
		w.photo(alice, "source-1")
		id := w.case1().ID
		for language, want := range map[string]string{"": "de", "fr-CA,fr;q=0.9": "fr", "ja": "de"} {
			view, err := w.bot.Case(t.Context(), alice, language, id)
			if err != nil || view.Reply.Language != want {
				t.Errorf("to a reader of %q the case is in %q, %v; want %q", language, view.Reply.Language, err, want)
			}
		}
	})
}

func TestDeleteForgetsTheLanguage(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.command(alice, "language")
		w.press(alice, w.chat.seen(alice)[0], "language:fr")
		if reply := w.command(alice, "delete"); !speaksFrench(reply) {
			t.Errorf("the last words are %+v, want them in French", reply)
		}
		if reply := w.command(alice, "help"); reply.Language != "en" {
			t.Errorf("after /delete the bot speaks %q", reply.Language)
		}
	})
}

// A choice that cannot be looked up costs the choice, and little time.
func TestTheBotSpeaksWithoutItsStore(t *testing.T) {
	for name, fail := range map[string]func(*memStore){
		"broken": func(s *memStore) { s.breaks("Language") },
		"slow":   func(s *memStore) { s.hangs("Language") },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.language = "de"
				w.press(alice, post{}, "language:fr")
				fail(w.store)
				begun := time.Now()
				if reply := w.command(alice, "help"); reply.Language != "de" {
					t.Errorf("the bot speaks %q, want what the platform says", reply.Language)
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("that took %v", took)
				}
				if !strings.Contains(w.log.String(), "choice of language is not known") {
					t.Error("the operators hear nothing of it")
				}
			})
		})
	}
}

// A choice that cannot be recorded is made again.
func TestAChoiceThatIsNotKeptComesAgain(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.store.breaks("SetLanguage")
		press := bot.Press{Sender: alice, At: deepskin.Address{Platform: platform, Chat: chatOf(alice)}, Data: "language:fr"}
		if reply, err := w.bot.Press(t.Context(), press); err == nil {
			t.Errorf("Press = %+v, want an error", reply)
		}
	})
}
