package telegramtest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

// free lifts the limits.
func free(s *telegramtest.Server) {
	s.SetLimits(telegramtest.Limits{ChatRate: 1e6, ChatBurst: 1e6, Overall: 1e6})
}

// say sends a message of the bot and returns its ID.
func say(t *testing.T, s *telegramtest.Server, chat int64, text string, replyTo int, pairs ...string) int {
	t.Helper()
	pairs = append(pairs, "chat_id", fmt.Sprint(chat), "text", text)
	if replyTo != 0 {
		pairs = append(pairs, "reply_parameters", fmt.Sprintf(`{"message_id":%d,"allow_sending_without_reply":true}`, replyTo))
	}
	var m struct {
		ID int `json:"message_id"`
	}
	got := call(t, s, "sendMessage", pairs...)
	if err := json.Unmarshal(got.Result, &m); err != nil || m.ID == 0 {
		t.Fatalf("sendMessage: %+v, %v", got, err)
	}
	return m.ID
}

// do makes a call about a message that has to succeed.
func do(t *testing.T, s *telegramtest.Server, method string, chat int64, id int, pairs ...string) {
	t.Helper()
	pairs = append(pairs, "chat_id", fmt.Sprint(chat), "message_id", fmt.Sprint(id))
	if got := call(t, s, method, pairs...); !got.OK {
		t.Fatalf("%s: %+v", method, got)
	}
}

func answers(text string) bool { return strings.HasPrefix(text, "Answer") }

// TestHistory tells photos apart that were answered once, late, twice, twice in one message, and
// never.
func TestHistory(t *testing.T) {
	s := telegramtest.New(t)
	free(s)
	photo := picture(t, 90, 60)
	buttons := func(id string) string {
		return fmt.Sprintf(`{"inline_keyboard":[[{"text":"x","callback_data":"agree:%s"}]]}`, id)
	}
	tests := []struct {
		name      string
		answer    func(photo int)
		now, ever int
	}{
		{"once", func(photo int) {
			ack := say(t, s, user, "Looking", photo)
			do(t, s, "editMessageText", user, ack, "text", "Answer", "reply_markup", buttons("once"))
			do(t, s, "editMessageText", user, ack, "text", "Answer. Thank you")
		}, 1, 1},
		{"late", func(photo int) {
			ack := say(t, s, user, "Looking", photo)
			say(t, s, user, "Answer", ack, "reply_markup", buttons("late"))
			do(t, s, "deleteMessage", user, ack)
		}, 1, 1},
		{"twice", func(photo int) {
			say(t, s, user, "Answer 1", photo, "reply_markup", buttons("twice"))
			say(t, s, user, "Answer 2", photo, "reply_markup", buttons("twice"))
		}, 2, 2},
		{"twice, the first one deleted", func(photo int) {
			first := say(t, s, user, "Answer 1", photo)
			say(t, s, user, "Answer 2", photo)
			do(t, s, "deleteMessage", user, first)
		}, 1, 2},
		{"answered, then something else", func(photo int) {
			ack := say(t, s, user, "Answer", photo)
			do(t, s, "editMessageText", user, ack, "text", "Sorry")
		}, 0, 1},
		{"never", func(int) {}, 0, 0},
	}
	var photos []int
	for _, test := range tests {
		sent := s.SendPhoto(user, user, photo).ID
		photos = append(photos, sent)
		test.answer(sent)
	}
	say(t, s, user, "Hello", 0)
	threads := s.Threads(user)
	for i, test := range tests {
		if now, ever := telegramtest.Settled(threads[photos[i]], answers); now != test.now || ever != test.ever {
			t.Errorf("%s: %d answers now and %d ever, want %d and %d", test.name, now, ever, test.now, test.ever)
		}
	}
	if len(threads) != len(tests)+1 || len(threads[0]) != 1 || threads[0][0].Text != "Hello" {
		t.Errorf("there are %d threads, and without one: %+v", len(threads), threads[0])
	}
	counts := map[string]int{}
	for id, messages := range s.Cases(user) {
		counts[id] = len(messages)
	}
	// Without a case are the late one's acknowledgement, two messages of the fourth, one of the
	// fifth and the greeting.
	if want := map[string]int{"once": 1, "late": 1, "twice": 2, "": 5}; !reflect.DeepEqual(counts, want) {
		t.Errorf("messages by case: %v, want %v", counts, want)
	}
	var texts []string
	shown := threads[photos[0]][0].Shown
	for i, showing := range shown {
		texts = append(texts, showing.Text)
		if i > 0 && showing.At.Before(shown[i-1].At) {
			t.Error("the showings are not in order")
		}
	}
	if want := []string{"Looking", "Answer", "Answer. Thank you"}; !reflect.DeepEqual(texts, want) {
		t.Errorf("the first message showed %q, want %q", texts, want)
	}
}

// TestManyPeople holds the server to counting as many photos as an evening brings.
func TestManyPeople(t *testing.T) {
	const people, each = 50, 40
	s := telegramtest.New(t)
	free(s)
	photo := picture(t, 90, 60)
	for i := range int64(people) {
		for range each {
			s.SendPhoto(1000+i, 1000+i, photo)
		}
	}
	next := 0
	for s.Unconfirmed() > 0 {
		var updates []struct {
			ID      int `json:"update_id"`
			Message struct {
				ID   int `json:"message_id"`
				Chat struct {
					ID int64 `json:"id"`
				} `json:"chat"`
			} `json:"message"`
		}
		if err := json.Unmarshal(call(t, s, "getUpdates", "offset", fmt.Sprint(next)).Result, &updates); err != nil {
			t.Fatal(err)
		}
		for _, u := range updates {
			next = u.ID + 1
			ack := say(t, s, u.Message.Chat.ID, "Looking", u.Message.ID)
			do(t, s, "editMessageText", u.Message.Chat.ID, ack, "text", "Answer")
		}
	}
	answered := 0
	for i := range int64(people) {
		for photo, thread := range s.Threads(1000 + i) {
			if now, ever := telegramtest.Settled(thread, answers); photo == 0 || now != 1 || ever != 1 {
				t.Fatalf("photo %d of person %d has %d answers now and %d ever", photo, i, now, ever)
			}
			answered++
		}
	}
	if answered != people*each {
		t.Errorf("%d photos were answered, want %d", answered, people*each)
	}
}
