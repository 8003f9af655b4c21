package discordtest_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/discord/discordtest"
)

// A witness stands in for a test that is to fail.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Fatalf(format string, args ...any) {
	w.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestPeopleCannot has the test ask for what Discord's clients do not let anybody do: it fails, with
// the reason, and the server works on.
func TestPeopleCannot(t *testing.T) {
	w := &witness{TB: t}
	s := discordtest.New(w)
	s.SetPatience(time.Millisecond)
	guild := s.AddGuild("clinic")
	room, gone := guild.AddChannel("photos"), guild.AddChannel("old")
	gone.Remove()
	ann, bob := s.AddPerson("ann"), s.AddPerson("bob")
	guild.Join(ann)
	register(t, s, `[
		{"name":"check","description":"x","options":[{"type":11,"name":"photo","description":"x","required":true}]},
		{"name":"stats","description":"x","default_member_permissions":"32","contexts":[0]},
		{"name":"reset","description":"x","default_member_permissions":"0"},
		{"name":"language","description":"x","options":[{"type":3,"name":"to","description":"x",
			"choices":[{"name":"Nederlands","value":"nl"}]}]}]`)
	sent := ann.Send(room, "hello")
	posted := call(t, s, "POST", "/channels/"+room.ID+"/messages", `{"content":"x","components":[{"type":1,"components":[
		{"type":2,"style":1,"label":"x","custom_id":"off","disabled":true}]}]}`)
	card := s.Message(posted.ID)
	file := discordtest.File{Name: "a.png", Data: photo(t, 2, 2)}
	tests := []struct {
		name, want string
		act        func()
	}{
		{"write where they are no member", "cannot see", func() { bob.Send(room, "x") }},
		{"write where nothing is", "cannot see", func() { ann.Send(gone, "x") }},
		{"read others' direct messages", "cannot see", func() { bob.Send(ann.DM(), "x") }},
		{"edit others' messages", "no such message", func() { bob.Edit(sent, "x") }},
		{"delete the bot's", "no such message", func() { ann.Delete(card) }},
		{"press what is not there", "no button", func() { ann.Press(card, "on") }},
		{"press what is disabled", "no button", func() { ann.Press(card, "off") }},
		{"press what they cannot see", "sees no such message", func() { bob.Press(card, "off") }},
		{"run an unknown command", "no command", func() { ann.Run(room, "fax") }},
		{"leave out what is required", "is required", func() { ann.Run(room, "check") }},
		{"fill in another type", "no option", func() { ann.Run(room, "check", discordtest.Text("photo", "x")) }},
		{"choose what is no choice", "no such choice", func() { ann.Run(room, "language", discordtest.Text("to", "xx")) }},
		{"run it without permission", "may not use", func() { ann.Run(room, "stats") }},
		{"run what is for administrators", "may not use", func() { ann.Run(room, "reset") }},
		{"run it in direct messages", "not for use there", func() { ann.Run(ann.DM(), "stats") }},
		{"submit what nobody opened", "no modal", func() { ann.Submit(ann.Run(room, "check", discordtest.Attach("photo", file)), nil) }},
		{"speak Klingon", "no language", func() { ann.SetLocale("tlh") }},
		{"see the future", "never been", func() { s.Message("1") }},
		{"remove what is not there", "no such message", func() { s.Remove(discordtest.Message{ID: "1"}) }},
		{"forge a press of nothing", "never been", func() { ann.Forge(discordtest.Message{ID: "1"}, "x") }},
		{"count what is misspelt", "no route", func() { s.Calls("POST /message") }},
		{"wait for ever", "in vain for godot", func() { s.WaitFor("godot", func() bool { return false }) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.said = ""
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				test.act()
			}()
			<-ended
			if !strings.Contains(w.said, test.want) {
				t.Errorf("the test was told %q, want %q", w.said, test.want)
			}
		})
	}
	staff := guild.AddRole("staff", discordtest.PermissionManageGuild)
	boss := guild.AddRole("boss", discordtest.PermissionAdministrator)
	guild.Join(ann, staff, boss)
	// A refusal would end this test, and fail it.
	ann.Run(room, "stats")
	ann.Run(room, "reset")
	if n := len(s.Messages(room)); n != 2 {
		t.Errorf("there are %d messages, want 2", n)
	}
}

// TestOptionsAndForgedModals reads what an adapter gets of a text option, and of a modal that nobody
// opened.
func TestOptionsAndForgedModals(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("photos")
	ann := s.AddPerson("ann")
	guild.Join(ann)
	commands := `[{"name":"language","description":"x","options":[{"type":3,"name":"to","description":"x"}]}]`
	if got := call(t, s, "PUT", "/applications/"+s.BotID()+"/guilds/"+guild.ID+"/commands", commands); got.status != 200 {
		t.Fatalf("register a guild's commands: %d %s", got.status, got.body)
	}
	if len(s.Commands(guild)) != 1 || len(s.Commands(nil)) != 0 {
		t.Errorf("the commands are %v and %v", s.Commands(guild), s.Commands(nil))
	}
	got := make(chan *discordgo.InteractionCreate, 1)
	open(t, s, 0, func(_ *discordgo.Session, i *discordgo.InteractionCreate) { got <- i })
	ann.Run(room, "language", discordtest.Text("to", "nl"))
	run := <-got
	if data := run.ApplicationCommandData(); data.Name != "language" || data.GetOption("to").StringValue() != "nl" ||
		run.Member.User.ID != ann.ID || run.Member.Permissions == 0 || run.AppPermissions == 0 || run.User != nil {
		t.Errorf("the command came as %+v", data)
	}
	ann.ForgeSubmit(ann.DM(), "why:1", map[string]string{"text": "x"})
	forged := <-got
	if data := forged.ModalSubmitData(); data.CustomID != "why:1" || len(data.Components) != 1 || forged.User.ID != ann.ID ||
		forged.Member != nil || forged.GuildID != "" {
		t.Errorf("the modal came as %+v", data)
	}
}

// TestBotComesBack throws the bot out of a guild and lets it in again.
func TestBotComesBack(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	c := dial(t, s)
	c.ready(s, discordtest.IntentGuilds)
	c.want("GUILD_CREATE", 2)
	guild.RemoveBot()
	c.want("GUILD_DELETE", 3)
	room := guild.AddChannel("photos") // of which the bot hears nothing
	guild.AddBot()
	var came struct {
		ID       string
		Channels []struct{ ID string }
	}
	if err := json.Unmarshal(c.want("GUILD_CREATE", 4), &came); err != nil || came.ID != guild.ID || len(came.Channels) != 1 || came.Channels[0].ID != room.ID {
		t.Errorf("the guild came back as %+v, %v", came, err)
	}
}

// TestApplication reads what the bot can know of itself, and counts how it asked.
func TestApplication(t *testing.T) {
	s := discordtest.New(t)
	for _, path := range []string{"/applications/@me", "/oauth2/applications/@me"} {
		var app struct {
			ID    string
			Flags int
		}
		call(t, s, "GET", path, "").into(t, &app)
		if app.ID != s.BotID() || app.Flags != 1<<19 {
			t.Errorf("%s is %+v", path, app)
		}
	}
	if got := s.AllCalls(); got["GET /applications/@me"] != 1 || got["GET /oauth2/applications/@me"] != 1 || len(got) != 2 {
		t.Errorf("the calls were %v", got)
	}
}
