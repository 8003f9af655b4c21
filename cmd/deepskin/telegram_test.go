package main

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

// People on the fake platform.
const (
	anna  = 4_101_001
	boris = 4_202_002
)

// withTelegram adds the fake platform to an environment.
func withTelegram(fake *telegramtest.Server, env map[string]string) map[string]string {
	env["TELEGRAM_TOKEN"] = fake.Token()
	env["TELEGRAM_API"] = fake.Endpoint()
	return env
}

// shown waits for a message from the bot that says something, in its present form.
func shown(t *testing.T, fake *telegramtest.Server, chat int64, words string) telegramtest.Message {
	t.Helper()
	var found telegramtest.Message
	eventually(t, "the bot says: "+words, func() bool {
		for _, m := range fake.FromBot(chat) {
			if strings.Contains(m.Text, words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// tap presses the button whose label contains the words.
func tap(t *testing.T, fake *telegramtest.Server, user int64, at telegramtest.Message, words string) {
	t.Helper()
	for _, row := range at.Buttons {
		for _, button := range row {
			if strings.Contains(button.Text, words) {
				fake.Press(user, at, button.Data)
				return
			}
		}
	}
	t.Fatalf("no button %q under %q: %s", words, at.Text, describe(at.Buttons))
}

func TestTelegramFromPhotoToVerdict(t *testing.T) {
	for name, redisURL := range map[string]func(*testing.T) string{
		"embedded Redis": func(*testing.T) string { return "" },
		"redis-server":   startRedis,
	} {
		t.Run(name, func(t *testing.T) {
			fake := telegramtest.New(t)
			start(t, withTelegram(fake, environ(t, map[string]string{"REDIS_URL": redisURL(t)})))

			fake.SendText(anna, anna, "/start")
			shown(t, fake, anna, "Send me a sharp")

			fake.SendPhoto(anna, anna, photo(t, 1))
			question := shown(t, fake, anna, "photos?")
			if len(fake.FromBot(anna)) != 2 {
				t.Fatalf("the photo was looked at before consent: %s", describe(fake.FromBot(anna)))
			}
			tap(t, fake, anna, question, "Yes")
			answer := shown(t, fake, anna, "from one photo, not a diagnosis")
			if answer.Edits != 1 {
				t.Errorf("the answer came by %d edits of the acknowledgement, want 1", answer.Edits)
			}

			tap(t, fake, anna, answer, "Where did the model look")
			heatmap := shown(t, fake, anna, "brighter")
			if _, err := jpeg.Decode(bytes.NewReader(heatmap.Picture)); err != nil {
				t.Errorf("the heatmap is no JPEG: %v", err)
			}

			fake.Press(boris, answer, answer.Buttons[0][1].Data) // not his to press
			tap(t, fake, anna, answer, "👎")
			answer = shown(t, fake, anna, "What was it?")
			tap(t, fake, anna, answer, "doctor said benign")
			answer = shown(t, fake, anna, "May we keep")
			tap(t, fake, anna, answer, "Yes")
			shown(t, fake, anna, "will help")

			// Consent holds: the next photo is answered without a question.
			before := len(fake.FromBot(anna))
			fake.SendDocument(anna, anna, "lesion.jpg", "image/jpeg", photo(t, 2))
			eventually(t, "the document is answered", func() bool {
				messages := fake.FromBot(anna)
				return len(messages) == before+1 && strings.Contains(messages[before].Text, "from one photo, not a diagnosis")
			})

			fake.SendText(anna, anna, "/about")
			if about := shown(t, fake, anna, "not a medical device"); !strings.Contains(about.Text, "of 100 malignant spots") {
				t.Errorf("/about has no figures: %q", about.Text)
			}
			fake.SetLanguage(boris, "nl-be")
			fake.SendText(boris, boris, "/language")
			tap(t, fake, boris, shown(t, fake, boris, "Ik schrijf je in het Nederlands"), "Deutsch")
			shown(t, fake, boris, "Ab jetzt schreibe ich Ihnen auf Deutsch")
			fake.SendText(boris, boris, "Hallo?")
			shown(t, fake, boris, "Ich kann mir nur Fotos ansehen")

			fake.SendText(anna, anna, "/delete")
			shown(t, fake, anna, "erased everything")
			if n := fake.Disobeyed(); n > 0 {
				t.Errorf("the bot ignored retry_after %d times", n)
			}
		})
	}
}

func TestTelegramAlbumBringsOneQuestionAndOneSummary(t *testing.T) {
	fake := telegramtest.New(t)
	start(t, withTelegram(fake, environ(t, nil)))
	album := fake.SendAlbum(anna, anna, photo(t, 3), photo(t, 4), photo(t, 5))
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	summary := shown(t, fake, anna, "Your 3 photos")
	if summary.ReplyTo != album[0].ID || summary.Edits != 1 {
		t.Errorf("the summary replies to %d after %d edits, want to the first photo after 1", summary.ReplyTo, summary.Edits)
	}
	if n := len(fake.FromBot(anna)); n != 2 {
		t.Errorf("the bot said %d things, want the thanks and the summary: %s", n, describe(fake.FromBot(anna)))
	}
	tap(t, fake, anna, summary, "2")
	full := shown(t, fake, anna, "This is a computer's estimate from one photo")
	tap(t, fake, anna, full, "👍")
	shown(t, fake, anna, "You said that this answer is right")
}

func TestTelegramRefusesWithAReason(t *testing.T) {
	fake := telegramtest.New(t)
	start(t, withTelegram(fake, environ(t, nil)))
	fake.SendDocument(anna, anna, "holiday.jpg", "image/jpeg", []byte("<html>not a photo</html>"))
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	shown(t, fake, anna, "not a photo that I can read")
	fake.SendLargeDocument(anna, anna, "huge.png", "image/png", 21<<20)
	shown(t, fake, anna, "larger than 20 MB")
	fake.SendText(anna, anna, "is this dangerous?")
	shown(t, fake, anna, "only look at photos")
}
