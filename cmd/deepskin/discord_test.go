package main

import (
	"bytes"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"deepskin/adapters/discord/discordtest"
)

// withDiscord adds the fake platform to an environment.
func withDiscord(fake *discordtest.Server, env map[string]string) map[string]string {
	env["DISCORD_TOKEN"] = fake.Token()
	env["DISCORD_API"] = fake.URL()
	return env
}

// A reader is somebody who reads a channel.
type reader struct {
	fake    *discordtest.Server
	person  *discordtest.Person
	channel *discordtest.Channel
}

// reads waits until the bot says something that the person sees.
func (r reader) reads(words string) discordtest.Message {
	var found discordtest.Message
	r.fake.WaitFor(r.person.Name+" reads: "+words, func() bool {
		for _, m := range r.person.Sees(r.channel) {
			if m.FromBot && strings.Contains(m.Text(), words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// taps presses the button whose label contains the words.
func (r reader) taps(t *testing.T, at discordtest.Message, words string) *discordtest.Interaction {
	t.Helper()
	for _, b := range slices.Concat(at.Buttons...) {
		if strings.Contains(b.Label, words) {
			return r.person.Press(at, b.CustomID)
		}
	}
	t.Fatalf("no button %q under %q: %s", words, at.Text(), describe(at.Buttons))
	return nil
}

func TestDiscordFromPhotoToVerdict(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	guild := fake.AddGuild("clinic")
	hall, photos := guild.AddChannel("hall"), guild.AddChannel("photos")
	ann, ben := fake.AddPerson("ann"), fake.AddPerson("ben")
	guild.Join(ann)
	guild.Join(ben)
	env := withDiscord(fake, environ(t, map[string]string{"DISCORD_CHANNELS": photos.ID}))
	s := start(t, env)
	fake.WaitForConnection()
	lesion := func(seed uint64) discordtest.File {
		return discordtest.File{Name: "lesion.jpg", Data: photo(t, seed)}
	}

	// In private, from consent to verdict.
	a := reader{fake, ann, hall}
	ann.Run(hall, "check", discordtest.Attach("photo", lesion(1)))
	a.taps(t, a.reads("photos?"), "Yes")
	answer := a.reads("from one photo, not a diagnosis")
	if answer.Edits != 1 || answer.OnlyFor != ann.ID {
		t.Errorf("the answer came by %d edits, for %q", answer.Edits, answer.OnlyFor)
	}
	heatmap := a.taps(t, answer, "Where did the model look").WaitForAnswer()
	if len(heatmap.Embeds) != 1 || heatmap.OnlyFor != ann.ID {
		t.Fatalf("the heatmap is %s", describe(heatmap))
	}
	if _, err := jpeg.Decode(bytes.NewReader(heatmap.Embeds[0].Image)); err != nil {
		t.Errorf("the heatmap is no JPEG: %v", err)
	}
	a.taps(t, answer, "👎")
	a.taps(t, a.reads("What was it?"), "doctor said benign")
	a.taps(t, a.reads("May we keep"), "Yes")
	a.reads("will help")
	if seen := ben.Sees(hall); len(seen) != 0 {
		t.Errorf("others see %s", describe(seen))
	}

	// In a channel for photos, and in direct messages.
	b := reader{fake, ben, photos}
	sent := ben.Send(photos, "", lesion(2))
	b.taps(t, b.reads("photos?"), "Yes")
	if got := b.reads("from one photo, not a diagnosis"); got.ReplyTo != sent.ID || len(got.Pings) != 0 {
		t.Errorf("the answer is %s", describe(got))
	}
	ben.Send(ben.DM(), "", discordtest.File{Name: "holiday.png", Data: []byte("<html>not a photo</html>")})
	reader{fake, ben, ben.DM()}.reads("not a photo that I can read")
	ben.Send(ben.DM(), "my-private-words")
	reader{fake, ben, ben.DM()}.reads("only look at photos")

	ann.Run(hall, "delete")
	a.reads("erased everything")
	if fake.Refused() > 0 {
		t.Errorf("%d calls were too many for Discord", fake.Refused())
	}
	for _, secret := range []string{fake.Token(), ann.ID, ben.ID, hall.ID, photos.ID, ben.DM().ID, "my-private-words", "lesion.jpg"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
