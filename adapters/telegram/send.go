package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// Send posts r to a chat, as a reply where to names a message that is still there, and returns the
// address of the new message. An empty reply is silence: nothing is sent, and the address is
// that of the chat. It returns deepskin.ErrNotFound where the person has blocked the bot or the
// chat is gone, and deepskin.ErrBusy where the limits would have it wait too long.
//
// A message is sent again only where it certainly did not get through.
func (a *Adapter) Send(ctx context.Context, to deepskin.Address, r bot.Reply) (deepskin.Address, error) {
	if err := check(to); err != nil {
		return deepskin.Address{}, err
	}
	sent := deepskin.Address{Platform: Name, Chat: to.Chat, Thread: to.Thread}
	if r.Empty() {
		return sent, nil
	}
	sent, err := a.post(ctx, to, r)
	var supergroup movedTo
	if errors.As(err, &supergroup) {
		to = deepskin.Address{Platform: Name, Chat: strconv.FormatInt(int64(supergroup), 10)}
		return a.post(ctx, to, r)
	}
	return sent, err
}

// post sends a message to a chat.
func (a *Adapter) post(ctx context.Context, to deepskin.Address, r bot.Reply) (deepskin.Address, error) {
	sent := deepskin.Address{Platform: Name, Chat: to.Chat, Thread: to.Thread}
	c, err := sending(to, r)
	if err != nil {
		return deepskin.Address{}, err
	}
	err = a.in(ctx, to.Chat, func(l *remote.Lane, do doer) error {
		result, err := do(c)
		if err != nil {
			return err
		}
		var message struct {
			ID int `json:"message_id"`
		}
		if err := json.Unmarshal(result, &message); err != nil || message.ID == 0 {
			return fmt.Errorf("telegram %s: the answer has no message", c.method)
		}
		sent.Message = strconv.Itoa(message.ID)
		if r.Working {
			a.showTyping(ctx, l, to)
		}
		return nil
	})
	if err != nil {
		return deepskin.Address{}, err
	}
	return sent, nil
}

// typingTime bounds how long is spent on showing that the bot types.
const typingTime = time.Second

// showTyping shows for 5 s, or until the answer comes, that the bot types: where that fits into the
// limits, and without caring whether it worked.
func (a *Adapter) showTyping(ctx context.Context, l *remote.Lane, to deepskin.Address) {
	if !l.Spare() {
		return
	}
	p := tgbotapi.Params{"chat_id": to.Chat, "action": tgbotapi.ChatTyping}
	p.AddNonEmpty("message_thread_id", to.Thread)
	_, err := a.attempt(ctx, call{method: "sendChatAction", params: p}, typingTime)
	var failure *remote.Error
	if errors.As(err, &failure) && failure.RetryAfter > 0 {
		a.slowDown(l, failure.RetryAfter)
	}
}

// Edit replaces the message at an address; where r has a picture, the message becomes one. A
// picture cannot become a text: without a new one it stays, above the new text. An empty r
// changes nothing. It returns deepskin.ErrNotFound where there is no such message to edit, or no
// longer, and deepskin.ErrBusy where the limits would have it wait too long.
func (a *Adapter) Edit(ctx context.Context, at deepskin.Address, r bot.Reply) error {
	if err := checkMessage(at); err != nil {
		return err
	}
	if r.Empty() {
		return nil
	}
	c, err := editing(at, r)
	if err != nil {
		return err
	}
	err = a.in(ctx, at.Chat, func(_ *remote.Lane, do doer) error {
		_, err := do(c)
		if errors.Is(err, errNoText) {
			// The reply does not say that the message is a picture; Telegram just did.
			if c, err = captioning(at, r); err != nil {
				return err
			}
			_, err = do(c)
		}
		return err
	})
	if errors.Is(err, errNotModified) {
		return nil
	}
	return err
}

// Delete removes the message at an address. One that is gone, or in a chat that the bot can no
// longer reach, is no error. Telegram lets bots delete messages for 48 hours only.
func (a *Adapter) Delete(ctx context.Context, at deepskin.Address) error {
	if err := checkMessage(at); err != nil {
		return err
	}
	err := a.in(ctx, at.Chat, func(_ *remote.Lane, do doer) error {
		_, err := do(call{method: "deleteMessage", params: target(at), repeatable: true})
		return err
	})
	if errors.Is(err, deepskin.ErrNotFound) {
		return nil
	}
	return err
}

// sending is the call that posts a reply.
func sending(to deepskin.Address, r bot.Reply) (call, error) {
	p := tgbotapi.Params{"chat_id": to.Chat}
	p.AddNonEmpty("message_thread_id", to.Thread)
	if to.Message != "" {
		p["reply_parameters"] = fmt.Sprintf(`{"message_id":%s,"allow_sending_without_reply":true}`, to.Message)
	}
	if err := addKeyboard(p, r); err != nil {
		return call{}, err
	}
	if r.Picture == nil {
		addText(p, r)
		return call{method: "sendMessage", params: p}, nil
	}
	addCaption(p, r)
	return call{method: "sendPhoto", params: p, files: upload("photo", r)}, nil
}

// editing is the call that replaces a message. Without reply_markup the old buttons go.
func editing(at deepskin.Address, r bot.Reply) (call, error) {
	if r.Picture != nil {
		return picturing(at, r)
	}
	p := target(at)
	addText(p, r)
	if err := addKeyboard(p, r); err != nil {
		return call{}, err
	}
	return call{method: "editMessageText", params: p, repeatable: true}, nil
}

// captioning is the call that replaces the text below a picture.
func captioning(at deepskin.Address, r bot.Reply) (call, error) {
	p := target(at)
	addCaption(p, r)
	if err := addKeyboard(p, r); err != nil {
		return call{}, err
	}
	return call{method: "editMessageCaption", params: p, repeatable: true}, nil
}

// picturing is the call that turns a message into a picture, or into another one. The library's
// own way does not work: it sends the file under a name that the media does not refer to.
func picturing(at deepskin.Address, r bot.Reply) (call, error) {
	const part = "picture"
	media := struct {
		Type      string `json:"type"`
		Media     string `json:"media"`
		Caption   string `json:"caption,omitempty"`
		ParseMode string `json:"parse_mode"`
	}{"photo", "attach://" + part, markup(r, maxCaption), tgbotapi.ModeHTML}
	p := target(at)
	if err := p.AddInterface("media", media); err != nil {
		return call{}, fmt.Errorf("telegram: encode a picture's caption: %w", err)
	}
	if err := addKeyboard(p, r); err != nil {
		return call{}, err
	}
	return call{method: "editMessageMedia", params: p, files: upload(part, r), repeatable: true}, nil
}

func target(at deepskin.Address) tgbotapi.Params {
	return tgbotapi.Params{"chat_id": at.Chat, "message_id": at.Message}
}

func addText(p tgbotapi.Params, r bot.Reply) {
	p["text"] = markup(r, maxText)
	p["parse_mode"] = tgbotapi.ModeHTML
	p["link_preview_options"] = `{"is_disabled":true}`
}

func addCaption(p tgbotapi.Params, r bot.Reply) {
	p["caption"] = markup(r, maxCaption)
	p["parse_mode"] = tgbotapi.ModeHTML
}

func addKeyboard(p tgbotapi.Params, r bot.Reply) error {
	k, err := keyboard(r.Buttons, !isGroup(p["chat_id"]))
	if err != nil {
		return fmt.Errorf("telegram: lay out the buttons: %w", err)
	}
	if err := p.AddInterface("reply_markup", k); err != nil {
		return fmt.Errorf("telegram: encode the buttons: %w", err)
	}
	return nil
}

func upload(part string, r bot.Reply) []tgbotapi.RequestFile {
	return []tgbotapi.RequestFile{{
		Name: part,
		Data: tgbotapi.FileBytes{Name: "picture.jpg", Bytes: r.Picture},
	}}
}

// check makes sure that the address is one that this adapter gave.
func check(at deepskin.Address) error {
	_, err := strconv.ParseInt(at.Chat, 10, 64)
	if at.Platform != Name || err != nil {
		return errors.New("telegram: not an address of this platform")
	}
	for _, number := range []string{at.Message, at.Thread} {
		if _, err := strconv.Atoi(number); number != "" && err != nil {
			return errors.New("telegram: not a message of this platform")
		}
	}
	return nil
}

// isGroup reports whether a chat is a group of any kind: those have negative numbers.
func isGroup(chat string) bool { return strings.HasPrefix(chat, "-") }

func checkMessage(at deepskin.Address) error {
	if at.Message == "" {
		return errors.New("telegram: the address names no message")
	}
	return check(at)
}
