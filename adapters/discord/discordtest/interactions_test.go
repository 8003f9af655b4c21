package discordtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/discord/discordtest"
)

// must fails the test on an error of a handler, which runs in a goroutine of its own.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func respond(kind discordgo.InteractionResponseType, data *discordgo.InteractionResponseData) *discordgo.InteractionResponse {
	return &discordgo.InteractionResponse{Type: kind, Data: data}
}

// TestCheck runs the command that DeepSkin lives by, as its bot answers it: put off, then edited into
// an embed with a heatmap and buttons, one of which opens a modal.
func TestCheck(t *testing.T) {
	s := discordtest.New(t)
	s.SetAnswerWithin(time.Hour) // a busy machine must not decide the test
	heat := photo(t, 12, 12)
	open(t, s, discordgo.IntentsGuilds, func(session *discordgo.Session, i *discordgo.InteractionCreate) {
		switch i.Type {
		case discordgo.InteractionApplicationCommand:
			data := i.ApplicationCommandData()
			flags := discordgo.MessageFlagsEphemeral
			if share := data.GetOption("share"); share != nil && share.BoolValue() {
				flags = 0
			}
			must(t, session.InteractionRespond(i.Interaction, respond(discordgo.InteractionResponseDeferredChannelMessageWithSource,
				&discordgo.InteractionResponseData{Flags: flags})))
			sent := data.Resolved.Attachments[data.GetOption("photo").Value.(string)]
			status, got := get(t, s, sent.URL)
			_, err := session.InteractionResponseEdit(i.Interaction, &discordgo.WebhookEdit{
				Embeds: &[]*discordgo.MessageEmbed{{
					Title: fmt.Sprintf("%s, %d, %d bytes, %s", sent.Filename, status, len(got), string(i.Locale)),
					Image: &discordgo.MessageEmbedImage{URL: "attachment://heat.png"},
				}},
				Components: &[]discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
					discordgo.Button{Label: "Wrong", CustomID: "wrong:1"},
				}}},
				Files: []*discordgo.File{{Name: "heat.png", Reader: bytes.NewReader(heat)}},
			})
			must(t, err)
		case discordgo.InteractionMessageComponent:
			must(t, session.InteractionRespond(i.Interaction, respond(discordgo.InteractionResponseModal, &discordgo.InteractionResponseData{
				CustomID: "why:1", Title: "What is wrong?",
				Components: []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
					discordgo.TextInput{CustomID: "text", Label: "In your words", Style: discordgo.TextInputParagraph, MaxLength: 200},
				}}},
			})))
		case discordgo.InteractionModalSubmit:
			data := i.ModalSubmitData()
			said := data.Components[0].(*discordgo.ActionsRow).Components[0].(*discordgo.TextInput).Value
			must(t, session.InteractionRespond(i.Interaction, respond(discordgo.InteractionResponseUpdateMessage,
				&discordgo.InteractionResponseData{Content: data.CustomID + " " + said})))
		}
	})
	register(t, s, check)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("photos")
	ann, bob := s.AddPerson("ann"), s.AddPerson("bob")
	guild.Join(ann)
	guild.Join(bob)
	ann.SetLocale("fr")
	mole := discordtest.File{Name: "mole.png", Data: photo(t, 20, 20)}
	seen := fmt.Sprintf("mole.png, 200, %d bytes, fr", len(mole.Data))

	for _, place := range []*discordtest.Channel{room, ann.DM()} {
		asked := ann.Run(place, "check", discordtest.Attach("photo", mole))
		private := asked.WaitForAnswer()
		if private.OnlyFor != ann.ID || private.Text() != seen || !bytes.Equal(private.Embeds[0].Image, heat) || private.Edits != 0 ||
			asked.Callback() != 5 || len(private.Shown) != 2 || !private.Shown[0].Thinking {
			t.Errorf("the answer is %+v", private)
		}
		if len(bob.Sees(place)) != 0 || len(ann.Sees(place)) != 1 {
			t.Errorf("bob sees %v, ann %v", bob.Sees(place), ann.Sees(place))
		}
		press := ann.Press(private, "wrong:1")
		if press.WaitForCallback() != 9 {
			t.Errorf("the press was answered with %d", press.Callback())
		}
		modal, ok := press.Modal()
		if !ok || modal.Title != "What is wrong?" || len(modal.Inputs) != 1 || modal.Inputs[0].Max != 200 {
			t.Errorf("the modal is %+v", modal)
		}
		submitted := ann.Submit(press, map[string]string{"text": "it was a fly"})
		if submitted.WaitForCallback() != 7 || s.Message(private.ID).Content != "why:1 it was a fly" {
			t.Errorf("the modal left %+v", s.Message(private.ID))
		}
		if _, ok := press.Modal(); ok {
			t.Error("the modal can be submitted twice")
		}
	}

	shared := ann.Run(room, "check", discordtest.Attach("photo", mole), discordtest.Flag("share", true)).WaitForAnswer()
	if shared.OnlyFor != "" || len(bob.Sees(room)) != 1 {
		t.Errorf("bob sees %v", bob.Sees(room))
	}
}

// A quiet bot has an interaction answered by the test, through plain HTTP. It returns the start of
// the paths for that.
func quiet(t *testing.T, s *discordtest.Server, act func() *discordtest.Interaction) (i *discordtest.Interaction, callback, webhook string) {
	t.Helper()
	got := make(chan *discordgo.InteractionCreate, 1)
	session := open(t, s, 0, func(_ *discordgo.Session, i *discordgo.InteractionCreate) { got <- i })
	i = act()
	event := <-got
	if session.State.User.ID != s.BotID() || event.ID != i.ID {
		t.Fatalf("interaction %s came as %s", i.ID, event.ID)
	}
	return i, "/interactions/" + event.ID + "/" + event.Token + "/callback", "/webhooks/" + s.BotID() + "/" + event.Token
}

// TestFirstAnswers holds the server to what an interaction can be answered with, once and in time.
func TestFirstAnswers(t *testing.T) {
	s := discordtest.New(t)
	s.SetAnswerWithin(time.Hour) // a busy machine must not decide the test
	unlimited(s)
	register(t, s, `[{"name":"help","description":"Help"}]`)
	ann := s.AddPerson("ann")
	i, callback, webhook := quiet(t, s, func() *discordtest.Interaction { return ann.Run(ann.DM(), "help") })
	input := func(fields string) string {
		return `{"type":9,"data":{"custom_id":"m","title":"x","components":[{"type":1,"components":[{"type":4,"label":"x","style":1,` + fields + `}]}]}}`
	}
	tests := []struct {
		name, path, body string
		status, code     int
	}{
		{"edit before it", webhook + "/messages/@original", `{"content":"x"}`, 404, 10015},
		{"other token", strings.Replace(callback, "/callback", "x/callback", 1), `{"type":5}`, 401, 50027},
		{"unknown interaction", strings.Replace(callback, i.ID, "1", 1), `{"type":5}`, 404, 10062},
		{"update without a message", callback, `{"type":7,"data":{"content":"x"}}`, 400, 50035},
		{"unknown type", callback, `{"type":12}`, 400, 50035},
		{"empty message", callback, `{"type":4,"data":{}}`, 400, 50006},
		{"long message", callback, `{"type":4,"data":{"content":"` + strings.Repeat("x", 2001) + `"}}`, 400, 50035},
		{"long title", callback, strings.Replace(input(`"custom_id":"a"`), `"title":"x"`, `"title":"`+strings.Repeat("x", 46)+`"`, 1), 400, 50035},
		{"long label", callback, strings.Replace(input(`"custom_id":"a"`), `"label":"x"`, `"label":"`+strings.Repeat("x", 46)+`"`, 1), 400, 50035},
		{"long placeholder", callback, input(`"custom_id":"a","placeholder":"` + strings.Repeat("x", 101) + `"`), 400, 50035},
		{"4,001 characters", callback, input(`"custom_id":"a","max_length":4001`), 400, 50035},
		{"input without ID", callback, input(`"value":"x"`), 400, 50035},
		{"modal", callback, input(`"custom_id":"a"`), 204, 0},
		{"again", callback, `{"type":5}`, 400, 40060},
		{"edit of no message", webhook + "/messages/@original", `{"content":"x"}`, 404, 10008},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			method := "POST"
			if strings.HasSuffix(test.path, "@original") {
				method = "PATCH"
			}
			if got := call(t, s, method, test.path, test.body); got.status != test.status || got.Code != test.code {
				t.Errorf("got %d %s, want %d with %d", got.status, got.body, test.status, test.code)
			}
		})
	}
	if i.Callback() != 9 || i.Failed() || len(i.Answers()) != 0 {
		t.Errorf("it ended with %d, %v, %v", i.Callback(), i.Failed(), i.Answers())
	}
}

func TestLateAnswer(t *testing.T) {
	s := discordtest.New(t)
	register(t, s, `[{"name":"help","description":"Help"}]`)
	ann := s.AddPerson("ann")
	i, callback, webhook := quiet(t, s, func() *discordtest.Interaction { return ann.Run(ann.DM(), "help") })
	s.Advance(4 * time.Second)
	if got := call(t, s, "POST", callback, `{"type":5}`); got.status != 404 || got.Code != 10062 || !i.Failed() || i.Callback() != 0 {
		t.Errorf("too late: %d %s, failed %v", got.status, got.body, i.Failed())
	}
	if got := call(t, s, "POST", webhook, `{"content":"x"}`); got.Code != 10015 {
		t.Errorf("follow-up: %d %s", got.status, got.body)
	}
	s.SetAnswerWithin(time.Hour)
	if got := call(t, s, "POST", callback, `{"type":5}`); got.status != 204 || i.Failed() || i.Callback() != 5 {
		t.Errorf("within an hour: %d %s", got.status, got.body)
	}
}

// TestFollowUps edits, adds and deletes answers until the token ends.
func TestFollowUps(t *testing.T) {
	s := discordtest.New(t)
	s.SetAnswerWithin(time.Hour) // a busy machine must not decide the test
	unlimited(s)
	register(t, s, `[{"name":"help","description":"Help"}]`)
	ann := s.AddPerson("ann")
	i, callback, webhook := quiet(t, s, func() *discordtest.Interaction { return ann.Run(ann.DM(), "help") })
	var first struct {
		Resource struct{ Message struct{ Flags int } }
	}
	call(t, s, "POST", callback+"?with_response=true", `{"type":5,"data":{"flags":64}}`).into(t, &first)
	if first.Resource.Message.Flags != 64|128 {
		t.Errorf("the answer that is put off has the flags %d", first.Resource.Message.Flags)
	}
	step := func(method, path, body string, status, code int, want ...string) reply {
		t.Helper()
		got := call(t, s, method, webhook+path, body)
		if got.status != status || got.Code != code {
			t.Fatalf("%s %s: %d %s, want %d with %d", method, path, got.status, got.body, status, code)
		}
		same(t, method+" "+path, texts(ann.Sees(ann.DM())), want)
		return got
	}
	// The first follow-up takes the place of what was put off, and stays private.
	step("POST", "", `{"content":"one"}`, 200, 0, "one")
	public := step("POST", "", `{"content":"two"}`, 200, 0, "one", "two")
	step("PATCH", "/messages/@original", `{"content":"three","flags":0}`, 200, 0, "three", "two")
	step("PATCH", "/messages/"+public.ID, `{"content":"four"}`, 200, 0, "three", "four")
	if got := step("GET", "/messages/@original", "", 200, 0, "three", "four"); !strings.Contains(string(got.body), "three") {
		t.Errorf("the first answer reads %s", got.body)
	}
	answers := i.Answers()
	if answers[0].OnlyFor != ann.ID || answers[1].OnlyFor != "" || answers[0].Interaction != i.ID || answers[0].Edits != 1 {
		t.Errorf("the answers are %+v", answers)
	}
	if len(s.Threads(ann.DM())[i.ID]) != 2 {
		t.Errorf("the threads are %v", s.Threads(ann.DM()))
	}
	// Private messages are out of reach for all but the token.
	if got := call(t, s, "GET", "/channels/"+ann.DM().ID+"/messages/"+answers[0].ID, ""); got.Code != 10008 {
		t.Errorf("a private message: %d %s", got.status, got.body)
	}
	step("DELETE", "/messages/@original", "", http.StatusNoContent, 0, "four")
	step("PATCH", "/messages/@original", `{"content":"x"}`, 404, 10008, "four")
	s.Advance(15 * time.Minute)
	step("PATCH", "/messages/"+public.ID, `{"content":"x"}`, 401, 50027, "four")
	step("POST", "", `{"content":"x"}`, 401, 50027, "four")
}

// TestPresses answers buttons by doing nothing, by a change, and when their message is gone; a forged
// press comes like any other.
func TestPresses(t *testing.T) {
	s := discordtest.New(t)
	s.SetAnswerWithin(time.Hour) // a busy machine must not decide the test
	unlimited(s)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("review")
	ann := s.AddPerson("ann")
	reviewer := guild.AddRole("reviewer", 0)
	guild.Join(ann, reviewer)
	presses := make(chan *discordgo.InteractionCreate, 1)
	session := open(t, s, 0, func(_ *discordgo.Session, i *discordgo.InteractionCreate) { presses <- i })
	sent, err := session.ChannelMessageSendComplex(room.ID, &discordgo.MessageSend{
		Content: "Case",
		Files:   []*discordgo.File{{Name: "heat.png", Reader: bytes.NewReader(photo(t, 3, 3))}},
		Components: []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
			discordgo.Button{Label: "Nevus", CustomID: "nv"}, discordgo.Button{Label: "Off", CustomID: "off", Disabled: true},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	card := s.Message(sent.ID)
	if b, ok := card.Button("Nevus"); !ok || b.CustomID != "nv" || b.Style != 1 || b.Disabled {
		t.Errorf("the button is %+v", b)
	}
	kept := &[]*discordgo.MessageAttachment{{ID: sent.Attachments[0].ID}}
	answer := func(i *discordtest.Interaction, kind discordgo.InteractionResponseType, text string) error {
		t.Helper()
		event := <-presses
		if event.ID != i.ID || event.Message.ID != sent.ID || event.Member.Roles[0] != reviewer.ID || event.GuildID != guild.ID {
			t.Errorf("the press came as %+v", event.Interaction)
		}
		return session.InteractionRespond(event.Interaction, respond(kind, &discordgo.InteractionResponseData{
			Content: text, Attachments: kept,
		}))
	}
	must(t, answer(ann.Press(card, "nv"), discordgo.InteractionResponseDeferredMessageUpdate, ""))
	if got := s.Message(sent.ID); got.Edits != 0 || got.Content != "Case" {
		t.Errorf("nothing was to change: %+v", got)
	}
	must(t, answer(ann.Press(card, "nv"), discordgo.InteractionResponseUpdateMessage, "Nevus, says ann"))
	if got := s.Message(sent.ID); got.Edits != 1 || got.Content != "Nevus, says ann" || len(got.Buttons) != 0 || len(got.Attachments) != 1 {
		t.Errorf("after the vote: %+v", got)
	}
	kept = nil
	must(t, answer(ann.Forge(card, "nv"), discordgo.InteractionResponseUpdateMessage, "Nevus"))
	if got := s.Message(sent.ID); got.Edits != 2 || len(got.Attachments) != 0 {
		t.Errorf("after a change that lists no files: %+v", got)
	}
	forged := ann.Forge(card, "'; DROP TABLE votes")
	must(t, answer(forged, discordgo.InteractionResponseChannelMessageWithSource, "No"))
	same(t, "the answer to a forged press", texts(forged.Answers()), []string{"No"})

	s.Remove(card)
	late := ann.Forge(card, "nv")
	var rest *discordgo.RESTError
	if err := answer(late, discordgo.InteractionResponseUpdateMessage, "x"); !errors.As(err, &rest) || rest.Message.Code != discordgo.ErrCodeUnknownMessage {
		t.Errorf("a change of what is gone: %v", err)
	}
}
