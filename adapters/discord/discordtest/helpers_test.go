package discordtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/discord/discordtest"
)

// A reply is what the server answers to a call.
type reply struct {
	status  int
	header  http.Header
	body    []byte
	Code    int            `json:"code"`
	Message string         `json:"message"`
	Errors  map[string]any `json:"errors"`
	ID      string         `json:"id"`
}

// into reads the answer's JSON.
func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("decode %q: %v", r.body, err)
	}
}

// send makes a request as the bot; edits change it before.
func send(t *testing.T, s *discordtest.Server, method, path, kind string, body io.Reader, edits ...func(*http.Request)) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://discord.com/api/v10"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+s.Token())
	req.Header.Set("User-Agent", "DiscordBot (https://example.org, 1)")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for _, edit := range edits {
		edit(req)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	if r.body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(r.body, &r) // lists and empty answers have none of these fields
	return r
}

// call makes a request with JSON, none where body is empty.
func call(t *testing.T, s *discordtest.Server, method, path, body string) reply {
	t.Helper()
	if body == "" {
		return send(t, s, method, path, "", nil)
	}
	return send(t, s, method, path, "application/json", strings.NewReader(body))
}

// upload makes a request with JSON and files, by their names.
func upload(t *testing.T, s *discordtest.Server, method, path, body string, files map[string][]byte, edits ...func(*http.Request)) reply {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("payload_json", body)
	n := 0
	for name, data := range files {
		part, _ := form.CreateFormFile(fmt.Sprintf("files[%d]", n), name)
		_, _ = part.Write(data)
		n++
	}
	_ = form.Close()
	return send(t, s, method, path, form.FormDataContentType(), &b, edits...)
}

// get downloads a URL.
func get(t *testing.T, s *discordtest.Server, url string) (status int, data []byte) {
	t.Helper()
	resp, err := s.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, data
}

func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// check is the command that DeepSkin has most use for.
const check = `[{"name":"check","description":"Have a photo looked at","options":[
	{"type":11,"name":"photo","description":"The photo","required":true},
	{"type":5,"name":"share","description":"Show it here"}]}]`

// register sets the bot's global commands.
func register(t *testing.T, s *discordtest.Server, commands string) {
	t.Helper()
	if got := call(t, s, "PUT", "/applications/"+s.BotID()+"/commands", commands); got.status != http.StatusOK {
		t.Fatalf("register commands: %d %s", got.status, got.body)
	}
}

// unlimited lifts the limits.
func unlimited(s *discordtest.Server) { s.SetLimits(discordtest.Limits{}) }

// open returns a session of discordgo with handlers, connected until the test ends.
func open(t *testing.T, s *discordtest.Server, intents discordgo.Intent, handlers ...any) *discordgo.Session {
	t.Helper()
	session, err := discordgo.New("Bot " + s.Token())
	if err != nil {
		t.Fatal(err)
	}
	session.Client = s.Client()
	session.Identify.Intents = intents
	session.LogLevel = -1
	for _, h := range handlers {
		session.AddHandler(h)
	}
	if err := session.Open(); err != nil {
		t.Fatalf("open the session: %v", err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("close the session: %v", err)
		}
	})
	s.WaitForConnection()
	return session
}

// texts are what messages say.
func texts(messages []discordtest.Message) []string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Text())
	}
	return list
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
