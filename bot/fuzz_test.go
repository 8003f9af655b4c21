package bot_test

import (
	"reflect"
	"strings"
	"testing"

	"deepskin"
	"deepskin/bot"
)

// FuzzPress presses buttons that nobody was shown: clients may send any data. CASE in it stands for the
// ID of alice's answered case. Whatever the data, bob learns nothing of the case and changes nothing, and
// alice gets no error.
func FuzzPress(f *testing.F) {
	for _, data := range []string{
		"agree:CASE", "dispute:CASE", "truth:CASE:benign", "truth:CASE:wart", "keep:CASE:yes", "keep:CASE:no", "heatmap:CASE",
		"show:CASE", "consent:CASE:yes", "consent:CASE:no", "language:de", "language:xx", "details:CASE", "comment:CASE",
		"review:CASE:mel", "review:CASE:rejected", "agree:", ":CASE:", "", "agree:CASE:CASE", "?4000?comment:CASE", "agree:\x00",
	} {
		for far := range uint8(3) {
			f.Add(data, "It was ink.", far)
		}
	}
	f.Fuzz(func(t *testing.T, data, text string, far uint8) {
		withAnswer(t, func(t *testing.T, w *world, answer post) {
			if far >= 1 {
				w.tap(alice, answer, "👎")
			}
			if far >= 2 { // the team reviews it
				w.press(alice, answer, "keep:"+string(w.case1().ID)+":yes")
			}
			before := w.case1()
			data := strings.ReplaceAll(data, "CASE", string(before.ID))
			stranger := bot.Press{Sender: bob, At: deepskin.Address{Platform: platform, Chat: chatOf(bob)}, Data: data, Text: text}
			reply, err := w.bot.Press(t.Context(), stranger)
			if err != nil {
				t.Fatalf("%q of a stranger: %v", data, err)
			}
			asks := strings.HasPrefix(data, "language:") // of nobody's case
			if !asks && (reply.Edit != nil || reply.Send != nil) {
				t.Errorf("%q shows a stranger %+v, %+v", data, reply.Edit, reply.Send)
			}
			if strings.Contains(reply.Notice, string(before.ID)) || strings.Contains(reply.Notice, "pixels") {
				t.Errorf("%q tells a stranger %q", data, reply.Notice)
			}
			if after := w.case1(); !reflect.DeepEqual(after, before) {
				t.Errorf("%q of a stranger turns %+v into %+v", data, before, after)
			}
			if _, err := w.bot.Press(t.Context(), bot.Press{Sender: alice, At: answer.at, Data: data, Text: text}); err != nil {
				t.Fatalf("%q of the owner: %v", data, err)
			}
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			if r := w.store.reviews[before.ID]; r != nil && len(r.votes) > 0 {
				t.Errorf("%q is a vote of somebody who is no reviewer", data)
			}
		})
	})
}
