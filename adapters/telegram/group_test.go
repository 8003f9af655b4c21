package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

const called = "@" + telegramtest.Username

// inGroup runs an adapter whose bot answers everything with "reply", and shows what the bot is told.
func inGroup(t *testing.T) (s *telegramtest.Server, group int64, seen chan bot.Message) {
	t.Helper()
	s = telegramtest.New(t)
	group = s.NewGroup()
	a, _ := adapter(t, quick(s))
	seen = make(chan bot.Message, 100)
	run(t, a, handler{
		OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
			seen <- m
			return bot.Reply{Text: "reply", Buttons: [][]bot.Button{{{Label: "A", Data: "a"}}}}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			return bot.PressReply{Notice: fmt.Sprint(p.Owner == p.Sender, " ", p.At.Thread)}, nil
		},
	})
	return s, group, seen
}

// TestGroups says many things in a group and looks at what reaches the bot, and where it answers.
func TestGroups(t *testing.T) {
	s, group, seen := inGroup(t)
	jpeg := photo(t, 50)
	say := func(user int64, p telegramtest.Post) telegramtest.Message {
		p.User, p.Chat = user, group
		return s.Post(p)
	}
	mine := say(ann, telegramtest.Post{Photo: jpeg})
	theirs := say(ben, telegramtest.Post{Photo: jpeg})
	say(ann, telegramtest.Post{Text: "hello " + secret})
	say(ann, telegramtest.Post{Text: "/help"})
	say(ann, telegramtest.Post{Text: "/help@another_bot"})
	say(ann, telegramtest.Post{Text: "look, @another_bot", Photo: jpeg})
	say(ann, telegramtest.Post{Text: "nice", ReplyTo: theirs.ID})
	s.SendOther(ann, group, "sticker", `{"file_id":"x"}`)
	s.SendOther(ann, group, "new_chat_members", `[{"id":9,"first_name":"x"}]`)

	tests := []struct {
		name    string
		send    func() telegramtest.Message
		about   func(sent telegramtest.Message) telegramtest.Message // what the bot answers
		command string
		photo   bool
		others  bool
	}{
		{"a command for the bot", func() telegramtest.Message {
			return say(ann, telegramtest.Post{Text: "/privacy" + called})
		}, nil, "privacy", false, false},
		{"its name", func() telegramtest.Message {
			return say(ann, telegramtest.Post{Text: "🙂🙂 hi " + strings.ToUpper(called)})
		}, nil, "", false, false},
		{"a photo with its name", func() telegramtest.Message {
			return say(ann, telegramtest.Post{Text: "what is this " + called, Photo: jpeg})
		}, nil, "", true, false},
		{"its name in answer to one's own photo", func() telegramtest.Message {
			return say(ann, telegramtest.Post{Text: called, ReplyTo: mine.ID})
		}, func(telegramtest.Message) telegramtest.Message { return mine }, "", true, false},
		{"its name in answer to somebody else's photo", func() telegramtest.Message {
			return say(ann, telegramtest.Post{Text: called, ReplyTo: theirs.ID})
		}, nil, "", false, true},
	}
	for _, test := range tests {
		sent := test.send()
		about := sent
		if test.about != nil {
			about = test.about(sent)
		}
		m := <-seen
		if m.At != addressOf(about) || m.Command != test.command || (m.Photo != nil) != test.photo || m.OthersPhoto != test.others {
			t.Errorf("%s: the bot was told of %#v", test.name, m)
		}
		s.WaitFor("the reply to "+test.name, func() bool {
			bots := s.FromBot(group)
			return len(bots) > 0 && bots[len(bots)-1].ReplyTo == about.ID
		})
	}
	replies := s.FromBot(group)
	if len(replies) != len(tests) {
		t.Errorf("the bot said %d things, want %d", len(replies), len(tests))
	}
	answer := say(ann, telegramtest.Post{Photo: jpeg, ReplyTo: replies[0].ID})
	if m := <-seen; m.At != addressOf(answer) || m.Photo == nil {
		t.Errorf("a photo in answer to the bot came as %#v", m)
	}

	// The buttons are those of whoever is answered.
	if got := s.WaitForNotice(s.Press(ann, replies[0], "a")); got != "true " {
		t.Errorf("her own button: %q", got)
	}
	if got := s.WaitForNotice(s.Press(ben, replies[0], "a")); got != "false " {
		t.Errorf("somebody else's button: %q", got)
	}
}

// Of an album only the first photo has the text that names the bot.
func TestAlbumInAGroup(t *testing.T) {
	s, group, seen := inGroup(t)
	s.Post(telegramtest.Post{User: ben, Chat: group, Photo: photo(t, 1), Album: "7"})
	s.Post(telegramtest.Post{User: ann, Chat: group, Photo: photo(t, 1), Album: "8", Text: called})
	s.Post(telegramtest.Post{User: ann, Chat: group, Photo: photo(t, 1), Album: "8"})
	s.Post(telegramtest.Post{User: ben, Chat: group, Photo: photo(t, 1), Album: "7"})
	last := s.Post(telegramtest.Post{User: ann, Chat: group, Text: called})
	first, second, end := <-seen, <-seen, <-seen
	if first.Album == "" || first.Album != second.Album || first.Photo == nil || second.Photo == nil {
		t.Errorf("the album came as %#v and %#v", first, second)
	}
	if end.At != addressOf(last) {
		t.Errorf("an album that nobody asked about came as %#v", end)
	}
}

func TestTopics(t *testing.T) {
	s, group, seen := inGroup(t)
	thread := s.NewTopic(group)
	sent := s.Post(telegramtest.Post{User: ann, Chat: group, Thread: thread, Text: called, Photo: photo(t, 1)})
	if m := <-seen; m.At.Thread != fmt.Sprint(thread) {
		t.Errorf("the topic is %q, want %d", m.At.Thread, thread)
	}
	reply := s.WaitForText(group, "reply")
	if reply.Thread != thread || reply.ReplyTo != sent.ID {
		t.Errorf("the reply is in topic %d, to %d", reply.Thread, reply.ReplyTo)
	}
	if got := s.WaitForNotice(s.Press(ann, reply, "a")); got != fmt.Sprint("true ", thread) {
		t.Errorf("notice: %q", got)
	}
}

func TestGroupBecomesASupergroup(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	group := s.NewBasicGroup()
	asked := s.Post(telegramtest.Post{User: ann, Chat: group, Text: called, Photo: photo(t, 1)})
	old, err := a.Send(t.Context(), addressOf(asked), bot.Reply{Text: "Looking"})
	if err != nil {
		t.Fatal(err)
	}
	moved := s.Upgrade(group)
	if err := a.Edit(t.Context(), old, bot.Reply{Text: "answer"}); !errors.Is(err, deepskin.ErrNotFound) {
		t.Errorf("Edit: %v, want ErrNotFound, so that the bot sends a new message", err)
	}
	for _, r := range []bot.Reply{{Text: "answer"}, {Text: "heatmap", Picture: photo(t, 2)}} {
		at, err := a.Send(t.Context(), addressOf(asked), r)
		if err != nil || at.Chat != chatOf(moved).Chat {
			t.Errorf("Send: %v", err)
			continue
		}
		if m := s.WaitForText(moved, r.Text); m.ReplyTo != 0 {
			t.Errorf("%q replies to message %d of another chat", r.Text, m.ReplyTo)
		}
	}
	if err := a.Delete(t.Context(), old); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

// TestRemoved has a group remove the bot, and a person block it, before the answer.
func TestRemoved(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	run(t, a, silent)
	group := s.NewGroup()
	greet(s, ann, ben)
	s.WaitForConfirmation()
	s.Block(group)
	s.Block(ann)
	s.BlockUnnoticed(ben)
	s.WaitForConfirmation()
	for i, to := range []deepskin.Address{chatOf(group), chatOf(ann), chatOf(ben)} {
		if _, err := a.Send(t.Context(), to, bot.Reply{Text: "answer"}); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Send: %v, want ErrNotFound", err)
		}
		to.Message = "1"
		if err := a.Edit(t.Context(), to, bot.Reply{Text: "answer"}); !errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Edit: %v, want ErrNotFound", err)
		}
		if calls := s.Calls("sendMessage") + s.Calls("editMessageText"); i < 2 && calls != 0 {
			t.Errorf("%d calls where the bot is known not to be", calls)
		}
	}
	s.Unblock(ann)
	s.WaitForConfirmation()
	if _, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "answer"}); err != nil {
		t.Errorf("Send to a person who is back: %v", err)
	}
}

func TestTyping(t *testing.T) {
	s, a := connected(t)
	for _, test := range []struct {
		reply bot.Reply
		fault telegramtest.Fault
	}{
		{bot.Reply{Text: "Looking", Working: true}, telegramtest.Fault{}},
		{bot.Reply{Text: "answer"}, telegramtest.Fault{}},
		{bot.Reply{Text: "Looking", Working: true}, telegramtest.Fault{Status: 500}}, // nobody cares
	} {
		if test.fault.Status != 0 {
			s.Fail("sendChatAction", test.fault)
		}
		if _, err := a.Send(t.Context(), chatOf(ann), test.reply); err != nil {
			t.Errorf("Send: %v", err)
		}
	}
	if got := s.Actions(ann); len(got) != 1 || s.Calls("sendChatAction") != 2 {
		t.Errorf("the bot showed %v after %d calls, want one typing and 2 calls", got, s.Calls("sendChatAction"))
	}
}

// A group takes 20 messages a minute, and says so where the bot does not know.
func TestGroupsHaveALimitOfTheirOwn(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.GroupRate, c.GroupBurst, c.MaxWait = 0, 0, time.Second // as outside of tests, but hardly waiting
	a, _ := adapter(t, c)
	group := s.NewGroup()
	s.SetLimits(telegramtest.Limits{ChatRate: 1e6, ChatBurst: 1e6, Overall: 1e6, Group: 20})
	sent := 0
	for range 30 {
		if _, err := a.Send(t.Context(), chatOf(group), bot.Reply{Text: "text"}); err == nil {
			sent++
		}
	}
	if s.Refused() != 0 || sent < 5 || sent > 20 {
		t.Errorf("%d messages went to a group at once, %d were refused", sent, s.Refused())
	}
}
