package main

import (
	"strconv"
	"testing"
	"time"

	"deepskin/adapters/telegram/telegramtest"
	"deepskin/classifier/sample"
	"deepskin/internal/transcript"
)

// The conversation of the README's picture of Telegram: whatever the model says of the photo.
func TestPictureOfTelegram(t *testing.T) {
	fake := telegramtest.New(t)
	start(t, withTelegram(fake, environ(t, nil)))
	var taps []transcript.Tap
	press := func(at telegramtest.Message, label string) {
		t.Helper()
		taps = append(taps, transcript.Tap{Message: strconv.Itoa(at.ID), Label: label, At: time.Now()})
		tap(t, fake, anna, at, label)
	}
	fake.SendPhoto(anna, anna, mole(t))
	press(shown(t, fake, anna, "photos?"), "Yes, look at them")
	answer := shown(t, fake, anna, "not a diagnosis")
	press(answer, "The numbers")
	shown(t, fake, anna, "seven kinds")
	press(answer, "Where did the model look?")
	shown(t, fake, anna, "brighter")
	press(answer, "👎 Wrong")
	press(shown(t, fake, anna, "What was it?"), "I do not know")
	press(shown(t, fake, anna, "May we keep"), "Yes, keep it")
	shown(t, fake, anna, "help to improve")
	fake.SendPhoto(anna, anna, drawn(t, 1, sample.Options{Width: 640, Height: 480, Look: sample.Mole, Fault: sample.Blurred}))
	shown(t, fake, anna, "blurred")

	chat := transcript.Chat{Taps: taps}
	var all record
	for _, m := range fake.Messages(anna) {
		message := transcript.Message{ID: strconv.Itoa(m.ID), Author: "Anna", FromBot: m.FromBot}
		if m.FromBot {
			message.Author = "DeepSkin"
		}
		for _, s := range m.Shown {
			content := transcript.Content{At: s.At, Text: transcript.Marked(s.Text, s.Bold), Picture: s.Picture}
			for _, row := range s.Buttons {
				var labels []string
				for _, b := range row {
					labels = append(labels, b.Text)
				}
				content.Buttons = append(content.Buttons, labels)
				all.words = append(all.words, labels...)
			}
			message.Shown = append(message.Shown, content)
			all.words, all.pictures = append(all.words, s.Text), append(all.pictures, s.Picture)
		}
		chat.Messages = append(chat.Messages, message)
	}
	drawChats(t, "telegram.png", "Telegram", []transcript.Chat{chat}, all)
}
