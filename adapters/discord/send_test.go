package discord_test

import (
	"errors"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/bot"
)

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, deepskin.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

// TestLimitsOfText sends more than Discord takes.
func TestLimitsOfText(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	var many [][]bot.Button
	for _, id := range strings.Split("abcdef", "") {
		many = append(many, []bot.Button{{Label: strings.Repeat("ä", 90), Data: id}, {Label: "x", Data: id + id}})
	}
	for name, r := range map[string]bot.Reply{
		"emoji":        {Text: strings.Repeat("🙂", 4096)},
		"too much":     {Title: strings.Repeat("ü", 300), Text: strings.Repeat("*", 4096)},
		"broken":       {Title: "a\xff", Text: "b\xfe"},
		"picture only": {Picture: photo(t, 1)},
		"many buttons": {Text: "Choose.", Buttons: many},
		"empty rows":   {Text: "Choose.", Buttons: [][]bot.Button{{}, {{Label: "x", Data: "y"}}}},
	} {
		at, err := a.Send(t.Context(), in(w.photos), r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		buttons := 0
		for _, row := range w.Message(at.Message).Buttons {
			buttons += len(row)
		}
		want := 0
		for _, row := range r.Buttons {
			want += len(row)
		}
		if buttons != want {
			t.Errorf("%s: %d buttons of %d", name, buttons, want)
		}
		if err := a.Edit(t.Context(), at, r); err != nil {
			t.Errorf("%s: edit: %v", name, err)
		}
	}
	for _, b := range []bot.Button{{Label: "x"}, {Data: "x"}, {Label: "x", Data: strings.Repeat("x", 65)}} {
		if _, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "x", Buttons: [][]bot.Button{{b}}}); err == nil {
			t.Errorf("a button %+v was sent", b)
		}
	}
	before := len(w.FromBot(w.photos))
	if at, err := a.Send(t.Context(), in(w.photos), bot.Reply{}); err != nil || at != in(w.photos) || len(w.FromBot(w.photos)) != before {
		t.Errorf("silence: %v", err)
	}
}

// TestWhatIsGone tries to reach what is no longer there.
func TestWhatIsGone(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	at, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "Looking…"})
	if err != nil {
		t.Fatal(err)
	}
	direct, err := a.Send(t.Context(), in(w.ben.DM()), bot.Reply{Text: "Looking…"})
	if err != nil {
		t.Fatal(err)
	}
	gone := func(name string, at deepskin.Address) {
		t.Helper()
		_, err := a.Send(t.Context(), deepskin.Address{Platform: "discord", Chat: at.Chat}, bot.Reply{Text: "Lower risk"})
		wantNotFound(t, name+": send", err)
		wantNotFound(t, name+": edit", a.Edit(t.Context(), at, bot.Reply{Text: "Lower risk"}))
		if err := a.Delete(t.Context(), at); err != nil {
			t.Errorf("%s: delete: %v", name, err)
		}
	}
	w.ben.CloseDM()
	_, err = a.Send(t.Context(), in(w.ben.DM()), bot.Reply{Text: "x"})
	wantNotFound(t, "direct messages that are closed", err)
	if err := a.Edit(t.Context(), direct, bot.Reply{Text: "y"}); err != nil {
		t.Errorf("edit where nothing more can be sent: %v", err)
	}
	w.photos.Forbid(discordtest.PermissionViewChannel | discordtest.PermissionSend)
	gone("a channel out of sight", at)
	w.photos.Forbid(0)
	w.guild.RemoveBot()
	gone("a server that threw the bot out", at)
	w.guild.AddBot()
	w.photos.Remove()
	gone("a channel that is removed", at)

	for _, bad := range []deepskin.Address{
		{},
		{Platform: "telegram", Chat: "1", Message: "1"},
		{Platform: "discord", Chat: "../users/@me", Message: "1"},
		{Platform: "discord", Chat: "1", Message: "1/../2"},
		{Platform: "discord", Chat: "interaction:1:2:private:a/b", Message: "1"},
	} {
		_, err := a.Send(t.Context(), bad, bot.Reply{Text: "x"})
		if edit, remove := a.Edit(t.Context(), bad, bot.Reply{Text: "x"}), a.Delete(t.Context(), bad); err == nil || edit == nil || remove == nil {
			t.Errorf("an address that nobody gave is taken: %v %v %v", err, edit, remove)
		}
	}
}

// TestFaults has Discord fail in many ways; what may be repeated is.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	at, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "Looking…"})
	if err != nil {
		t.Fatal(err)
	}
	const patch, post = "PATCH /channels/{channel}/messages/{message}", "POST /channels/{channel}/messages"
	w.Fail(patch, discordtest.Fault{Status: 502}, discordtest.Fault{HangUp: true}, discordtest.Fault{RetryAfter: 0.05}, discordtest.Fault{LoseAnswer: true})
	if err := a.Edit(t.Context(), at, bot.Reply{Text: "Lower risk"}); err != nil {
		t.Errorf("Edit: %v", err)
	}
	w.Fail(post, discordtest.Fault{RetryAfter: 0.05})
	if _, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "after a limit"}); err != nil {
		t.Errorf("Send after a limit: %v", err)
	}
	// Nobody knows whether these were posted, so they are not posted again here.
	before := len(w.FromBot(w.photos))
	w.Fail(post, discordtest.Fault{LoseAnswer: true}, discordtest.Fault{Status: 503})
	for range 2 {
		_, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "once"})
		if err == nil || errors.Is(err, deepskin.ErrNotFound) {
			t.Errorf("Send: %v", err)
		} else {
			w.checkSecrets(t, "the error", err.Error())
		}
	}
	if got := len(w.FromBot(w.photos)); got != before+1 {
		t.Errorf("there are %d messages more, want 1", got-before)
	}
	// A wait that is too long is refused at once.
	w.Fail(post, discordtest.Fault{RetryAfter: 3600})
	if _, err := a.Send(t.Context(), in(w.photos), bot.Reply{Text: "x"}); !errors.Is(err, deepskin.ErrBusy) {
		t.Errorf("Send: %v, want ErrBusy", err)
	}
	if _, err := a.Send(t.Context(), in(w.hall), bot.Reply{Text: "x"}); err != nil {
		t.Errorf("another channel is held up: %v", err)
	}
}

// TestFetch downloads photos, from Discord's own hosts only.
func TestFetch(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t)
	want := photo(t, 7)
	source := w.ann.Send(w.photos, "", discordtest.File{Name: "a.jpg", Data: want}).Attachments[0].URL
	w.Fail(discordtest.Download, discordtest.Fault{Status: 503}, discordtest.Fault{HangUp: true})
	if got, err := a.Fetch(t.Context(), source); err != nil || string(got) != string(want) {
		t.Errorf("Fetch: %d bytes, %v", len(got), err)
	}
	large := w.ann.Send(w.photos, "", discordtest.File{Name: "a.jpg", Data: make([]byte, 21<<20)}).Attachments[0].URL
	if got, err := a.Fetch(t.Context(), large); err != nil || len(got) != 20<<20+1 {
		t.Errorf("Fetch of too much: %d bytes, %v", len(got), err)
	}
	empty := w.ann.Send(w.photos, "", discordtest.File{Name: "a.jpg"}).Attachments[0].URL
	if got, err := a.Fetch(t.Context(), empty); err != nil || len(got) != 0 {
		t.Errorf("Fetch of nothing: %d bytes, %v", len(got), err)
	}
	w.ForgetAttachments()
	if _, err := a.Fetch(t.Context(), source); !errors.Is(err, deepskin.ErrGone) {
		t.Errorf("Fetch of what is gone: %v", err)
	}
	calls := w.Calls(discordtest.Download)
	for _, bad := range []string{
		"", "http://cdn.discordapp.com/attachments/1/2/a.jpg", "https://cdn.discordapp.com.example.org/a", "https://127.0.0.1/a",
		"https://user@cdn.discordapp.com/a", "file:///etc/passwd", "https://discord.com/api/v9/users/@me",
	} {
		if _, err := a.Fetch(t.Context(), bad); err == nil || w.Calls(discordtest.Download) != calls {
			t.Errorf("%q was fetched", bad)
		}
	}
}
