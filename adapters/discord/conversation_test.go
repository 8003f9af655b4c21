package discord_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
)

// TestPhotosEverywhere sends a photo in each way that there is. There is one acknowledgement, edited
// once into the answer, and only those see it who should.
func TestPhotosEverywhere(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	w.run(t, a, echo(a))

	for name, c := range map[string]*discordtest.Channel{"channel": w.photos, "direct messages": w.ann.DM()} {
		sent := w.ann.Send(c, secret, jpg(t, 1))
		got := w.WaitForText(c, "Lower risk")
		if got.ReplyTo != sent.ID || got.Edits != 1 || got.OnlyFor != "" || len(got.Pings) != 0 || len(w.FromBot(c)) != 1 {
			t.Errorf("%s: the answer is %+v", name, got)
		}
	}
	for name, test := range map[string]struct {
		channel *discordtest.Channel
		options []discordtest.Option
		private bool
	}{
		"private":            {w.hall, nil, true},
		"private on purpose": {w.hall, []discordtest.Option{discordtest.Flag("share", false)}, true},
		"shared":             {w.hall, []discordtest.Option{discordtest.Flag("share", true)}, false},
		"direct":             {w.ann.DM(), nil, false},
	} {
		i := w.ann.Run(test.channel, "check", append(test.options, discordtest.Attach("photo", jpg(t, 2)))...)
		w.WaitFor(name+": the answer", func() bool {
			list := i.Answers()
			return len(list) == 1 && strings.Contains(list[0].Text(), "Lower risk")
		})
		got := i.Answers()[0]
		if i.Callback() != 5 || got.Edits != 1 || (got.OnlyFor == w.ann.ID) != test.private {
			t.Errorf("%s: callback %d, the answer is %+v", name, i.Callback(), got)
		}
		if got.Shown[0].Text != "" || !got.Shown[0].Thinking || got.Shown[1].Text != "Looking…" {
			t.Errorf("%s: before the answer came %+v", name, got.Shown)
		}
	}
	if n := w.Refused(); n != 0 {
		t.Errorf("%d calls were refused", n)
	}
}

// TestAlbum sends several files at once: each photo is one of its own, the rest is passed over.
func TestAlbum(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	events := make(chan bot.Message, 10)
	w.run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		events <- m
		return bot.Reply{}, nil
	}})
	sent := w.ann.Send(w.photos, secret, jpg(t, 1), discordtest.File{Name: "notes.txt", Data: []byte("x")},
		discordtest.File{Name: "scan.HEIC", Data: []byte("y")}, discordtest.File{Name: "big.png", Data: []byte("z"), Size: 21 << 20})
	seen := map[string]bool{}
	for range 3 {
		m := <-events
		seen[m.Event] = true
		if m.Photo == nil || m.At != addressOf(sent) || m.Album == "" || (m.Photo.Problem != "") != (len(seen) == 3) {
			t.Errorf("photo %d is %+v", len(seen), m.Photo)
		}
	}
	if len(seen) != 3 {
		t.Errorf("the photos have the events %v", seen)
	}
}

// TestSilence writes where nobody asked the bot.
func TestSilence(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	w.run(t, a, echo(a))
	w.ann.Send(w.hall, secret, jpg(t, 1)) // not a channel for photos
	w.ann.Send(w.photos, secret)          // people talk there
	w.ann.Send(w.photos, secret, discordtest.File{Name: "notes.txt", Data: []byte("x")})
	for text, want := range map[string]string{
		"hello":                      "command: ",
		"/Delete now":                "command: delete",
		strings.Repeat("🙂", 2000):    "command: ",
		"<@" + w.BotID() + "> hello": "command: ",
	} {
		before := len(w.FromBot(w.ann.DM()))
		w.ann.Send(w.ann.DM(), text)
		w.WaitForMessages(w.ann.DM(), "the reply", func(list []discordtest.Message) bool { return len(list) == before+1 })
		if got := w.FromBot(w.ann.DM())[before]; strings.TrimSpace(got.Text()) != strings.TrimSpace(want) || got.ReplyTo != "" {
			t.Errorf("%.20q is answered with %+v", text, got)
		}
	}
	for _, c := range []*discordtest.Channel{w.hall, w.photos} {
		if got := w.FromBot(c); len(got) != 0 {
			t.Errorf("the bot said %+v", got)
		}
	}
}

// TestCommands runs each command. Other people in the channel see nothing of it.
func TestCommands(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	var languages []string
	w.run(t, a, handler{OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
		languages = append(languages, m.Language)
		if m.Command == "about" {
			return bot.Reply{}, nil
		}
		return bot.Reply{Title: "Title", Text: m.Command + " *1* [a](https://example.org/a_b)"}, nil
	}})
	var names []string
	for _, c := range w.Commands(nil) {
		names = append(names, c.Name)
	}
	want := []string{"check", "help", "privacy", "delete", "language", "about", "stats", "team"}
	if !slices.Equal(names, want) {
		t.Errorf("the commands are %v, want %v", names, want)
	}
	w.ben.SetLocale("pt-BR")
	for _, name := range []string{"help", "privacy", "delete", "language", "stats", "team"} {
		i := w.ben.Run(w.hall, name)
		got := i.WaitForAnswer()
		// The embed shows stars and links as they are written.
		if want := "Title\n" + name + ` \*1\* \[a](https://example.org/a\_b)`; got.Text() != want || got.OnlyFor != w.ben.ID {
			t.Errorf("/%s: %+v", name, got)
		}
	}
	i := w.ben.Run(w.hall, "about")
	w.WaitFor("the end of what nobody answers", func() bool { return len(i.Answers()) == 1 && i.Answers()[0].Deleted })
	if slices.Contains(languages, "en-US") || languages[0] != "pt-BR" {
		t.Errorf("the languages are %v", languages)
	}
	if got := w.ann.Sees(w.hall); len(got) != 0 {
		t.Errorf("others see %+v", got)
	}
}

// TestPresses presses buttons: on messages that all see, and on those that one sees.
func TestPresses(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	picture := photo(t, 90)
	presses := make(chan bot.Press, 10)
	h := echo(a)
	h.OnPress = func(_ context.Context, p bot.Press) (bot.PressReply, error) {
		presses <- p
		switch p.Data {
		case "agree:1":
			return bot.PressReply{Notice: "Thank you", Edit: &bot.Reply{Text: "You agreed."}}, nil
		case "dispute:1":
			return bot.PressReply{Send: &bot.Reply{Text: "Where the model looked", Picture: picture}}, nil
		}
		return bot.PressReply{Notice: "This button no longer works."}, nil
	}
	w.run(t, a, h)

	w.ann.Send(w.photos, "", jpg(t, 1))
	public := w.WaitForText(w.photos, "Lower risk")
	i := w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 2)))
	w.WaitFor("the private answer", func() bool { return len(i.Answers()) > 0 && len(i.Answers()[0].Buttons) > 0 })
	private := i.Answers()[0]

	for name, test := range map[string]struct {
		at      discordtest.Message
		private bool
	}{"public": {public, false}, "private": {private, true}} {
		i := w.ann.Press(test.at, "dispute:1")
		heatmap := i.WaitForAnswer()
		if p := <-presses; p.At.Message != test.at.ID || p.Sender.ID != w.ann.ID || (p.At.Chat == test.at.Channel) == test.private {
			t.Errorf("%s: the bot gets %+v %+v", name, p.At.Message, p.Sender.ID)
		}
		if heatmap.Text() != "Where the model looked" || !bytes.Equal(heatmap.Embeds[0].Image, picture) || len(heatmap.Attachments) != 0 ||
			(heatmap.OnlyFor == w.ann.ID) != test.private {
			t.Errorf("%s: the heatmap is %+v", name, heatmap)
		}
		i = w.ann.Press(test.at, "agree:1")
		<-presses
		notice := i.WaitForAnswer()
		if now := w.Message(test.at.ID); now.Text() != "You agreed." || len(now.Buttons) != 0 || notice.Text() != "Thank you" || notice.OnlyFor != w.ann.ID {
			t.Errorf("%s: the answer became %+v, the notice is %+v", name, now, notice)
		}
		// Buttons of former times and forged ones bring a word to the presser alone.
		i = w.ben.Forge(test.at, strings.Repeat("x", 100))
		<-presses
		if got := i.WaitForAnswer(); got.OnlyFor != w.ben.ID || got.Text() != "This button no longer works." {
			t.Errorf("%s: the stranger reads %+v", name, got)
		}
	}
	// A message that is gone is followed by a new one.
	w.ann.Send(w.photos, "", jpg(t, 3))
	gone := w.WaitForText(w.photos, "Lower risk")
	w.Remove(gone)
	i = w.ann.Forge(gone, "agree:1")
	w.WaitFor("two messages", func() bool { return len(i.Answers()) == 2 })
	if got := i.Answers()[0]; got.Text() != "You agreed." {
		t.Errorf("in place of the message came %+v", got)
	}
}

// TestForms opens a form, fills it in, and does so again after a restart, which forgets what was asked.
func TestForms(t *testing.T) {
	w := newWorld(t)
	ask := &bot.Question{Title: "What was it?", Label: "In your words", Placeholder: "A doctor said…", MaxLength: 200}
	presses := make(chan bot.Press, 1)
	h := handler{
		OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
			return bot.Reply{Text: "Answer", Buttons: [][]bot.Button{{{Label: "Tell us more", Data: "note:1", Ask: ask}}}}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			presses <- p
			return bot.PressReply{Edit: &bot.Reply{Text: "Thank you."}}, nil
		},
	}
	stop := w.run(t, w.adapter(t), h)
	said := w.ann.Run(w.hall, "help").WaitForAnswer()
	button, _ := said.Button("Tell us more")
	for _, want := range []discordtest.Modal{
		{Title: "What was it?", Inputs: []discordtest.Input{{Label: "In your words", Placeholder: "A doctor said…"}}},
		{Title: "Tell us more", Inputs: []discordtest.Input{{Label: "Tell us more"}}},
	} {
		opened := w.ann.Press(said, button.CustomID)
		if opened.WaitForCallback() != 9 {
			t.Fatalf("the first answer is of type %d, want a modal", opened.Callback())
		}
		form, _ := opened.Modal()
		in := form.Inputs[0]
		if form.Title != want.Title || in.Label != want.Inputs[0].Label || in.Placeholder != want.Inputs[0].Placeholder || in.Max != 200 {
			t.Errorf("the form is %+v", form)
		}
		w.ann.Submit(opened, map[string]string{in.CustomID: "a mole, " + secret})
		if p := <-presses; p.Data != "note:1" || p.Text != "a mole, "+secret || p.At.Message != said.ID {
			t.Errorf("the bot gets %q with %q", p.Data, p.Text)
		}
		w.WaitFor("the thanks", func() bool { return w.Message(said.ID).Text() == "Thank you." })
		said = w.ann.Run(w.hall, "help").WaitForAnswer()
		stop()
		w.WaitFor("the end", func() bool { return w.Connections() == 0 })
		stop = w.run(t, w.adapter(t), h)
	}
	// A form that nobody opened reaches the bot as any forged press does.
	i := w.ben.ForgeSubmit(w.hall, "note:1", map[string]string{"other": strings.Repeat("🙂", 5000)})
	if p := <-presses; p.Text != "" || p.Sender.ID != w.ben.ID {
		t.Errorf("the bot gets %d bytes", len(p.Text))
	}
	if got := i.WaitForAnswer(); got.OnlyFor != w.ben.ID {
		t.Errorf("the forger gets %+v", got)
	}
}

// TestReviewers tells them from others: by their role, and in the team's channel only.
func TestReviewers(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	w.run(t, a, handler{
		OnMessage: func(_ context.Context, m bot.Message) (bot.Reply, error) {
			if m.Reviewer {
				return bot.Reply{Text: "for the team"}, nil
			}
			return bot.Reply{Text: "for all"}, nil
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			if p.Reviewer {
				return bot.PressReply{Edit: &bot.Reply{Text: "voted"}}, nil
			}
			return bot.PressReply{Notice: "not yours"}, nil
		},
	})
	for _, test := range []struct {
		who  *discordtest.Person
		in   *discordtest.Channel
		want string
	}{
		{w.ann, w.team, "for the team"}, {w.ann, w.hall, "for all"}, {w.ben, w.team, "for all"}, {w.ann, w.ann.DM(), "for all"},
	} {
		if got := test.who.Run(test.in, "help").WaitForAnswer(); got.Text() != test.want {
			t.Errorf("%s in %s: %q, want %q", test.who.Name, test.in.Name, got.Text(), test.want)
		}
	}
	if a.TeamChat() != in(w.team) {
		t.Errorf("the team's chat is not the channel's")
	}
	picture := photo(t, 5)
	at, err := a.Send(t.Context(), a.TeamChat(), bot.Reply{
		Title: "Case", Text: "Said: <@" + w.ben.ID + "> @everyone", Picture: picture,
		Buttons: [][]bot.Button{{{Label: "Benign", Data: "vote"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	post := w.Message(at.Message)
	if len(post.Pings) != 0 {
		t.Errorf("the post notifies %v", post.Pings)
	}
	if got := w.ben.Press(post, "vote").WaitForAnswer(); got.Text() != "not yours" {
		t.Errorf("others read %+v", got)
	}
	w.ann.Press(post, "vote")
	w.WaitFor("the vote", func() bool { return w.Message(post.ID).Edits == 1 })
	now := w.Message(post.ID)
	if now.Text() != "voted" || !bytes.Equal(now.Embeds[0].Image, picture) || len(now.Attachments) != 0 {
		t.Errorf("the post became %+v", now)
	}
	if err := a.Edit(t.Context(), at, bot.Reply{Text: "over"}); err != nil {
		t.Fatal(err)
	}
	if now := w.Message(post.ID); now.Text() != "over" || now.Embeds[0].Image != nil || len(now.Attachments) != 0 {
		t.Errorf("the post became %+v", now)
	}
	if err := a.Delete(t.Context(), at); err != nil || !w.Message(post.ID).Deleted {
		t.Errorf("Delete: %v", err)
	}
}

// TestLateAnswers come when the interaction is over: as direct messages, or to nobody, but never where
// others are.
func TestLateAnswers(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	taken := make(chan bot.Message, 2)
	w.run(t, a, handler{OnMessage: func(ctx context.Context, m bot.Message) (bot.Reply, error) {
		at, err := a.Send(ctx, m.At, bot.Reply{Text: "Looking…"})
		if err != nil {
			return bot.Reply{}, err
		}
		m.At = at
		taken <- m
		return bot.Reply{}, nil
	}})
	w.ann.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 1)), discordtest.Flag("share", true))
	w.ben.Run(w.hall, "check", discordtest.Attach("photo", jpg(t, 2)))
	w.ben.CloseDM()
	messages := []bot.Message{<-taken, <-taken}
	w.Advance(16 * time.Minute)
	for _, m := range messages {
		wantNotFound(t, "edit", a.Edit(t.Context(), m.At, bot.Reply{Text: "Too late"}))
		if err := a.Delete(t.Context(), m.At); err != nil {
			t.Errorf("Delete: %v", err)
		}
		at, err := a.Send(t.Context(), m.At, bot.Reply{Text: "Late"})
		if m.Sender.ID == w.ben.ID {
			wantNotFound(t, "send to who takes no messages", err)
			continue
		}
		if err != nil || at.Chat != w.ann.DM().ID {
			t.Errorf("Send: %v", err)
			continue
		}
		if err := a.Edit(t.Context(), at, bot.Reply{Text: "Late, but there"}); err != nil {
			t.Errorf("edit what was sent late: %v", err)
		}
	}
	w.WaitForText(w.ann.DM(), "Late, but there")
	for _, m := range w.FromBot(w.hall) {
		if strings.Contains(m.Text(), "Late") {
			t.Errorf("the channel shows %+v", m)
		}
	}
}

// TestDeletedPhotos get no answer where others would see it.
func TestDeletedPhotos(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	w.run(t, a, silent)
	for _, c := range []*discordtest.Channel{w.photos, w.ann.DM()} {
		before := w.ann.Send(c, "", jpg(t, 1))
		w.ann.Delete(before)
		_, err := a.Send(t.Context(), addressOf(before), bot.Reply{Text: "Looking…"})
		wantNotFound(t, "acknowledge a photo that is gone", err)

		sent := w.ann.Send(c, "", jpg(t, 2))
		at, err := a.Send(t.Context(), addressOf(sent), bot.Reply{Text: "Looking…"})
		if err != nil {
			t.Fatal(err)
		}
		at.ReplyTo = sent.ID
		w.ann.Delete(sent)
		w.WaitFor("the edit to be refused", func() bool {
			return a.Edit(t.Context(), at, bot.Reply{Text: "Looking…"}) != nil
		})
		wantNotFound(t, "answer a photo that is gone", a.Edit(t.Context(), at, bot.Reply{Text: "Lower risk"}))
		if got := w.FromBot(c); len(got) != 0 {
			t.Errorf("the channel still shows %+v", got)
		}
	}
}
