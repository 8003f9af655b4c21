package telegram_test

import (
	"context"
	"fmt"
	"testing"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// TestButtonsOfLastYear presses a button below a message so old that Telegram shows bots nothing of it.
func TestButtonsOfLastYear(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	pressed := make(chan bot.Press, 1)
	run(t, a, handler{OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
		pressed <- p
		return bot.PressReply{Notice: "This button no longer works."}, nil
	}})
	// The date 0 marks an inaccessible message.
	s.SendUpdate("callback_query", fmt.Sprintf(`{"id":"77","from":{"id":%d,"first_name":"x"},"chat_instance":"1","data":"agree:old",
		"message":{"chat":{"id":%d,"type":"private"},"message_id":12,"date":0}}`, ann, ann))
	want := deepskin.Address{Platform: "telegram", Chat: chatOf(ann).Chat, Message: "12"}
	if p := <-pressed; p.At != want || p.Data != "agree:old" || p.Sender.ID != want.Chat {
		t.Errorf("the bot was told of %+v", p)
	}
	s.WaitFor("an answer to the press", func() bool { return s.Calls("answerCallbackQuery") == 1 })
}

// TestEditBeforeItsMessage swaps a photo's message and the edit of it: both are photos of their own.
func TestEditBeforeItsMessage(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	seen := make(chan bot.Message, 2)
	run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		seen <- m
		return bot.Reply{}, nil
	}})
	update := func(kind, more, file string) {
		s.SendUpdate(kind, fmt.Sprintf(`{"message_id":9,"date":1,%s"chat":{"id":%d,"type":"private"},"from":{"id":%d,"first_name":"x"},
			"photo":[{"file_id":%q,"file_unique_id":%q,"width":320,"height":240}]}`, more, ann, ann, file, "u-"+file))
	}
	update("edited_message", `"edit_date":2,`, "second")
	update("message", "", "first")
	edited, original := <-seen, <-seen
	if edited.Photo.Source != "second" || original.Photo.Source != "first" || edited.Event == original.Event || edited.At != original.At {
		t.Errorf("the bot was told of %+v and %+v", edited, original)
	}
}
