package discord

import (
	"context"
	"encoding/json"
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

// FuzzEvent brings made-up events of the gateway to the desk: commands, presses, forms and messages. It
// is within the package because the desk would log and pass over a panic, which has to show here.
func FuzzEvent(f *testing.F) {
	const head = `{"id":"1001","application_id":"5","token":"dG9rZW4","version":1,"channel_id":"77","guild_id":"9","context":0,"locale":"de",` +
		`"member":{"user":{"id":"42","username":"u"},"roles":["8"]},`
	for _, data := range []string{
		head + `"type":2,"data":{"id":"3","name":"check","type":1,"options":[{"name":"photo","type":11,"value":"600"},` +
			`{"name":"share","type":5,"value":true}],"resolved":{"attachments":{"600":{"id":"600","filename":"a.jpg","size":3,` +
			`"url":"https://cdn.discordapp.com/a.jpg","content_type":"image/jpeg"}}}}}`,
		head + `"type":2,"data":{"id":"3","name":"check","type":1,"options":[{"name":"photo","type":3,"value":7},{"name":"share","type":5,"value":"x"}]}}`,
		head + `"type":3,"data":{"custom_id":"agree:x","component_type":2},"message":{"id":"55","channel_id":"77","flags":64,"embeds":[null]}}`,
		head + `"type":3,"data":{"custom_id":"?4000?comment:x","component_type":2},"message":{"id":"55","components":[{"type":1,` +
			`"components":[{"type":2,"style":1,"label":"Say more","custom_id":"?4000?comment:x"}]}]}}`,
		head + `"type":5,"data":{"custom_id":"comment:x","components":[{"type":1,"components":[{"type":4,"custom_id":"text","value":"words"}]}]}}`,
		head + `"type":4}`, head + `"type":1}`, head + `"type":3}`, head + `"type":5,"data":null}`,
		`{"id":"1","type":3,"data":{},"user":null,"token":"/../"}`, `null`, `[]`, `{"type":"2"}`,
	} {
		f.Add("INTERACTION_CREATE", []byte(data))
	}
	for _, data := range []string{
		`{"id":"60","channel_id":"77","guild_id":"9","author":{"id":"42"},"attachments":[{"id":"1","filename":"a.jpg","size":3,"url":"x"},null]}`,
		`{"id":"61","channel_id":"78","author":{"id":"42"},"content":"/help me","type":19,"message_reference":{}}`,
		`{"id":"x","author":{},"attachments":{}}`, `{"id":null,"author":null,"timestamp":"?"}`, `null`,
	} {
		f.Add("MESSAGE_CREATE", []byte(data))
		f.Add("MESSAGE_DELETE", []byte(data))
	}
	f.Add("MESSAGE_DELETE_BULK", []byte(`{"ids":["1","",null],"channel_id":"77","guild_id":"9"}`))

	reply := bot.Reply{Title: "t", Text: "x", Case: "c"}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if !json.Valid(data) {
			return // the frame around it could not have been read
		}
		log := &logtest.Log{}
		a, err := New(Config{
			Token: "a.b.c", Channels: []string{"77"}, TeamChannel: "78", ReviewerRole: "8", HTTPClient: &http.Client{Transport: content{}},
			Rate: 1e9, MaxWait: time.Millisecond, Backoff: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(t.Context(), a, adaptertest.Handler{
			OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
				if m.Sender.Platform != Name || m.At.Platform != Name || m.Event == "" {
					t.Errorf("%s is read as %+v", data, m)
				}
				return reply, nil
			},
			OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
				if p.Sender.Platform != Name || p.Sender.ID == "" || len(p.Text) > 4*maxAnswer {
					t.Errorf("%s is read as %+v", data, p)
				}
				return bot.PressReply{Notice: "n", Edit: &reply, Send: &reply}, nil
			},
		})
		d.take(kind, data)
		d.wait()
		if strings.Contains(log.String(), "panic") {
			t.Fatalf("%s %s: %s", kind, data, log)
		}
	})
}

// content is a Discord that is content with everything.
type content struct{}

// RoundTrip implements http.RoundTripper.
func (content) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"id":"12345","channel_id":"77"}`)),
	}, nil
}
