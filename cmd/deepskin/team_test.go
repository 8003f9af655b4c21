package main

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/web/client"
)

// disputes sends a photo by /check, says that the answer is wrong and lets the team have the photo. It
// returns the answer as it first came.
func (r reader) disputes(t *testing.T, seed uint64, comment string) discordtest.Message {
	t.Helper()
	r.person.Run(r.channel, "check", discordtest.Attach("photo", discordtest.File{Name: "lesion.jpg", Data: photo(t, seed)}))
	r.taps(t, r.reads("photos?"), "Yes")
	answer := r.reads("from one photo, not a diagnosis")
	r.taps(t, answer, "👎")
	r.taps(t, r.reads("What was it?"), "doctor said malignant")
	if comment != "" {
		form := r.taps(t, r.reads("May we keep"), "Tell us more")
		form.WaitForCallback()
		asked, ok := form.Modal()
		if !ok {
			t.Fatal("the button opens no form")
		}
		r.person.Submit(form, map[string]string{asked.Inputs[0].CustomID: comment})
		r.fake.WaitFor("the comment to be kept", func() bool {
			return !strings.Contains(describe(r.reads("May we keep").Buttons), "Tell us more")
		})
	}
	r.taps(t, r.reads("May we keep"), "Yes")
	r.reads("will help")
	return answer
}

// posts are what all see of the bot in a channel.
func posts(fake *discordtest.Server, c *discordtest.Channel) []discordtest.Message {
	return slices.DeleteFunc(fake.FromBot(c), func(m discordtest.Message) bool { return m.OnlyFor != "" })
}

// labels are the titles of answers with the word for them in /stats.
var labels = map[string]string{"Lower risk": "lower risk", "Higher risk": "higher risk", "cannot tell": "cannot tell"}

// labelOf is the word in /stats for an answer.
func labelOf(t *testing.T, answer string) string {
	t.Helper()
	first, _, _ := strings.Cut(answer, "\n")
	for title, label := range labels {
		if strings.Contains(first, title) {
			return label
		}
	}
	t.Fatalf("an answer has the title %q", first)
	return ""
}

// statsLine is a line of /stats.
func statsLine(name string, answers []string, down string) string {
	count := map[string]int{}
	for _, label := range answers {
		count[label]++
	}
	return fmt.Sprintf("%s: photos %d, lower risk %d, higher risk %d, cannot tell %d, refused 0, failed 0, 👎 %s of %d",
		name, len(answers), count["lower risk"], count["higher risk"], count["cannot tell"], down, len(answers))
}

// TestTeamReviewsWhatPeopleDispute follows disputed answers into the team's channel and out of it again.
func TestTeamReviewsWhatPeopleDispute(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	guild := fake.AddGuild("clinic")
	hall, team := guild.AddChannel("hall"), guild.AddChannel("team")
	role := guild.AddRole("reviewers", 0)
	managers := guild.AddRole("managers", discordtest.PermissionManageGuild) // to whom Discord shows /stats
	ann, ben, cas := fake.AddPerson("ann"), fake.AddPerson("ben"), fake.AddPerson("cas")
	rita, rolf, ria := fake.AddPerson("rita"), fake.AddPerson("rolf"), fake.AddPerson("ria")
	guild.Join(ann)
	guild.Join(ben, managers)
	guild.Join(cas)
	guild.Join(rita, role, managers)
	guild.Join(rolf, role)
	guild.Join(ria, role)
	s := start(t, withDiscord(fake, environ(t, map[string]string{
		"DISCORD_TEAM_CHANNEL": team.ID, "DISCORD_REVIEWER_ROLE": role.ID,
	})))
	fake.WaitForConnection()
	a, c := reader{fake, ann, hall}, reader{fake, cas, hall}

	// A disputed answer appears once, complete, and names nobody.
	const comment = "It was ink, I think."
	first := a.disputes(t, 1, comment)
	fake.WaitFor("the post", func() bool { p := posts(fake, team); return len(p) == 1 && len(p[0].Buttons) > 0 })
	post := posts(fake, team)[0]
	for _, want := range []string{"Chance that it is malignant", "A doctor said malignant", comment, "Melanoma: ", "Dermatofibroma: "} {
		if !strings.Contains(post.Text(), want) {
			t.Errorf("the post lacks %q: %q", want, post.Text())
		}
	}
	if n := len(slices.Concat(post.Buttons...)); n != len(deepskin.Diagnoses)+2 || len(post.Embeds) != 1 {
		t.Fatalf("the post has %d buttons: %s", n, describe(post))
	}
	if _, err := jpeg.Decode(bytes.NewReader(post.Embeds[0].Image)); err != nil {
		t.Errorf("the post shows no JPEG: %v", err)
	}
	if strings.Contains(describe(post), ann.ID) || strings.Contains(post.Text(), "ann") || len(post.Pings) != 0 {
		t.Errorf("the post names its sender: %s", describe(post))
	}

	// Only reviewers vote, and they do not see each other's votes.
	melanoma, _ := post.Button("Melanoma")
	notice := ben.Press(post, melanoma.CustomID).WaitForAnswer()
	if notice.OnlyFor != ben.ID || !strings.Contains(notice.Text(), "Only reviewers") {
		t.Errorf("somebody without the role reads %s", describe(notice))
	}
	if now := fake.Message(post.ID); strings.Contains(now.Text(), "Decided") || now.Edits != post.Edits {
		t.Errorf("somebody without the role changed the post to %q", now.Text())
	}
	// Whatever the answer was, this is another risk: it takes two.
	none, _ := post.Button("No skin spot")
	for _, vote := range []struct {
		button string
		want   string
	}{{none.CustomID, "Noted: No skin spot. Thank you."}, {melanoma.CustomID, "You have voted already. Thank you."}} {
		if got := rita.Press(fake.Message(post.ID), vote.button).WaitForAnswer(); got.OnlyFor != rita.ID || got.Text() != vote.want {
			t.Errorf("the reviewer reads %s, want %q", describe(got), vote.want)
		}
	}
	fake.WaitFor("the vote", func() bool { return strings.Contains(fake.Message(post.ID).Text(), "1 reviewer has voted.") })
	if now := fake.Message(post.ID); len(slices.Concat(now.Buttons...)) != len(deepskin.Diagnoses)+2 || strings.Contains(now.Text(), "Decided") ||
		strings.Contains(now.Text(), "No skin spot") || strings.Contains(describe(now), rita.ID) || now.Embeds[0].Image == nil {
		t.Errorf("after one vote the post is %s", describe(now))
	}
	if got := rolf.Press(fake.Message(post.ID), none.CustomID).WaitForAnswer(); got.OnlyFor != rolf.ID || !strings.Contains(got.Text(), "Noted: No skin spot") {
		t.Errorf("the second reviewer reads %s", describe(got))
	}
	fake.WaitFor("the decision", func() bool { return strings.Contains(fake.Message(post.ID).Text(), "Decided: No skin spot.") })
	nevus, _ := post.Button("Mole (nevus)")
	if got := ria.Forge(post, nevus.CustomID).WaitForAnswer(); got.OnlyFor != ria.ID || !strings.Contains(got.Text(), "decided already") {
		t.Errorf("the third reviewer reads %s", describe(got))
	}
	if now := fake.Message(post.ID); len(now.Buttons) != 0 || !strings.Contains(now.Text(), "Decided: No skin spot.") || now.Embeds[0].Image == nil {
		t.Errorf("after the last vote the post is %s", describe(now))
	}

	// The figures fit what happened, by platform and model.
	visitor := client.New(s.url)
	page := ask(t, visitor, photo(t, 2))
	if err := visitor.Judge(t.Context(), page.ID, deepskin.Verdict{Agrees: true}); err != nil {
		t.Fatal(err)
	}
	second := c.disputes(t, 3, "")
	fake.WaitFor("the second post", func() bool { p := posts(fake, team); return len(p) == 2 && len(p[1].Buttons) > 0 })
	stats := rita.Run(team, "stats").WaitForAnswer()
	disputed, agreed := []string{labelOf(t, first.Text()), labelOf(t, second.Text())}, []string{labelOf(t, page.Title)}
	for _, want := range []string{
		statsLine("All", slices.Concat(disputed, agreed), "67%"),
		statsLine("discord · "+page.Model, disputed, "100%"),
		statsLine("web · "+page.Model, agreed, "0%"),
		"Half of the answers took up to ",
		"Now: photos in the queue 0, reviews that wait 1.",
	} {
		if got := strings.ReplaceAll(stats.Text(), `\`, ""); !strings.Contains(got, want) {
			t.Errorf("/stats lacks %q:\n%s", want, got)
		}
	}
	for _, elsewhere := range []discordtest.Message{rita.Run(hall, "stats").WaitForAnswer(), ben.Run(team, "stats").WaitForAnswer()} {
		if strings.Contains(elsewhere.Text(), "How things go") {
			t.Errorf("others read the figures: %s", describe(elsewhere))
		}
	}

	// Whoever takes the photo back, or erases everything, takes it from the team's channel too.
	c.taps(t, c.reads("will help"), "not keep my photo")
	c.reads("I do not keep the photo")
	fake.WaitFor("the second post to go", func() bool { p := posts(fake, team); return len(p) == 1 && p[0].ID == post.ID })
	ann.Run(hall, "delete")
	a.reads("erased everything")
	fake.WaitFor("the first post to go", func() bool { return len(posts(fake, team)) == 0 })
	if got := rolf.Forge(post, nevus.CustomID).WaitForAnswer(); !strings.Contains(got.Text(), "no longer works") {
		t.Errorf("a vote on a post that is gone brings %s", describe(got))
	}
	for _, secret := range []string{comment, ann.ID, cas.ID, rita.ID, rolf.ID, team.ID, fake.Token()} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
