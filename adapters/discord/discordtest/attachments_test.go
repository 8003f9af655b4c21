package discordtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/discord/discordtest"
)

// TestAttachmentsExpire downloads a file in time, too late, by a fresh URL, and by one that was
// tampered with.
func TestAttachmentsExpire(t *testing.T) {
	s := discordtest.New(t)
	ann := s.AddPerson("ann")
	data := photo(t, 20, 10)
	sent := ann.Send(ann.DM(), "look", discordtest.File{Name: "my mole.png", Data: data})
	path := "/channels/" + sent.Channel + "/messages/" + sent.ID
	read := func() (url string) {
		t.Helper()
		var message struct {
			Attachments []struct {
				URL, Filename string
				Proxy         string `json:"proxy_url"`
				Type          string `json:"content_type"`
				Size, Width   int
			}
		}
		call(t, s, "GET", path, "").into(t, &message)
		a := message.Attachments[0]
		if a.Type != "image/png" || a.Width != 20 || a.Size != len(data) || a.Filename != "my mole.png" ||
			!strings.HasPrefix(a.URL, "https://cdn.discordapp.com/attachments/") || !strings.HasPrefix(a.Proxy, "https://media.discordapp.net/") {
			t.Fatalf("the attachment is %+v", a)
		}
		return a.URL
	}
	url := read()
	if status, got := get(t, s, url); status != http.StatusOK || string(got) != string(data) {
		t.Errorf("in time: %d, %d bytes", status, len(got))
	}
	bare, _, _ := strings.Cut(url, "?")
	for name, wrong := range map[string]string{"no signature": bare, "other expiry": strings.Replace(url, "ex=", "ex=f", 1)} {
		if status, _ := get(t, s, wrong); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	s.Advance(24 * time.Hour)
	if status, _ := get(t, s, url); status != http.StatusNotFound {
		t.Errorf("too late: %d", status)
	}
	url = read()
	if status, _ := get(t, s, url); status != http.StatusOK {
		t.Errorf("by a fresh URL: %d", status)
	}
	ann.Delete(sent)
	if status, _ := get(t, s, url); status != http.StatusNotFound {
		t.Errorf("of a deleted message: %d", status)
	}
	large := ann.Send(ann.DM(), "", discordtest.File{Name: "a.png", Data: data, Size: 30 << 20})
	var message struct{ Attachments []struct{ Size int } }
	call(t, s, "GET", "/channels/"+large.Channel+"/messages/"+large.ID, "").into(t, &message)
	if message.Attachments[0].Size != 30<<20 {
		t.Errorf("a large file has %d bytes", message.Attachments[0].Size)
	}
	url = s.Message(large.ID).Attachments[0].URL
	s.ForgetAttachments()
	if status, _ := get(t, s, url); status != http.StatusNotFound || s.Calls(discordtest.Download) != 7 {
		t.Errorf("forgotten: %d, after %d downloads", status, s.Calls(discordtest.Download))
	}
}
