package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

// What people send and who they are must not be in the log, at any level, whatever goes wrong.
func TestLogTellsNothingOfPeople(t *testing.T) {
	fake := telegramtest.New(t)
	s := start(t, withTelegram(fake, environ(t, nil)))
	const said = "my-private-words"
	content := photo(t, 1)

	fake.SendText(anna, anna, said)
	shown(t, fake, anna, "only look at photos")
	fake.Fail("editMessageText", telegramtest.Fault{Status: 502}, telegramtest.Fault{HangUp: true})
	fake.Fail("download", telegramtest.Fault{HangUp: true})
	fake.SendPhoto(anna, anna, content)
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	answer := shown(t, fake, anna, "from one photo, not a diagnosis")
	tap(t, fake, anna, answer, "👎")
	fake.Press(anna, answer, said)
	fake.Block(anna)
	fake.SendPhoto(anna, anna, photo(t, 2))

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	for _, path := range []string{"/", "/v1/cases/" + said, "/" + said} {
		response, err := browser.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	var form bytes.Buffer
	fields := multipart.NewWriter(&form)
	file, err := fields.CreateFormFile("photo", said+".jpg")
	if err == nil {
		_, err = file.Write(content)
	}
	if err = errors.Join(err, fields.WriteField("consent", "true"), fields.Close()); err != nil {
		t.Fatal(err)
	}
	response, err := browser.Post(s.url+"/v1/cases", fields.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	home, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"token": fake.Token(), "token's secret part": fake.Token()[len(fake.Token())-12:],
		"chat ID": strconv.Itoa(anna), "words": said,
		"photo": string(content[200:220]), "photo in base64": base64.StdEncoding.EncodeToString(content[:300])[40:80],
		"photo in hex": hex.EncodeToString(content[200:220]),
	}
	for _, cookie := range jar.Cookies(home) {
		secrets["session"] = cookie.Value
	}
	if _, ok := secrets["session"]; !ok {
		t.Fatal("the upload brought no session cookie, so this test looks for nothing")
	}
	eventually(t, "the other photos are settled", func() bool {
		return strings.Count(s.log.String(), "case answered") == 3
	})
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	log := s.log.String()
	if !strings.Contains(log, "case answered") {
		t.Fatal("nothing was logged, so this test proves nothing")
	}
	for name, secret := range secrets {
		if bytes.Contains([]byte(log), []byte(secret)) {
			t.Errorf("the log holds the %s", name)
		}
	}
}
