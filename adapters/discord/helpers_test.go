package discord_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/discord"
	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/internal/adaptertest"
	"deepskin/bot"
	"deepskin/internal/logtest"
)

// What all adapters' tests share, by short names.
type (
	handler = adaptertest.Handler
	log     = logtest.Log
)

const secret = adaptertest.Secret

var (
	silent = adaptertest.Silent
	photo  = adaptertest.Photo
)

// A world is a Discord with a server, two channels and two people in it, one of them a reviewer.
type world struct {
	*discordtest.Server
	guild      *discordtest.Guild
	photos     *discordtest.Channel // set for photos
	hall, team *discordtest.Channel
	reviewer   discordtest.Role
	ann, ben   *discordtest.Person
	config     discord.Config
	log        *log
}

// newWorld has hardly a pause, and no limits until a test sets some.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: discordtest.New(t), log: &log{}}
	w.SetLimits(discordtest.Limits{})
	w.guild = w.AddGuild("clinic")
	w.photos, w.hall, w.team = w.guild.AddChannel("photos"), w.guild.AddChannel("hall"), w.guild.AddChannel("team")
	w.reviewer = w.guild.AddRole("reviewer", 0)
	w.ann, w.ben = w.AddPerson("ann"), w.AddPerson("ben")
	w.guild.Join(w.ann, w.reviewer)
	w.guild.Join(w.ben, w.guild.AddRole("manager", discordtest.PermissionManageGuild))
	w.config = discord.Config{
		Token: w.Token(), Channels: []string{w.photos.ID}, TeamChannel: w.team.ID, ReviewerRole: w.reviewer.ID,
		HTTPClient: w.Client(), Backoff: time.Millisecond, Rate: 1e6,
		Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	t.Cleanup(func() {
		w.checkSecrets(t, "log", w.log.String())
		if t.Failed() {
			t.Logf("log:\n%s", w.log)
		}
		if n := w.Disobeyed(); n > 0 {
			t.Errorf("%d calls came before the time was over that the bot was told to wait", n)
		}
	})
	return w
}

func (w *world) checkSecrets(t *testing.T, where, text string) {
	t.Helper()
	adaptertest.CheckSecrets(t, where, text,
		w.Token(), w.ann.ID, w.ben.ID, w.photos.ID, w.hall.ID, w.team.ID, w.ann.DM().ID, "aW50ZXJhY3Rpb24")
}

// adapter returns an adapter that is not connected.
func (w *world) adapter(t *testing.T) *discord.Adapter {
	t.Helper()
	a, err := discord.New(w.config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return a
}

// run connects an adapter and returns a function that stops it and waits until it has.
func (w *world) run(t *testing.T, a *discord.Adapter, h bot.Handler) (stop func()) {
	t.Helper()
	stop = adaptertest.Run(t, a, h)
	w.WaitForConnection()
	return stop
}

func in(c *discordtest.Channel) deepskin.Address {
	return deepskin.Address{Platform: "discord", Chat: c.ID}
}

func addressOf(m discordtest.Message) deepskin.Address {
	return deepskin.Address{Platform: "discord", Chat: m.Channel, Message: m.ID}
}

func jpg(t testing.TB, shade uint8) discordtest.File {
	return discordtest.File{Name: secret + ".jpg", Data: photo(t, shade)}
}

// echo answers photos the way of the bot, and anything else with what it was.
func echo(a *discord.Adapter) handler {
	return handler{
		OnMessage: func(ctx context.Context, m bot.Message) (bot.Reply, error) {
			if m.Photo == nil {
				return bot.Reply{Text: "command: " + m.Command}, nil
			}
			return bot.Reply{}, answer(ctx, a, m)
		},
		OnPress: func(_ context.Context, p bot.Press) (bot.PressReply, error) {
			return bot.PressReply{Notice: "noticed", Edit: &bot.Reply{Text: "pressed: " + p.Data}}, nil
		},
	}
}

// answer acknowledges a photo and edits the acknowledgement into an answer.
func answer(ctx context.Context, a *discord.Adapter, m bot.Message) error {
	at, err := a.Send(ctx, m.At, bot.Reply{Text: "Looking…"})
	if err != nil {
		return err
	}
	at.ReplyTo = m.At.Message
	if _, err := a.Fetch(ctx, m.Photo.Source); err != nil {
		return err
	}
	return a.Edit(ctx, at, bot.Reply{Title: "Lower risk", Text: "Looked at.", Buttons: [][]bot.Button{
		{{Label: "Right", Data: "agree:1"}, {Label: "Wrong", Data: "dispute:1"}},
	}})
}
