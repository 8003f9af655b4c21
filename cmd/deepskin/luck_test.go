package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/adapters/web/client"
	"deepskin/classifier/sample"
)

// A badFile is one that is sent as a photo of a spot, and is none. Want is what its sender reads.
type badFile struct {
	name, mime string
	data       []byte
	want       string
	problem    deepskin.Problem
}

func badFiles(t *testing.T) []badFile {
	t.Helper()
	var panorama bytes.Buffer
	if err := jpeg.Encode(&panorama, image.NewGray(image.Rect(0, 0, 12_000, 600)), nil); err != nil {
		t.Fatal(err)
	}
	// The header of a WebP with the bit for animation.
	animated := []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x63\x00\x00\x63\x00\x00")
	return []badFile{
		{"empty.jpg", "image/jpeg", nil, "The file is empty", deepskin.Empty},
		{"page.png", "image/png", []byte("<!DOCTYPE html><title>photo.png</title>"), "not a photo that I can read", deepskin.UnknownFormat},
		{"dance.webp", "image/webp", animated, "not a photo that I can read", deepskin.UnknownFormat},
		{"panorama.jpg", "image/jpeg", panorama.Bytes(), "no estimate for this photo", deepskin.TooDark},
	}
}

// What people send that is no photo of a spot, and still gets an answer.
func TestTelegramBadInput(t *testing.T) {
	fake := telegramtest.New(t)
	start(t, withTelegram(fake, environ(t, nil)))
	fake.SendText(anna, anna, strings.Repeat("🙂", 4096))
	shown(t, fake, anna, "only look at photos")
	for i, bad := range badFiles(t) {
		sent := fake.SendDocument(anna, anna, bad.name, bad.mime, bad.data)
		if i == 0 {
			tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
		}
		eventually(t, bad.name+" is refused", func() bool {
			for _, m := range fake.FromBot(anna) {
				if m.ReplyTo == sent.ID && strings.Contains(m.Text, bad.want) {
					return true
				}
			}
			return false
		})
	}
}

func TestDiscordBadInput(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	ann := fake.AddPerson("ann")
	start(t, withDiscord(fake, environ(t, nil)))
	fake.WaitForConnection()
	a := reader{fake, ann, ann.DM()}
	ann.Send(a.channel, strings.Repeat("🙂", 4000))
	a.reads("only look at photos")
	for i, bad := range badFiles(t) {
		sent := ann.Send(a.channel, "", discordtest.File{Name: bad.name, Data: bad.data})
		if i == 0 {
			a.taps(t, a.reads("photos?"), "Yes")
		}
		fake.WaitFor(bad.name+" to be refused", func() bool {
			for _, m := range ann.Sees(a.channel) {
				if m.ReplyTo == sent.ID && strings.Contains(m.Text(), bad.want) {
					return true
				}
			}
			return false
		})
	}
}

func TestWebBadInput(t *testing.T) {
	s := start(t, environ(t, nil))
	visitor := client.New(s.url)
	for _, bad := range badFiles(t) {
		if len(bad.data) == 0 {
			var refused *client.Error
			_, err := visitor.Send(t.Context(), bad.name, nil, true)
			if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Words, bad.want) {
				t.Errorf("%s: %v", bad.name, err)
			}
			continue
		}
		answer := ask(t, visitor, bad.data)
		if len(answer.Problems) == 0 || answer.Problems[0] != bad.problem || !strings.Contains(answer.Text, bad.want) {
			t.Errorf("%s: %v, %q", bad.name, answer.Problems, answer.Text)
		}
	}
}

// What goes wrong around a photo on Telegram: an album with bad photos from somebody of an unknown
// language, every button twice, a stranger's and a forged press, and a photo that is deleted.
func TestTelegramBadLuck(t *testing.T) {
	fake := telegramtest.New(t)
	start(t, withTelegram(fake, environ(t, nil)))
	fake.SetLanguage(anna, "tlh")
	options := sample.Options{Width: 400, Height: 300}
	dark := options
	dark.Fault = sample.Dark
	var album [][]byte
	for seed := range uint64(10) {
		o := options
		if seed%5 == 4 {
			o = dark
		}
		album = append(album, drawn(t, seed, o))
	}
	fake.SendAlbum(anna, anna, album...)
	question := shown(t, fake, anna, "May I look at your photos?")
	tap(t, fake, anna, question, "Yes")
	tap(t, fake, anna, question, "Yes")
	summary := shown(t, fake, anna, "Your 10 photos")
	for i := range 10 {
		line := fmt.Sprintf("Photo %d: I cannot judge it.", i+1)
		if got, want := strings.Contains(summary.Text, line), i%5 == 4; got != want {
			t.Errorf("photo %d is refused: %t, want %t: %q", i+1, got, want, summary.Text)
		}
	}
	if summary.Edits != 1 || len(fake.FromBot(anna)) != 2 {
		t.Errorf("after %d edits the bot said %s", summary.Edits, describe(fake.FromBot(anna)))
	}

	// A photo that is deleted while it waits: the answer comes all the same, in the acknowledgement.
	sent := fake.SendPhoto(anna, anna, photo(t, 21))
	fake.Remove(sent)
	answer := shown(t, fake, anna, "This is a computer's estimate from one photo")

	disagree := answer.Buttons[0][1].Data
	if notice := fake.WaitForNotice(fake.Press(boris, answer, disagree)); !strings.Contains(notice, "no longer works") {
		t.Errorf("a stranger's press brings %q", notice)
	}
	if notice := fake.WaitForNotice(fake.Press(anna, answer, "agree:"+string(deepskin.NewCaseID()))); !strings.Contains(notice, "no longer works") {
		t.Errorf("a forged press brings %q", notice)
	}
	if now := shown(t, fake, anna, "This is a computer's estimate from one photo"); strings.Contains(now.Text, "What was it?") || now.Edits != answer.Edits {
		t.Errorf("a stranger's or a forged press changed the answer to %q", now.Text)
	}
	before := len(fake.FromBot(anna))
	for range 2 {
		fake.WaitForNotice(fake.Press(anna, answer, disagree))
	}
	tap(t, fake, anna, shown(t, fake, anna, "What was it?"), "doctor said benign")

	// Whoever wants to say more than buttons can is asked, and simply writes.
	tap(t, fake, anna, shown(t, fake, anna, "May we keep"), "Tell us more")
	shown(t, fake, anna, "What should we know?")
	fake.SendText(anna, anna, "It was ink.")
	shown(t, fake, anna, "Thank you for telling me.")
	if n := len(fake.FromBot(anna)); n != before+2 {
		t.Errorf("the bot said %d things more, want the question and the thanks", n-before)
	}
	fake.SendText(anna, anna, "And now?")
	shown(t, fake, anna, "only look at photos")
}
