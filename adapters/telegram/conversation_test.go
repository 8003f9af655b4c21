package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

func TestConversation(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	picture := photo(t, 90)
	h := handler{
		OnMessage: func(ctx context.Context, m bot.Message) (bot.Reply, error) {
			switch {
			case m.Command == "start":
				return bot.Reply{
					Title: "Welcome",
					Text:  "May I look at your photos?",
					Buttons: [][]bot.Button{
						{{Label: "Yes", Data: "consent:yes"}, {Label: "No", Data: "consent:no"}},
						{{Label: "Privacy", Data: "privacy"}},
					},
				}, nil
			case m.Photo != nil:
				// The way of the bot: an acknowledgement, later edited into the answer.
				at, err := a.Send(ctx, m.At, bot.Reply{Text: "Looking…"})
				if err != nil {
					return bot.Reply{}, err
				}
				got, err := a.Fetch(ctx, m.Photo.Source)
				if err != nil {
					return bot.Reply{}, err
				}
				return bot.Reply{}, a.Edit(ctx, at, bot.Reply{
					Title: "Low risk",
					Text:  fmt.Sprintf("%d bytes looked at.", len(got)),
					Buttons: [][]bot.Button{
						{{Label: "👍", Data: "up"}, {Label: "Heatmap", Data: "heatmap"}},
					},
				})
			}
			return bot.Reply{Text: "Send me a photo."}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			switch p.Data {
			case "consent:yes":
				return bot.PressReply{Notice: "Thank you", Edit: &bot.Reply{Text: "You agreed."}}, nil
			case "heatmap":
				return bot.PressReply{Send: &bot.Reply{Text: "Where the model looked", Picture: picture}}, nil
			}
			return bot.PressReply{}, fmt.Errorf("unexpected press")
		},
	}
	run(t, a, h)

	s.SendText(ann, ann, "/start")
	welcome := s.WaitForText(ann, "Welcome")
	if want := "Welcome\n\nMay I look at your photos?"; welcome.Text != want || !slices.Equal(welcome.Bold, []string{"Welcome"}) {
		t.Errorf("welcome is %q with bold %q, want %q", welcome.Text, welcome.Bold, want)
	}
	if len(welcome.Buttons) != 2 || len(welcome.Buttons[0]) != 2 || welcome.Buttons[1][0] != (telegramtest.Button{Text: "Privacy", Data: "privacy"}) {
		t.Errorf("buttons are %v", welcome.Buttons)
	}
	if got := s.WaitForNotice(s.Press(ann, welcome, "consent:yes")); got != "Thank you" {
		t.Errorf("notice is %q", got)
	}
	agreed := s.WaitForText(ann, "You agreed.")
	if agreed.ID != welcome.ID || agreed.Buttons != nil {
		t.Errorf("the question became %+v; want the same message without buttons", agreed)
	}

	sent := photo(t, 60)
	question := s.SendPhoto(ann, ann, sent)
	answer := s.WaitForText(ann, fmt.Sprintf("%d bytes looked at", len(sent)))
	if answer.ReplyTo != question.ID || answer.Edits != 1 {
		t.Errorf("the answer replies to %d after %d edits, want to %d after 1", answer.ReplyTo, answer.Edits, question.ID)
	}
	if got := s.WaitForNotice(s.Press(ann, answer, "heatmap")); got != "" {
		t.Errorf("notice is %q, want none", got)
	}
	heatmap := s.WaitForText(ann, "Where the model looked")
	if !bytes.Equal(heatmap.Picture, picture) || heatmap.ReplyTo != answer.ID {
		t.Errorf("the heatmap has %d bytes and replies to %d, want %d bytes to %d",
			len(heatmap.Picture), heatmap.ReplyTo, len(picture), answer.ID)
	}

	s.SendText(ann, ann, "what is this?")
	s.WaitForText(ann, "Send me a photo.")
	s.WaitForConfirmation()
}

// TestRepliesKeepTheirOrder also shows that one chat that has to wait for an hour holds up neither
// the updates nor another chat.
func TestRepliesKeepTheirOrder(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	// One message at once: what is refused then can only be about the chat itself.
	c.ChatRate, c.ChatBurst = 20, 1
	c.MaxWait = 2 * time.Hour
	c.DrainTime = time.Millisecond
	a, _ := adapter(t, c)
	count := 0
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		if m.At.Chat == chatOf(ben).Chat {
			count++
			return bot.Reply{Text: fmt.Sprint("reply ", count)}, nil
		}
		return bot.Reply{Text: "held up"}, nil
	}})
	s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 3600})
	greet(s, ann, ann)
	s.WaitFor("the refusal", func() bool { return s.Refused() == 1 })

	const n = 15
	for range n {
		greet(s, ben)
	}
	s.WaitForText(ben, fmt.Sprint("reply ", n))
	for i, m := range s.FromBot(ben) {
		if want := fmt.Sprint("reply ", i+1); m.Text != want {
			t.Errorf("message %d is %q, want %q", i+1, m.Text, want)
		}
	}
	s.WaitForConfirmation()
	if got := s.FromBot(ann); len(got) != 0 || s.Disobeyed() != 0 {
		t.Errorf("the chat that was to wait got %v; %d calls came too early", got, s.Disobeyed())
	}
}

func TestFloodIsNotAnsweredForEver(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.ChatBurst = 1
	c.MaxWait = 2 * time.Hour
	c.DrainTime = time.Millisecond
	a, l := adapter(t, c)
	run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "help"}, nil
	}})
	s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 3600})
	for range 50 {
		greet(s, ann)
	}
	s.WaitForConfirmation()
	if !strings.Contains(l.String(), "a reply is dropped") {
		t.Error("50 replies wait for one chat, and none was dropped")
	}
}

func TestPresses(t *testing.T) {
	s := telegramtest.New(t)
	a, l := adapter(t, quick(s))
	var pressed []bot.Press
	failures := 2
	run(t, a, handler{
		OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
			return bot.Reply{Text: "Choose.", Buttons: [][]bot.Button{{{Label: "A", Data: "a"}}}}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			if p.Data == "fails" && failures > 0 {
				failures--
				return bot.PressReply{}, errors.New("store is down")
			}
			pressed = append(pressed, p)
			return bot.PressReply{Notice: strings.Repeat("🙂", 150), Edit: &bot.Reply{Text: "Chosen: " + p.Data}}, nil
		},
	})
	greet(s, ann)
	menu := s.WaitForText(ann, "Choose.")

	// What no button of the bot can send is answered, so that the app stops waiting, but never
	// reaches the bot.
	for _, press := range []string{
		s.Press(ann, menu, strings.Repeat("x", 65)),
		s.Press(ann, menu, ""),
		s.PressInline(ann, "a"),
	} {
		if notice := s.WaitForNotice(press); notice != "" {
			t.Errorf("notice is %q, want none", notice)
		}
	}

	notice := s.WaitForNotice(s.Press(ben, menu, "fails"))
	if len([]rune(notice)) != 100 || !strings.HasSuffix(notice, "🙂…") {
		t.Errorf("notice has %d characters: %q", len([]rune(notice)), notice)
	}
	s.WaitForText(ann, "Chosen: fails")

	// The same content again is no failure, and neither is a press that is too old to answer.
	s.Fail("answerCallbackQuery", telegramtest.Fault{
		Status:      400,
		Description: "Bad Request: query is too old and response timeout expired or query ID is invalid",
	})
	s.Press(ann, menu, "fails")
	s.WaitFor("the second edit and the fifth answer", func() bool {
		return s.Calls("editMessageText") == 2 && s.Calls("answerCallbackQuery") == 5 && s.Unconfirmed() == 0
	})

	// A message that is gone is replaced by a new one.
	s.Remove(menu)
	s.WaitForNotice(s.Press(ann, menu, "gone"))
	if m := s.WaitForText(ann, "Chosen: gone"); m.ID == menu.ID {
		t.Error("a deleted message was edited")
	}

	want := []bot.Press{
		{Sender: deepskin.Sender{Platform: "telegram", ID: chatOf(ben).Chat}, At: addressOf(menu), Data: "fails", Language: "en"},
		{Sender: deepskin.Sender{Platform: "telegram", ID: chatOf(ann).Chat}, At: addressOf(menu), Data: "fails", Language: "en"},
		{Sender: deepskin.Sender{Platform: "telegram", ID: chatOf(ann).Chat}, At: addressOf(menu), Data: "gone", Language: "en"},
	}
	if !slices.Equal(pressed, want) {
		t.Errorf("the bot saw %#v, want %#v", pressed, want)
	}
	for _, complaint := range []string{"could not be answered", "could not be edited", "could not be sent"} {
		if strings.Contains(l.String(), complaint) {
			t.Errorf("the log says %q:\n%s", complaint, l)
		}
	}
}
