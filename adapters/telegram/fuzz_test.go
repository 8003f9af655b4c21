package telegram

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/internal/adaptertest"
	"deepskin/bot"
	"deepskin/internal/logtest"
)

// FuzzUpdate brings made-up updates to the desk. It is within the package because the desk would log and
// pass over a panic, which has to show here.
func FuzzUpdate(f *testing.F) {
	const chat = `"chat":{"id":42,"type":"private"},"from":{"id":42,"language_code":"de"},"message_id":7`
	const group = `"chat":{"id":-9,"type":"supergroup"},"from":{"id":42},"message_id":7,"message_thread_id":3,"is_topic_message":true`
	for _, update := range []string{
		`"message":{` + chat + `,"text":"/start@deepskin_bot now","entities":[{"type":"bot_command","offset":0,"length":19}]}`,
		`"message":{` + chat + `,"text":"/x","entities":[{"type":"bot_command","offset":0,"length":99}]}`,
		`"message":{` + chat + `,"text":"/x","entities":[{"type":"bot_command","offset":0,"length":-9}]}`,
		`"message":{` + chat + `,"photo":[{"file_id":"a","file_unique_id":"b","width":9,"height":9}],"media_group_id":"g"}`,
		`"message":{` + chat + `,"document":{"file_id":"a","file_unique_id":"b","mime_type":"image/png","file_name":"../x","file_size":99999999}}`,
		`"edited_message":{` + chat + `,"photo":[],"edit_date":5}`,
		`"message":{` + group + `,"text":"hi @deepskin_bot","entities":[{"type":"mention","offset":3,"length":13}],"reply_to_message":{"photo":[{"file_id":"a"}],"from":{"id":42}}}`,
		`"message":{` + group + `,"caption":"@deepskin_bot","caption_entities":[{"type":"mention","offset":9223372036854775807,"length":1}],"photo":[{}]}`,
		`"message":{` + group + `,"text":"x","reply_to_message":{"from":{"id":1},"text":"y"}}`,
		`"callback_query":{"id":"q","from":{"id":42},"data":"agree:x","message":{` + chat + `}}`,
		`"callback_query":{"id":"q","from":null,"data":"agree:x","message":{"chat":null}}`,
		`"callback_query":{"id":"q"}`, `"callback_query":null`,
		`"my_chat_member":{"chat":{"id":42,"type":"private"},"new_chat_member":{"status":"kicked"}}`, `"message":{}`, `"message":{"chat":{"type":"private"},"from":{}}`,
	} {
		f.Add([]byte(`{"update_id":1,` + update + `}`))
	}
	f.Add([]byte(`{"update_id":"x"}`))

	f.Fuzz(func(t *testing.T, update []byte) {
		if _, err := updateID(update); err != nil {
			return // passed over before anything else
		}
		log := &logtest.Log{}
		a, err := New(Config{
			Token: "1:a", HTTPClient: &http.Client{Transport: content{}}, Rate: 1e9, ChatRate: 1e9, GroupRate: 1e9, MaxWait: time.Millisecond,
			Backoff: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(t.Context(), a, adaptertest.Handler{
			OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
				if m.Sender.Platform != Name || m.At.Platform != Name || m.Event == "" {
					t.Errorf("%s is read as %+v", update, m)
				}
				return bot.Reply{Text: "x"}, nil
			},
			OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
				if p.Sender.Platform != Name || p.Data == "" || len(p.Data) > maxData {
					t.Errorf("%s is read as %+v", update, p)
				}
				return bot.PressReply{Notice: "n", Send: &bot.Reply{Text: "x"}}, nil
			},
		}, identity{ID: 1, Username: "deepskin_bot"})
		if err := d.take(t.Context(), update); err != nil {
			t.Errorf("%s comes again for ever: %v", update, err)
		}
		d.wait()
		if strings.Contains(log.String(), "panic") {
			t.Fatalf("%s: %s", update, log)
		}
	})
}

// content is a Telegram that is content with everything.
type content struct{}

// RoundTrip implements http.RoundTripper.
func (content) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"ok":true,"result":{"message_id":8,"chat":{"id":42}}}`)),
	}, nil
}
