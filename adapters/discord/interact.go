package discord

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
	"deepskin/bot"
	"deepskin/bot/words"
)

// firstAnswerTime is how long Discord waits for the first answer to an interaction.
const firstAnswerTime = 3 * time.Second

// interactionCreated handles a command, a press or a form. It gives the first answer at once, which
// puts the real one off or opens a form, so that the bot has minutes instead of seconds.
func (d *desk) interactionCreated(data json.RawMessage) {
	var i discordgo.Interaction
	if !d.decode(data, &i) || !d.seen.add(i.ID) {
		return
	}
	user := i.User
	if i.Member != nil {
		user = i.Member.User
	}
	if user == nil || !idForm.MatchString(i.ID) || !idForm.MatchString(user.ID) || !tokenSafe(i.Token) {
		d.adapter.config.Logger.ErrorContext(d.sending, "an interaction is passed over: it has an unexpected form")
		return
	}
	x := exchange{id: i.ID, user: user.ID, token: i.Token}
	switch data := i.Data.(type) {
	case discordgo.ApplicationCommandInteractionData:
		d.command(&i, x, data)
	case discordgo.MessageComponentInteractionData:
		d.pressed(&i, x, data.CustomID)
	case discordgo.ModalSubmitInteractionData:
		d.submitted(&i, x, data)
	}
}

// command handles a slash command. Where others are, the answer is for the sender's eyes only, unless
// they asked to share it.
func (d *desk) command(i *discordgo.Interaction, x exchange, data discordgo.ApplicationCommandInteractionData) {
	m := bot.Message{
		Sender: deepskin.Sender{Platform: Name, ID: x.user}, Event: interactionChat + ":" + x.id,
		Command: data.Name, Language: string(i.Locale), Reviewer: d.adapter.reviews(i),
	}
	shared := false
	if data.Name == checkCommand {
		m.Command, m.Photo = "", attached(data)
		share := data.GetOption(shareOption)
		shared = share != nil && share.Value == true
	}
	x.private = i.Context != discordgo.InteractionContextBotDM && !shared
	m.At = x.address()
	if !d.putOff(x) {
		return
	}
	var reply bot.Reply
	err := d.insist(func(ctx context.Context) (err error) {
		reply, err = d.handler.Message(ctx, m)
		return err
	})
	switch {
	case d.sending.Err() != nil:
	case err != nil:
		d.apologise(i, x)
	case !reply.Empty():
		d.send(m.At, &reply)
	case m.Photo == nil:
		d.withdraw(x)
	}
}

// attached returns the photo of a command, whatever kind of file it is: the bot says what is wrong.
func attached(data discordgo.ApplicationCommandInteractionData) *bot.Photo {
	option := data.GetOption(photoOption)
	if option == nil || data.Resolved == nil {
		return nil
	}
	id, _ := option.Value.(string)
	if f := data.Resolved.Attachments[id]; f != nil {
		return readPhoto(f)
	}
	return nil
}

// pressed handles the press of a button.
func (d *desk) pressed(i *discordgo.Interaction, x exchange, customID string) {
	if form, ok := d.adapter.questions.form(i, customID); ok {
		d.respond(x, &discordgo.InteractionResponse{Type: discordgo.InteractionResponseModal, Data: form})
		return
	}
	d.press(i, x, customID, "")
}

// submitted handles a form that somebody filled in.
func (d *desk) submitted(i *discordgo.Interaction, x exchange, data discordgo.ModalSubmitInteractionData) {
	d.press(i, x, data.CustomID, cut(written(data), maxAnswer))
}

// press hands a press to the bot and shows what becomes of it.
func (d *desk) press(i *discordgo.Interaction, x exchange, data, text string) {
	// What others do not see stays so.
	x.private = i.Message == nil || i.Message.Flags&discordgo.MessageFlagsEphemeral != 0
	untouched := &discordgo.InteractionResponse{Type: discordgo.InteractionResponseDeferredMessageUpdate}
	if i.Message == nil || !d.respond(x, untouched) {
		// The message is gone, or never was: somebody made this up. There is a new message then.
		i.Message, x.private = nil, true
		if !d.putOff(x) {
			return
		}
	}
	p := bot.Press{
		Sender: deepskin.Sender{Platform: Name, ID: x.user}, At: x.address(), Data: data, Text: text,
		Language: string(i.Locale), Reviewer: d.adapter.reviews(i),
	}
	if i.Message != nil {
		p.At.Message = i.Message.ID
		if !x.private {
			p.At.Chat = i.ChannelID
		}
	}
	var reply bot.PressReply
	err := d.insist(func(ctx context.Context) (err error) {
		reply, err = d.handler.Press(ctx, p)
		return err
	})
	switch {
	case d.sending.Err() != nil:
	case err != nil:
		d.apologise(i, x)
	default:
		d.show(i, x, reply)
	}
}

// show shows what the bot made of a press: the message with the button as it is now, a word for the
// presser alone, and a new message.
func (d *desk) show(i *discordgo.Interaction, x exchange, reply bot.PressReply) {
	if reply.Edit != nil && !reply.Edit.Empty() {
		err := d.redo(i, x, *reply.Edit)
		if errors.Is(err, deepskin.ErrNotFound) {
			d.send(x.address(), reply.Edit)
			err = nil
		}
		d.report("a message could not be edited", err, reply.Edit.Case)
	}
	if reply.Notice != "" {
		d.whisper(x, reply.Notice)
	}
	d.send(x.address(), reply.Send)
	if i.Message == nil && reply == (bot.PressReply{}) {
		d.withdraw(x)
	}
}

// redo edits the message with the pressed button. Without a new picture, the old one stays.
func (d *desk) redo(i *discordgo.Interaction, x exchange, r bot.Reply) error {
	if i.Message == nil {
		return deepskin.ErrNotFound
	}
	p, err := d.adapter.render(r)
	if err != nil {
		return err
	}
	if r.Picture == nil && slices.ContainsFunc(i.Message.Embeds, func(e *discordgo.MessageEmbed) bool { return e != nil && e.Image != nil }) {
		p.keepPicture()
	}
	c, err := d.adapter.aboutAnswer(d.sending, x, original)
	if err != nil {
		return err
	}
	c.method, c.route, c.body, c.picture, c.repeatable = http.MethodPatch, "edit", p, r.Picture, true
	return d.adapter.do(d.sending, c)
}

// whisper tells the sender of an interaction something that nobody else sees.
func (d *desk) whisper(x exchange, text string) {
	x.private = true
	p, err := d.adapter.render(bot.Reply{Text: text})
	if err == nil {
		_, err = d.adapter.followUp(d.sending, x, p, nil)
	}
	d.report("a notice could not be given", err, "")
}

// apologise says that something broke, since Discord's user otherwise waits for ever.
func (d *desk) apologise(i *discordgo.Interaction, x exchange) {
	d.whisper(x, words.For(string(i.Locale)).Say("notice.again"))
}

// withdraw takes back the promise of an answer.
func (d *desk) withdraw(x exchange) {
	c, err := d.adapter.aboutAnswer(d.sending, x, original)
	if err == nil {
		c.method, c.route, c.repeatable = http.MethodDelete, "delete", true
		err = d.adapter.do(d.sending, c)
	}
	d.report("an answer could not be withdrawn", err, "")
}

// putOff promises an answer in a message of its own.
func (d *desk) putOff(x exchange) bool {
	return d.respond(x, &discordgo.InteractionResponse{
		Type: discordgo.InteractionResponseDeferredChannelMessageWithSource,
		Data: &discordgo.InteractionResponseData{Flags: x.flags()},
	})
}

// respond gives the first answer to an interaction. It returns false where Discord takes none any
// more; then its user reads that the bot did not respond, and there is nobody to answer.
func (d *desk) respond(x exchange, first *discordgo.InteractionResponse) bool {
	ctx, cancel := context.WithTimeout(d.sending, firstAnswerTime)
	defer cancel()
	err := d.adapter.do(ctx, call{
		method: http.MethodPost, route: "first answer", url: discordgo.EndpointInteractionResponse(x.id, x.token),
		lane: "first " + x.id, free: true, body: first, repeatable: true,
	})
	if errors.Is(err, errAnswered) {
		return true // by an attempt that got through after all
	}
	d.report("an interaction could not be answered", err, "")
	return err == nil || !errors.Is(err, deepskin.ErrNotFound)
}

// reviews reports whether an interaction comes from a reviewer, in the team's channel.
func (a *Adapter) reviews(i *discordgo.Interaction) bool {
	return i.Member != nil && a.config.ReviewerRole != "" && a.config.TeamChannel != "" && i.ChannelID == a.config.TeamChannel &&
		slices.Contains(i.Member.Roles, a.config.ReviewerRole)
}
