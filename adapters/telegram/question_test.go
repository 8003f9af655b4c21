package telegram_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// TestQuestions asks for a text by a button: what the person writes next is the answer, once, and only
// where they write a text in their own chat.
func TestQuestions(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	ask := &bot.Question{Title: "What was wrong?", Label: "What should we know?", Placeholder: "No names, please."}
	var texts []string
	failures := 1
	run(t, a, handler{
		OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
			if m.Command == "answer" {
				return bot.Reply{Text: "Answer", Buttons: [][]bot.Button{{{Label: "Tell us more", Data: "note:1", Ask: ask}}}}, nil
			}
			return bot.Reply{Text: "help"}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			if strings.Trim(p.Text, "\u202e") == "" {
				return bot.PressReply{Notice: "There is nothing in it.", Ask: ask}, nil
			}
			if failures > 0 {
				failures--
				return bot.PressReply{}, errors.New("store is down")
			}
			texts = append(texts, p.Data+" "+p.Text)
			return bot.PressReply{Notice: "Thank you.", Edit: &bot.Reply{Text: "Noted"}}, nil
		},
	})
	count := func(words string) (n int) {
		for _, m := range s.FromBot(ann) {
			if strings.Contains(m.Text, words) {
				n++
			}
		}
		return n
	}
	s.SendText(ann, ann, "/answer")
	answer := s.WaitForText(ann, "Answer")
	const wrote = "It was ink, " + secret

	// Without a question a text is a text; a photo or a command ends a question.
	press := func(times int) {
		t.Helper()
		if notice := s.WaitForNotice(s.Press(ann, answer, "note:1")); notice != "" {
			t.Errorf("the notice is %q", notice)
		}
		s.WaitFor("the question", func() bool { return count("What should we know?\nNo names, please.") == times })
	}
	s.SendText(ann, ann, wrote)
	s.WaitFor("help", func() bool { return count("help") == 1 })
	press(1)
	s.SendText(ann, ann, "/help")
	s.WaitFor("help", func() bool { return count("help") == 2 })
	s.SendText(ann, ann, wrote)
	s.WaitFor("help", func() bool { return count("help") == 3 })
	press(2)
	s.SendPhoto(ann, ann, photo(t, 1))
	s.WaitFor("help", func() bool { return count("help") == 4 })
	s.SendText(ann, ann, wrote)
	s.WaitFor("help", func() bool { return count("help") == 5 })

	// The next text is the answer, also when it has to come twice, and when others write meanwhile. One
	// with nothing in it brings the question again.
	press(3)
	s.SendText(ann, ann, "\u202e")
	s.WaitFor("the question", func() bool { return count("What should we know?") == 4 })
	s.SendText(ben, ben, "not the answer")
	s.SendText(ann, ann, wrote)
	s.WaitForText(ann, "Thank you.")
	s.WaitForConfirmation()
	if got, want := strings.Join(texts, "; "), "note:1 "+wrote; got != want {
		t.Errorf("the bot got %q, want %q", got, want)
	}
	if now := s.WaitForText(ann, "Noted"); now.ID != answer.ID {
		t.Errorf("message %d was edited, want the one with the button, %d", now.ID, answer.ID)
	}
	s.SendText(ann, ann, wrote)
	s.WaitFor("help", func() bool { return count("help") == 6 })
	if len(texts) != 1 || failures != 0 {
		t.Errorf("the bot got %d answers, want 1", len(texts))
	}
}
