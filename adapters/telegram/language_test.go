package telegram_test

import (
	"context"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
	"deepskin/bot/words"
)

// The bot hears which language a person's app is in, of messages and of presses.
func TestThePersonsLanguage(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	heard := make(chan string, 10)
	run(t, a, handler{
		OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
			heard <- m.Language
			return bot.Reply{Text: "in " + m.Language + ".", Buttons: [][]bot.Button{{{Label: "one", Data: "one"}}}}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			heard <- p.Language
			return bot.PressReply{}, nil
		},
	})
	for i, language := range []string{"pt-br", "de", ""} { // not all apps say
		s.SetLanguage(ann, language)
		s.SendPhoto(ann, ann, photo(t, uint8(40+i)))
		if got := <-heard; got != language {
			t.Errorf("a photo came in %q, want %q", got, language)
		}
		s.Press(ann, s.WaitForText(ann, "in "+language+"."), "one")
		if got := <-heard; got != language {
			t.Errorf("a press came in %q, want %q", got, language)
		}
	}
}

// The menu has the same commands in every language, described in it; the rest of the world reads it in
// English.
func TestMenus(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	run(t, a, silent)
	s.WaitFor("the first poll", s.Polling)
	seen := map[string]bool{}
	for _, l := range words.Languages {
		menu := s.Commands(l.Tag)
		if len(menu) != len(bot.Commands(l.Tag)) {
			t.Fatalf("%s: the menu is %v", l.Name, menu)
		}
		for i, c := range bot.Commands(l.Tag) {
			if menu[i].Name != c.Name || menu[i].Description != c.Description {
				t.Errorf("%s: the menu has %v, want %v", l.Name, menu[i], c)
			}
		}
		if seen[menu[0].Description] {
			t.Errorf("%s: the menu is in another language: %v", l.Name, menu)
		}
		seen[menu[0].Description] = true
	}
	if got, want := s.Commands("ja"), s.Commands("en"); len(got) == 0 || got[0] != want[0] {
		t.Errorf("the menu for everybody is %v, want %v", got, want)
	}
	if got := s.Calls("setMyCommands"); got != len(words.Languages)+1 {
		t.Errorf("the menu was set %d times", got)
	}
}

// A Telegram that takes no menus is asked once, not for each language.
func TestMenusThatAreRefused(t *testing.T) {
	s := telegramtest.New(t)
	s.Fail("setMyCommands", telegramtest.Fault{Status: 502})
	a, l := adapter(t, quick(s))
	run(t, a, silent)
	s.WaitFor("the first poll", s.Polling)
	if got := s.Calls("setMyCommands"); got != 1 {
		t.Errorf("the menu was set %d times after a failure", got)
	}
	if !strings.Contains(l.String(), "menu of commands") {
		t.Error("the operators hear nothing of it")
	}
}
