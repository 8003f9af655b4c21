package telegram_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// TestMessages sends one message after the other and looks at what the bot gets.
func TestMessages(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	seen := make(chan bot.Message, 100)
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		seen <- m
		return bot.Reply{}, nil
	}})
	jpeg := photo(t, 50)

	other := func(kind, content string) func() telegramtest.Message {
		return func() telegramtest.Message { return s.SendOther(ann, ann, kind, content) }
	}
	type want struct {
		command string
		photo   bool
		problem deepskin.Problem
		bytes   []byte // what Fetch gives; nil for not asked
	}
	tests := []struct {
		name string
		send func() telegramtest.Message
		want want
	}{
		{"photo", func() telegramtest.Message { return s.SendPhoto(ann, ann, jpeg) }, want{photo: true, bytes: jpeg}},
		{"JPEG document", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "a.bin", "image/jpeg", jpeg)
		}, want{photo: true, bytes: jpeg}},
		{"HEIC document", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "IMG_1.HEIC", "IMAGE/HEIC", []byte("heic"))
		}, want{photo: true, bytes: []byte("heic")}},
		{"document known by its name", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "mole.WebP", "", jpeg)
		}, want{photo: true, bytes: jpeg}},
		{"document of an unhelpful type", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "mole.jpg", "application/octet-stream", jpeg)
		}, want{photo: true, bytes: jpeg}},
		{"document of 20 MB", func() telegramtest.Message {
			return s.SendLargeDocument(ann, ann, "mole.jpg", "image/jpeg", 20<<20)
		}, want{photo: true}},
		{"document over 20 MB", func() telegramtest.Message {
			return s.SendLargeDocument(ann, ann, "mole.jpg", "image/jpeg", 20<<20+1)
		}, want{photo: true, problem: deepskin.TooManyBytes}},
		{"PDF", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "mole.jpg.pdf", "application/pdf", []byte("%PDF"))
		}, want{}},
		{"PDF named as a picture", func() telegramtest.Message {
			return s.SendDocument(ann, ann, "mole.jpg", "application/pdf", []byte("%PDF"))
		}, want{}},
		{"text", func() telegramtest.Message { return s.SendText(ann, ann, "start") }, want{}},
		{"command", func() telegramtest.Message { return s.SendText(ann, ann, "/start") }, want{command: "start"}},
		{"command with more", func() telegramtest.Message {
			return s.SendText(ann, ann, "/delete everything")
		}, want{command: "delete"}},
		{"command to this bot", func() telegramtest.Message {
			return s.SendText(ann, ann, "/Help@"+telegramtest.Username)
		}, want{command: "help"}},
		{"text of 4,096 emoji", func() telegramtest.Message {
			return s.SendText(ann, ann, strings.Repeat("🙂", 2048))
		}, want{}},
		{"sticker", other("sticker", `{"file_id":"x","emoji":"🙂"}`), want{}},
		{"voice", other("voice", `{"file_id":"x","duration":3}`), want{}},
		{"video", other("video", `{"file_id":"x","duration":3}`), want{}},
		{"video note", other("video_note", `{"file_id":"x","duration":3}`), want{}},
		{"animation", other("animation", `{"file_id":"x","duration":3}`), want{}},
		{"contact", other("contact", `{"phone_number":"1","first_name":"x"}`), want{}},
		{"location", other("location", `{"longitude":1,"latitude":2}`), want{}},
		{"poll", other("poll", `{"id":"1","question":"x","options":[]}`), want{}},
		{"dice", other("dice", `{"emoji":"🎲","value":3}`), want{}},
		{"story", other("story", `{"id":1,"chat":{"id":1}}`), want{}},
		{"command to another bot", func() telegramtest.Message {
			return s.SendText(ann, ann, "/help@another_bot")
		}, want{}},
	}
	events := map[string]bool{}
	for _, test := range tests {
		sent := test.send()
		m := <-seen
		if m.Sender != (deepskin.Sender{Platform: "telegram", ID: chatOf(ann).Chat}) || m.At != addressOf(sent) || m.Consent {
			t.Errorf("%s: came as %#v", test.name, m)
		}
		if m.Command != test.want.command || (m.Photo != nil) != test.want.photo {
			t.Errorf("%s: command %q, photo %v; want %q, %v", test.name, m.Command, m.Photo != nil, test.want.command, test.want.photo)
		}
		if events[m.Event] || m.Event == "" {
			t.Errorf("%s: event %q is not unique", test.name, m.Event)
		}
		events[m.Event] = true
		if m.Photo == nil {
			continue
		}
		if m.Photo.Problem != test.want.problem || m.Photo.Bytes != nil {
			t.Errorf("%s: problem %q, want %q, and %d bytes", test.name, m.Photo.Problem, test.want.problem, len(m.Photo.Bytes))
		}
		if test.want.bytes != nil {
			if got, err := a.Fetch(t.Context(), m.Photo.Source); err != nil || !bytes.Equal(got, test.want.bytes) {
				t.Errorf("%s: Fetch gave %d bytes and %v, want %d bytes", test.name, len(got), err, len(test.want.bytes))
			}
		}
	}
}

func TestAlbumsAndEdits(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	seen := make(chan bot.Message, 100)
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		seen <- m
		return bot.Reply{Text: "reply"}, nil
	}})

	album := s.SendAlbum(ann, ann, photo(t, 10), photo(t, 20), photo(t, 30))
	events, albums := map[string]bool{}, map[string]bool{}
	for _, part := range album {
		m := <-seen
		albums[m.Album] = true
		if m.Photo == nil || m.At != addressOf(part) || m.Album == "" || len(albums) != 1 {
			t.Fatalf("a part of the album came as %#v", m)
		}
		events[m.Event] = true
	}
	replies := s.WaitForMessages(ann, "three replies", func(m []telegramtest.Message) bool { return len(m) == 3 })
	for i, m := range replies {
		if m.ReplyTo != album[i].ID {
			t.Errorf("reply %d is to message %d, want %d", i, m.ReplyTo, album[i].ID)
		}
	}

	for shade := range uint8(2) {
		other := photo(t, 100+shade)
		s.EditPhoto(album[0], other)
		m := <-seen
		if m.Photo == nil || m.At != addressOf(album[0]) || m.Album != "" {
			t.Fatalf("the edited photo came as %#v", m)
		}
		events[m.Event] = true
		if got, err := a.Fetch(t.Context(), m.Photo.Source); err != nil || !bytes.Equal(got, other) {
			t.Errorf("Fetch gave %d bytes and %v, want %d bytes", len(got), err, len(other))
		}
	}
	if len(events) != 5 {
		t.Errorf("5 events have %d names", len(events))
	}

	// The edit of a text says nothing new: the next message that is seen is the one after it.
	text := s.SendText(ann, ann, "helo")
	<-seen
	s.EditText(text, "hello")
	last := s.SendText(ann, ann, "more")
	if m := <-seen; m.At != addressOf(last) {
		t.Errorf("an edited text came as %#v", m)
	}
}

func TestSilence(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	seen := make(chan bot.Message, 100)
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		seen <- m
		return bot.Reply{Text: "reply"}, nil
	}})
	const group = -1001234567890
	s.SendPhoto(ann, group, photo(t, 10))
	s.SendText(ann, group, "/start")
	for kind, content := range map[string]string{
		"new_chat_members": `[{"id":9,"first_name":"x"}]`, "pinned_message": `{"message_id":3,"date":0,"chat":{"id":1}}`,
		"message_auto_delete_timer_changed": `{"message_auto_delete_time":5}`, "video_chat_started": `{}`,
	} {
		s.SendOther(ann, ann, kind, content)
	}
	s.SendUpdate("message", fmt.Sprintf(
		`{"message_id":5,"date":1,"chat":{"id":%d,"type":"private"},"from":{"id":9,"is_bot":true,"first_name":"x"},"text":"hi"}`, ben))
	s.SendUpdate("message", fmt.Sprintf(`{"message_id":6,"date":1,"chat":{"id":%d,"type":"private"},"text":"hi"}`, ben))
	s.SendUpdate("channel_post", `{"message_id":6,"date":1,"chat":{"id":-100777,"type":"channel"},"text":"hi"}`)
	last := s.SendText(ann, ann, "hi")
	if m := <-seen; m.At != addressOf(last) {
		t.Errorf("the bot was told of %#v", m)
	}
	s.WaitForText(ann, "reply")
	if got := s.FromBot(group); len(got) != 0 {
		t.Errorf("the group was told %v", got)
	}
}

// TestPoisonousUpdates shows that what cannot be read, or makes the bot panic, is passed over, and that
// a command that reaches beyond its text is none.
func TestPoisonousUpdates(t *testing.T) {
	s := telegramtest.New(t)
	a, l := adapter(t, quick(s))
	var seen []string
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		if m.Command == "panic" {
			panic("no such thing: " + secret)
		}
		seen = append(seen, m.Command)
		return bot.Reply{Text: "alive"}, nil
	}})
	s.SendUpdate("message", fmt.Sprintf(`{"message_id":1,"date":1,"chat":{"id":%d,"type":"private"},
		"from":{"id":%d,"first_name":"x"},"text":"/%s","entities":[{"type":"bot_command","offset":0,"length":4000}]}`, ann, ann, secret))
	s.SendUpdate("message", `{"message_id":"`+secret+`"}`)
	s.SendUpdate("message", `["`+secret+`"]`)
	s.SendUpdate("message", `{}`)
	s.SendText(ann, ann, "/panic")
	s.SendText(ann, ann, "/start")
	s.WaitForText(ann, "alive")
	s.WaitForConfirmation()
	if want := []string{"", "start"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("the bot saw %q, want %q", seen, want)
	}
	if got := bytes.Count([]byte(l.String()), []byte("passed over")); got != 3 {
		t.Errorf("the log speaks of %d updates passed over, want 3:\n%s", got, l)
	}
}
