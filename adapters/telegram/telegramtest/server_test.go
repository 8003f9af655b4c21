package telegramtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

const user = 42

// An answer is what the server says to a call.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// call makes a call with pairs of parameter names and values.
func call(t *testing.T, s *telegramtest.Server, method string, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return read(t, func() (*http.Response, error) {
		return http.PostForm(fmt.Sprintf(s.Endpoint(), s.Token(), method), form)
	})
}

// upload makes a call with one file.
func upload(t *testing.T, s *telegramtest.Server, method, part string, data []byte, pairs ...string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		_ = form.WriteField(pairs[i], pairs[i+1])
	}
	file, _ := form.CreateFormFile(part, "a.jpg")
	_, _ = file.Write(data)
	_ = form.Close()
	return read(t, func() (*http.Response, error) {
		return http.Post(fmt.Sprintf(s.Endpoint(), s.Token(), method), form.FormDataContentType(), &body)
	})
}

func read(t *testing.T, do func() (*http.Response, error)) answer {
	t.Helper()
	resp, err := do()
	if err != nil {
		t.Fatalf("call the server: %v", err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatalf("decode the answer: %v", err)
	}
	if a.OK != (resp.StatusCode == http.StatusOK) || !a.OK && a.Code != resp.StatusCode {
		t.Errorf("status %d with %+v", resp.StatusCode, a)
	}
	return a
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRefusals(t *testing.T) {
	s := telegramtest.New(t)
	s.SetLimits(telegramtest.Limits{ChatRate: 1e6, ChatBurst: 1e6, Overall: 1e6})
	theirs := s.SendText(user, user, "hello")
	s.SendText(43, 43, "hello")
	s.Block(43)
	text := call(t, s, "sendMessage", "chat_id", "42", "text", "text")
	shown := upload(t, s, "sendPhoto", "photo", picture(t, 90, 60), "chat_id", "42", "caption", "caption")
	if !text.OK || !shown.OK {
		t.Fatalf("a message was refused: %+v %+v", text, shown)
	}
	textID, photoID := fmt.Sprint(s.FromBot(user)[0].ID), fmt.Sprint(s.FromBot(user)[1].ID)
	button := func(data string) string {
		return fmt.Sprintf(`{"inline_keyboard":[[{"text":"x","callback_data":%q}]]}`, data)
	}
	tests := []struct {
		name, method string
		pairs        []string
		code         int
		description  string
	}{
		{"unknown method", "sendFax", nil, 404, "Not Found"},
		{"unknown parameter", "sendMessage", []string{"chat_id", "42", "text", "x", "textt", "x"}, 400, "unknown parameter"},
		{"unknown chat", "sendMessage", []string{"chat_id", "44", "text", "x"}, 400, "chat not found"},
		{"no chat", "sendMessage", []string{"chat_id", "x", "text", "x"}, 400, "must be an integer"},
		{"blocked", "sendMessage", []string{"chat_id", "43", "text", "x"}, 403, "bot was blocked by the user"},
		{"empty", "sendMessage", []string{"chat_id", "42", "text", " \n"}, 400, "message text is empty"},
		{"empty after parsing", "sendMessage", []string{"chat_id", "42", "text", "<b></b>", "parse_mode", "HTML"}, 400, "message text is empty"},
		{"too long", "sendMessage", []string{"chat_id", "42", "text", strings.Repeat("x", 4097)}, 400, "message is too long"},
		{"too long in UTF-16", "sendMessage", []string{"chat_id", "42", "text", strings.Repeat("🙂", 2049)}, 400, "message is too long"},
		{"not UTF-8", "sendMessage", []string{"chat_id", "42", "text", "\xff"}, 400, "must be encoded in UTF-8"},
		{"unknown tag", "sendMessage", []string{"chat_id", "42", "text", "a <3 b > c", "parse_mode", "HTML"}, 400, "can't parse entities"},
		{"tag without end", "sendMessage", []string{"chat_id", "42", "text", "<b>x", "parse_mode", "HTML"}, 400, "can't parse entities"},
		{"crossed tags", "sendMessage", []string{"chat_id", "42", "text", "<b><i>x</b></i>", "parse_mode", "HTML"}, 400, "can't parse entities"},
		{"end without tag", "sendMessage", []string{"chat_id", "42", "text", "x</b>", "parse_mode", "HTML"}, 400, "can't parse entities"},
		{"long button data", "sendMessage", []string{"chat_id", "42", "text", "x", "reply_markup", button(strings.Repeat("x", 65))}, 400, "BUTTON_DATA_INVALID"},
		{"no button data", "sendMessage", []string{"chat_id", "42", "text", "x", "reply_markup", button("")}, 400, "BUTTON_DATA_INVALID"},
		{"reply to nothing", "sendMessage", []string{"chat_id", "42", "text", "x", "reply_parameters", `{"message_id":999}`}, 400, "message to be replied not found"},
		{"not modified", "editMessageText", []string{"chat_id", "42", "message_id", textID, "text", "text"}, 400, "message is not modified"},
		{"edit nothing", "editMessageText", []string{"chat_id", "42", "message_id", "999", "text", "x"}, 400, "message to edit not found"},
		{"edit another's", "editMessageText", []string{"chat_id", "42", "message_id", fmt.Sprint(theirs.ID), "text", "x"}, 400, "message can't be edited"},
		{"edit a picture's text", "editMessageText", []string{"chat_id", "42", "message_id", photoID, "text", "x"}, 400, "there is no text in the message to edit"},
		{"edit a text's caption", "editMessageCaption", []string{"chat_id", "42", "message_id", textID, "caption", "x"}, 400, "there is no caption in the message to edit"},
		{"long caption", "editMessageCaption", []string{"chat_id", "42", "message_id", photoID, "caption", strings.Repeat("x", 1025)}, 400, "message caption is too long"},
		{"media without upload", "editMessageMedia", []string{"chat_id", "42", "message_id", textID, "media", `{"type":"photo","media":"attach://x"}`}, 400, "no such part"},
		{"photo without upload", "sendPhoto", []string{"chat_id", "42"}, 400, "there is no photo in the request"},
		{"delete nothing", "deleteMessage", []string{"chat_id", "42", "message_id", "999"}, 400, "message to delete not found"},
		{"unknown file", "getFile", []string{"file_id", "x"}, 400, "wrong file_id"},
		{"unknown query", "answerCallbackQuery", []string{"callback_query_id", "x"}, 400, "query is too old"},
		{"bad command", "setMyCommands", []string{"commands", `[{"command":"/start","description":"x"}]`}, 400, "BOT_COMMAND_INVALID"},
		{"bad description", "setMyCommands", []string{"commands", `[{"command":"a","description":"` + strings.Repeat("x", 257) + `"}]`}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"same command twice", "setMyCommands", []string{"commands", `[{"command":"a","description":"x"},{"command":"a","description":"y"}]`}, 400, "BOT_COMMANDS_DUPLICATED"},
		{"menu for a region", "setMyCommands", []string{"commands", "[]", "language_code", "pt-br"}, 400, "invalid language code"},
		{"bad limit", "getUpdates", []string{"limit", "101"}, 400, "out of range"},
	}
	for _, test := range tests {
		got := call(t, s, test.method, test.pairs...)
		if got.Code != test.code || !strings.Contains(got.Description, test.description) {
			t.Errorf("%s: %d %q, want %d %q", test.name, got.Code, got.Description, test.code, test.description)
		}
	}
	if got := len(s.FromBot(user)); got != 2 {
		t.Errorf("the chat shows %d messages of the bot, want 2", got)
	}

	wrong := read(t, func() (*http.Response, error) {
		return http.PostForm(fmt.Sprintf(s.Endpoint(), "7000000001:wrong", "getMe"), nil)
	})
	if wrong.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token gets %d", wrong.Code)
	}
	for name, data := range map[string][]byte{
		"no picture": []byte("GIF89a"), "nothing": {}, "too wide": picture(t, 2100, 100), "cut off": picture(t, 90, 60)[:300],
	} {
		if got := upload(t, s, "sendPhoto", "photo", data, "chat_id", "42"); got.Code != 400 {
			t.Errorf("upload of %s: %+v, want a refusal", name, got)
		}
	}
}

// TestUpdatesComeUntilConfirmed reads the same update until the offset passes it.
func TestUpdatesComeUntilConfirmed(t *testing.T) {
	s := telegramtest.New(t)
	s.SendText(user, user, "one")
	s.SendText(user, user, "two")
	ids := func(pairs ...string) []int {
		t.Helper()
		var list []struct {
			ID int `json:"update_id"`
		}
		if err := json.Unmarshal(call(t, s, "getUpdates", pairs...).Result, &list); err != nil {
			t.Fatal(err)
		}
		var ids []int
		for _, u := range list {
			ids = append(ids, u.ID)
		}
		return ids
	}
	all := ids()
	again := ids("offset", fmt.Sprint(all[0]))
	if len(all) != 2 || len(again) != 2 || all[0] != again[0] || all[1] != all[0]+1 {
		t.Fatalf("updates %v, then %v", all, again)
	}
	if got := ids("limit", "1"); len(got) != 1 || got[0] != all[0] {
		t.Errorf("with limit 1: %v", got)
	}
	if got := ids("offset", fmt.Sprint(all[1])); len(got) != 1 || got[0] != all[1] {
		t.Errorf("after the first: %v", got)
	}
	if got := ids("offset", fmt.Sprint(all[1]+1), "allowed_updates", `["callback_query"]`); len(got) != 0 || s.Unconfirmed() != 0 {
		t.Errorf("after both: %v", got)
	}
	s.SendText(user, user, "not asked for")
	if got := ids(); len(got) != 0 {
		t.Errorf("updates that are not allowed: %v", got)
	}
}

// TestSecondPollEndsTheFirst also shows that a poll waits, and that a webhook prevents it.
func TestSecondPollEndsTheFirst(t *testing.T) {
	s := telegramtest.New(t)
	first := make(chan answer, 1)
	go func() { first <- call(t, s, "getUpdates", "timeout", "50") }()
	s.WaitFor("the first poll", s.Polling)
	second := make(chan answer, 1)
	go func() { second <- call(t, s, "getUpdates", "timeout", "50") }()
	if got := <-first; got.Code != http.StatusConflict {
		t.Errorf("the first poll ended with %+v", got)
	}
	s.SendText(user, user, "hello")
	if got := <-second; !got.OK || !strings.Contains(string(got.Result), "hello") {
		t.Errorf("the second poll ended with %+v", got)
	}
	s.SetWebhook("https://example.org/")
	if got := call(t, s, "getUpdates"); got.Code != http.StatusConflict {
		t.Errorf("a poll beside a webhook got %+v", got)
	}
}

func TestFiles(t *testing.T) {
	s := telegramtest.New(t)
	photo := picture(t, 200, 100)
	s.SendPhoto(user, user, photo)
	s.SendLargeDocument(user, user, "a.jpg", "image/jpeg", 20<<20+1)
	var updates []struct {
		Message struct {
			Photo []struct {
				ID    string `json:"file_id"`
				Width int    `json:"width"`
			} `json:"photo"`
			Document struct {
				ID string `json:"file_id"`
			} `json:"document"`
		} `json:"message"`
	}
	if err := json.Unmarshal(call(t, s, "getUpdates").Result, &updates); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, size := range updates[0].Message.Photo {
		if size.Width != 200 {
			continue
		}
		found = true
		var file struct {
			Path string `json:"file_path"`
		}
		if err := json.Unmarshal(call(t, s, "getFile", "file_id", size.ID).Result, &file); err != nil {
			t.Fatal(err)
		}
		resp, err := http.Get(s.URL() + "/file/bot" + s.Token() + "/" + file.Path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !bytes.Equal(got, photo) {
			t.Errorf("the download has %d bytes (%v), want %d", len(got), err, len(photo))
		}
	}
	if !found {
		t.Errorf("the photo has no full size: %+v", updates[0].Message.Photo)
	}
	if got := call(t, s, "getFile", "file_id", updates[1].Message.Document.ID); got.Code != 400 || !strings.Contains(got.Description, "file is too big") {
		t.Errorf("a file over 20 MB: %+v", got)
	}
}

func TestQueriesAreAnsweredOnce(t *testing.T) {
	s := telegramtest.New(t)
	s.SendText(user, user, "hello")
	call(t, s, "sendMessage", "chat_id", "42", "text", "menu")
	menu := s.FromBot(user)[0]
	press := s.Press(user, menu, "x")
	if got := call(t, s, "answerCallbackQuery", "callback_query_id", press, "text", "thanks"); !got.OK {
		t.Errorf("first answer: %+v", got)
	}
	if got := s.WaitForNotice(press); got != "thanks" {
		t.Errorf("notice is %q", got)
	}
	if got := call(t, s, "answerCallbackQuery", "callback_query_id", press); got.OK {
		t.Error("a press was answered twice")
	}
	late := s.Press(user, menu, "x")
	s.ExpireQueries()
	if got := call(t, s, "answerCallbackQuery", "callback_query_id", late); got.OK {
		t.Error("a press was answered too late")
	}
	long := s.Press(user, menu, "x")
	if got := call(t, s, "answerCallbackQuery", "callback_query_id", long, "text", strings.Repeat("x", 201)); got.OK {
		t.Error("a notice of 201 characters was shown")
	}
}

func TestLimits(t *testing.T) {
	send := func(s *telegramtest.Server, chat string) answer {
		t.Helper()
		return call(t, s, "sendMessage", "chat_id", chat, "text", "x")
	}
	t.Run("chat", func(t *testing.T) {
		s := telegramtest.New(t)
		s.SetLimits(telegramtest.Limits{ChatRate: 1e-3, ChatBurst: 2, Overall: 1e6})
		s.SendText(user, user, "hello")
		s.SendText(43, 43, "hello")
		for i, want := range []bool{true, true, false, false} {
			if got := send(s, "42"); got.OK != want || !want && (got.Code != 429 || got.Parameters.RetryAfter < 1) {
				t.Errorf("message %d: %+v", i+1, got)
			}
		}
		if s.Refused() != 2 || s.Disobeyed() != 1 {
			t.Errorf("%d refused and %d disobeyed, want 2 and 1", s.Refused(), s.Disobeyed())
		}
		if got := send(s, "43"); !got.OK {
			t.Errorf("another chat: %+v", got)
		}
	})
	t.Run("overall", func(t *testing.T) {
		s := telegramtest.New(t)
		s.SetLimits(telegramtest.Limits{ChatRate: 1e6, ChatBurst: 1e6, Overall: 0})
		s.SendText(user, user, "hello")
		if got := send(s, "42"); got.Code != 429 || got.Parameters.RetryAfter != 1 {
			t.Errorf("one too many: %+v", got)
		}
	})
}

// TestDisturbedCalls also counts the messages of which a bot cannot know.
func TestDisturbedCalls(t *testing.T) {
	s := telegramtest.New(t)
	s.SendText(user, user, "hello")
	send := func() error {
		t.Helper()
		resp, err := http.PostForm(fmt.Sprintf(s.Endpoint(), s.Token(), "sendMessage"), url.Values{"chat_id": {"42"}, "text": {"x"}})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	s.Fail("sendMessage", telegramtest.Fault{LoseAnswer: true}, telegramtest.Fault{CutAnswer: true}, telegramtest.Fault{HangUp: true})
	for i, want := range []error{io.EOF, io.ErrUnexpectedEOF, io.EOF} {
		if err := send(); !errors.Is(err, want) {
			t.Errorf("message %d: %v, want %v", i+1, err, want)
		}
	}
	if shown, unknown := len(s.FromBot(user)), s.Unknown(user); shown != 2 || unknown != 2 {
		t.Errorf("%d messages, %d of them of unknown fate; want 2 and 2", shown, unknown)
	}
	s.Disturb(func(method string) telegramtest.Fault {
		if method != "sendMessage" {
			t.Errorf("asked about %s", method)
		}
		return telegramtest.Fault{Status: http.StatusInternalServerError}
	})
	if got := call(t, s, "sendMessage", "chat_id", "42", "text", "x"); got.Code != http.StatusInternalServerError {
		t.Errorf("a disturbed call: %+v", got)
	}
	s.Disturb(nil)
	if got := call(t, s, "sendMessage", "chat_id", "42", "text", "x"); !got.OK {
		t.Errorf("a call that is not disturbed any more: %+v", got)
	}
}
