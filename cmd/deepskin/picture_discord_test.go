package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/discord/discordtest"
	"deepskin/internal/transcript"
)

// The conversation of the README's picture of Discord, the team's part too: whatever the model says of
// the photo.
func TestPictureOfDiscord(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	guild := fake.AddGuild("clinic")
	hall, team := guild.AddChannel("general"), guild.AddChannel("team")
	reviewer := guild.AddRole("reviewer", 0)
	ann, ben, cleo := fake.AddPerson("Ann"), fake.AddPerson("Ben"), fake.AddPerson("Cleo")
	guild.Join(ann)
	guild.Join(ben, reviewer)
	guild.Join(cleo, reviewer)
	start(t, withDiscord(fake, environ(t, map[string]string{
		"DISCORD_TEAM_CHANNEL": team.ID, "DISCORD_REVIEWER_ROLE": reviewer.ID,
	})))
	fake.WaitForConnection()

	var taps []transcript.Tap
	press := func(r reader, at discordtest.Message, label string) *discordtest.Interaction {
		t.Helper()
		taps = append(taps, transcript.Tap{Message: at.ID, Label: label, At: time.Now()})
		return r.taps(t, at, label)
	}
	a, b, c := reader{fake, ann, hall}, reader{fake, ben, team}, reader{fake, cleo, team}
	command := transcript.Message{Author: "Ann", Shown: []transcript.Content{{
		At: time.Now(), Picture: mole(t), Text: transcript.Marked("/check photo:", []string{"/check"}),
	}}}
	ann.Run(hall, "check", discordtest.Attach("photo", discordtest.File{Name: "photo.jpg", Data: command.Shown[0].Picture}))
	press(a, a.reads("photos?"), "Yes, look at them")
	answer := a.reads("not a diagnosis")
	press(a, answer, "Where did the model look?").WaitForAnswer()
	press(a, answer, "👎 Wrong")
	press(a, a.reads("What was it?"), "I do not know")
	press(a, a.reads("May we keep"), "Yes, keep it")
	a.reads("help to improve")
	post := b.reads("Please vote")
	press(b, post, "Mole (nevus)").WaitForAnswer()
	fake.WaitFor("the vote", func() bool { return fake.Message(post.ID).Edits > post.Edits })
	if voted := fake.Message(post.ID); len(voted.Buttons) > 0 { // the answer was of another risk
		press(c, voted, "Mole (nevus)").WaitForAnswer()
	}
	decided := b.reads("Decided: Mole (nevus)")

	if len(decided.Buttons) > 0 {
		t.Errorf("a vote was recorded, and there are still buttons for another: %s", describe(decided.Buttons))
	}
	for _, m := range fake.FromBot(hall) {
		if m.OnlyFor != ann.ID {
			t.Errorf("others see: %s", m.Text())
		}
	}
	private, said := discordChat(fake.Messages(hall))
	review, posted := discordChat(fake.Messages(team))
	drawChats(t, "discord.png", "Discord", []transcript.Chat{
		{Title: "#general: only Ann sees this", Messages: append(private, command), Taps: taps},
		{Title: "#team: for reviewers", Messages: review, Taps: taps},
	}, record{append(said.words, posted.words...), append(said.pictures, posted.pictures...)})
}

// discordChat returns the bot's messages as they are drawn, and what must be there.
func discordChat(messages []discordtest.Message) ([]transcript.Message, record) {
	var list []transcript.Message
	var all record
	for _, m := range messages {
		message := transcript.Message{ID: m.ID, Author: "DeepSkin", FromBot: true}
		for _, s := range m.Shown {
			if s.Thinking {
				continue
			}
			content := transcript.Content{At: s.At, Text: transcript.Markdown(s.Content)}
			for _, e := range s.Embeds {
				content.Embeds = append(content.Embeds, transcript.Embed{
					Color: e.Color, Title: transcript.Markdown(e.Title), Text: transcript.Markdown(e.Description), Picture: e.Image,
				})
				all.pictures = append(all.pictures, e.Image)
			}
			for _, row := range s.Buttons {
				var labels []string
				for _, b := range row {
					labels = append(labels, b.Label)
				}
				content.Buttons = append(content.Buttons, labels)
				all.words = append(all.words, labels...)
			}
			message.Shown = append(message.Shown, content)
			all.words = append(all.words, strings.ReplaceAll(s.Text, `\`, ""))
		}
		list = append(list, message)
	}
	return slices.Clip(list), all
}
