package discordtest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/discord/discordtest"
)

// echo answers messages of people with their text, as replies.
func echo(t *testing.T) func(*discordgo.Session, *discordgo.MessageCreate) {
	return func(session *discordgo.Session, m *discordgo.MessageCreate) {
		if m.Author.Bot { // the session's own user cannot be read while it connects anew
			return
		}
		text := "Echo: " + m.Content
		if len(m.Attachments) > 0 {
			text += " with " + m.Attachments[0].Filename
		}
		_, err := session.ChannelMessageSendReply(m.ChannelID, text, m.Reference())
		must(t, err)
	}
}

// TestConversation has messages in and out, in a guild and direct.
func TestConversation(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("photos")
	ann := s.AddPerson("ann")
	guild.Join(ann)
	session := open(t, s, discordgo.IntentsGuildMessages|discordgo.IntentsDirectMessages|discordgo.IntentMessageContent, echo(t))
	for _, c := range []*discordtest.Channel{room, ann.DM()} {
		sent := ann.Send(c, "hello", discordtest.File{Name: "a.png", Data: photo(t, 5, 5)})
		got := s.WaitForText(c, "Echo: hello with a.png")
		if !got.FromBot || got.ReplyTo != sent.ID || len(s.FromBot(c)) != 1 {
			t.Errorf("the answer is %+v", got)
		}
	}
	dm, err := session.UserChannelCreate(ann.ID)
	if err != nil || dm.ID != ann.DM().ID {
		t.Fatalf("direct messages: %+v, %v", dm, err)
	}
	heat := photo(t, 6, 6)
	posted, err := session.ChannelMessageSendComplex(dm.ID, &discordgo.MessageSend{
		Embeds: []*discordgo.MessageEmbed{{Title: "Case", Image: &discordgo.MessageEmbedImage{URL: "attachment://h.png"}}},
		Files:  []*discordgo.File{{Name: "h.png", ContentType: "image/png", Reader: bytes.NewReader(heat)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.ChannelMessageEditComplex(discordgo.NewMessageEdit(dm.ID, posted.ID).SetContent("above")); err != nil {
		t.Fatal(err)
	}
	if got := s.Message(posted.ID); got.Text() != "above\nCase" || !bytes.Equal(got.Embeds[0].Image, heat) || got.Edits != 1 {
		t.Errorf("the message is %+v", got)
	}
	must(t, session.ChannelTyping(dm.ID))
	if n := s.Calls("POST /channels/{channel}/typing"); n != 1 {
		t.Errorf("typing was called %d times", n)
	}
	must(t, session.ChannelMessageDelete(dm.ID, posted.ID))
	if !s.Message(posted.ID).Deleted || s.Refused() != 0 {
		t.Errorf("deleted %v, %d refused", s.Message(posted.ID).Deleted, s.Refused())
	}
	commands := []*discordgo.ApplicationCommand{{Name: "help", Description: "Help"}}
	if _, err := session.ApplicationCommandBulkOverwrite(s.BotID(), "", commands); err != nil {
		t.Fatal(err)
	}
	if got := s.Commands(nil); len(got) != 1 || got[0].Name != "help" {
		t.Errorf("the commands are %v", got)
	}
}

// TestLibraryResumes loses the connection in three ways; what was written meanwhile is answered.
func TestLibraryResumes(t *testing.T) {
	s := discordtest.New(t)
	ann := s.AddPerson("ann")
	session := open(t, s, discordgo.IntentsDirectMessages, echo(t))
	for i, lose := range []func(){s.Drop, func() { s.CloseGateway(discordtest.CloseUnknownError) }, s.Reconnect} {
		// discordgo closes its next connection, in order, where its first heartbeat fails.
		s.WaitFor("the first heartbeat", func() bool {
			session.RLock()
			defer session.RUnlock()
			return session.DataReady
		})
		lose()
		s.WaitFor("the end of the connection", func() bool { return s.Connections() == 0 || s.Resumes() > i })
		text := []string{"one", "two", "three"}[i]
		ann.Send(ann.DM(), text)
		s.WaitForText(ann.DM(), "Echo: "+text)
	}
	if s.Identifies() != 1 || s.MaxConnections() != 1 || len(s.FromBot(ann.DM())) != 3 {
		t.Errorf("%d identified, %d at once, %v", s.Identifies(), s.MaxConnections(), texts(s.FromBot(ann.DM())))
	}
}

// TestLibraryNoticesFrozenConnection shows a fact about discordgo that an adapter has to live with:
// it closes in order, so its session and what came meanwhile are lost.
func TestLibraryNoticesFrozenConnection(t *testing.T) {
	s := discordtest.New(t)
	s.SetHeartbeat(50 * time.Millisecond)
	ann := s.AddPerson("ann")
	open(t, s, discordgo.IntentsDirectMessages, echo(t))
	s.Freeze()
	ann.Send(ann.DM(), "lost")
	s.WaitForConnection()
	ann.Send(ann.DM(), "after")
	s.WaitForText(ann.DM(), "Echo: after")
	if s.Identifies() < 2 || len(s.FromBot(ann.DM())) != 1 {
		t.Errorf("%d identified, %v", s.Identifies(), texts(s.FromBot(ann.DM())))
	}
}
