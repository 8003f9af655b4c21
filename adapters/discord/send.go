package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
	"deepskin/bot"
)

// original is by what the first answer to an interaction is known.
const original = "@original"

// Send posts r and returns the address of the new message. In a channel it is a reply where to names
// a message, and where that is gone nothing is posted. What answers an interaction is for its sender
// alone unless they shared it; once the interaction is over, the sender gets a direct message instead.
// An empty reply is silence: nothing is sent, and the address is that of the chat.
//
// It returns deepskin.ErrNotFound where the channel or the message to reply to is gone, or out of
// reach, or the person takes no direct messages, and deepskin.ErrBusy where the limits would have it
// wait too long. A message is sent again only where it certainly did not get through.
func (a *Adapter) Send(ctx context.Context, to deepskin.Address, r bot.Reply) (deepskin.Address, error) {
	x, err := readChat(to)
	if err != nil {
		return deepskin.Address{}, err
	}
	if r.Empty() {
		return deepskin.Address{Platform: Name, Chat: to.Chat}, nil
	}
	p, err := a.render(r)
	if err != nil {
		return deepskin.Address{}, err
	}
	if x == nil {
		return a.postIn(ctx, to.Chat, to.Message, p, r.Picture)
	}
	if !x.over(time.Now()) {
		at, err := a.followUp(ctx, *x, p, r.Picture)
		if !errors.Is(err, deepskin.ErrNotFound) {
			return at, err
		}
	}
	channel, err := a.directMessages(ctx, x.user)
	if err != nil {
		return deepskin.Address{}, err
	}
	return a.postIn(ctx, channel, "", p, r.Picture)
}

// postIn posts in a channel, as a reply to a message if one is named.
func (a *Adapter) postIn(ctx context.Context, channel, replyTo string, p post, picture []byte) (deepskin.Address, error) {
	if replyTo != "" {
		strict := true // an answer to a photo that its sender has deleted is shown to nobody
		p.Reference = &discordgo.MessageReference{MessageID: replyTo, ChannelID: channel, FailIfNotExists: &strict}
	}
	return a.create(ctx, deepskin.Address{Platform: Name, Chat: channel}, call{
		method: http.MethodPost, route: "post", url: discordgo.EndpointChannelMessages(channel), lane: channel,
		body: p, picture: picture,
	})
}

// followUp answers an interaction. The first that follows an answer that was put off takes its place.
func (a *Adapter) followUp(ctx context.Context, x exchange, p post, picture []byte) (deepskin.Address, error) {
	application, err := a.applicationID(ctx)
	if err != nil {
		return deepskin.Address{}, err
	}
	p.Flags = x.flags()
	return a.create(ctx, x.address(), call{
		method: http.MethodPost, route: "follow-up", url: discordgo.EndpointWebhookToken(application, x.token) + "?wait=true",
		lane: x.id, free: true, body: p, picture: picture,
	})
}

// create makes a call that adds a message to a chat, and returns its address.
func (a *Adapter) create(ctx context.Context, chat deepskin.Address, c call) (deepskin.Address, error) {
	var message struct {
		ID string `json:"id"`
	}
	c.result = &message
	if err := a.do(ctx, c); err != nil {
		return deepskin.Address{}, err
	}
	if !idForm.MatchString(message.ID) {
		return deepskin.Address{}, fmt.Errorf("discord %s: the answer has no message", c.route)
	}
	chat.Message = message.ID
	return chat, nil
}

// directMessages returns the channel of direct messages with a person.
func (a *Adapter) directMessages(ctx context.Context, user string) (string, error) {
	var channel struct {
		ID string `json:"id"`
	}
	err := a.do(ctx, call{
		method: http.MethodPost, route: "direct messages", url: discordgo.EndpointUserChannels("@me"), lane: "direct messages",
		body: map[string]string{"recipient_id": user}, result: &channel, repeatable: true,
	})
	if err == nil && !idForm.MatchString(channel.ID) {
		err = errors.New("discord direct messages: the answer has no channel")
	}
	return channel.ID, err
}

// Edit replaces the message at an address, its picture too. An empty r changes nothing. It returns
// deepskin.ErrNotFound where there is no such message to edit, or no longer, because the interaction
// that it answers is over, or it answers a photo that has been deleted; and deepskin.ErrBusy where
// the limits would have it wait too long.
func (a *Adapter) Edit(ctx context.Context, at deepskin.Address, r bot.Reply) error {
	if err := checkMessage(at); err != nil {
		return err
	}
	if r.Empty() {
		return nil
	}
	if a.erased.has(at.ReplyTo) {
		// Its photo is gone: what was said about it goes too.
		if err := a.Delete(ctx, at); err != nil {
			return err
		}
		return fmt.Errorf("discord edit: the message that it answers is deleted: %w", deepskin.ErrNotFound)
	}
	p, err := a.render(r)
	if err != nil {
		return err
	}
	return a.patch(ctx, at, p, r.Picture)
}

func (a *Adapter) patch(ctx context.Context, at deepskin.Address, p post, picture []byte) error {
	c, err := a.about(ctx, at)
	if err != nil {
		return err
	}
	c.method, c.route, c.body, c.picture, c.repeatable = http.MethodPatch, "edit", p, picture, true
	return a.do(ctx, c)
}

// Delete removes the message at an address. One that is gone, or out of reach, is no error: what
// answered an interaction that is over can be removed by its reader alone.
func (a *Adapter) Delete(ctx context.Context, at deepskin.Address) error {
	if err := checkMessage(at); err != nil {
		return err
	}
	c, err := a.about(ctx, at)
	if err == nil {
		c.method, c.route, c.repeatable = http.MethodDelete, "delete", true
		err = a.do(ctx, c)
	}
	if errors.Is(err, deepskin.ErrNotFound) {
		return nil
	}
	return err
}

// about returns the beginning of a call about a message. It returns deepskin.ErrNotFound where the
// message belongs to an interaction that is over.
func (a *Adapter) about(ctx context.Context, at deepskin.Address) (call, error) {
	x, err := readChat(at)
	switch {
	case err != nil:
		return call{}, err
	case x == nil:
		return call{url: discordgo.EndpointChannelMessage(at.Chat, at.Message), lane: at.Chat}, nil
	case x.over(time.Now()):
		return call{}, fmt.Errorf("discord: the interaction is over: %w", deepskin.ErrNotFound)
	}
	return a.aboutAnswer(ctx, *x, at.Message)
}

// aboutAnswer returns the beginning of a call about an answer to an interaction.
func (a *Adapter) aboutAnswer(ctx context.Context, x exchange, message string) (call, error) {
	application, err := a.applicationID(ctx)
	if err != nil {
		return call{}, err
	}
	return call{url: discordgo.EndpointWebhookMessage(application, x.token, message), lane: x.id, free: true}, nil
}

// checkMessage makes sure that the address is that of a message that this adapter gave.
func checkMessage(at deepskin.Address) error {
	if at.Message == "" {
		return errors.New("discord: the address names no message")
	}
	_, err := readChat(at)
	return err
}
