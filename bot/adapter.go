// Package bot is the conversation, the same on every platform: consent, intake, answers,
// buttons, verdicts and the promise that nobody is left without an answer.
package bot

import (
	"context"
	"time"

	"deepskin"
)

// An Adapter connects one chat platform to the bot. Its methods may be called at the same time.
type Adapter interface {
	// Name is the platform's name, as in addresses and metrics.
	Name() string
	// Exclusive says that the platform serves only one connection of a bot at a time, so that of
	// several processes one holds the whole conversation there.
	Exclusive() bool
	// Run passes the platform's events to h until ctx ends. It returns nil then.
	Run(ctx context.Context, h Handler) error
	// Send posts r to a chat and returns the address of the new message. Where to names a
	// message, the new one replies to it if the platform can show that.
	Send(ctx context.Context, to deepskin.Address, r Reply) (deepskin.Address, error)
	// Edit replaces the message at an address; editing twice changes nothing.
	Edit(ctx context.Context, at deepskin.Address, r Reply) error
	// Delete removes the message at an address; a message that is gone is no error.
	Delete(ctx context.Context, at deepskin.Address) error
	// Fetch downloads the photo of a message again, by its Photo.Source. It returns
	// deepskin.ErrGone where the platform no longer has it, and at most 20 MB and one byte, so
	// that what is too large shows.
	Fetch(ctx context.Context, source string) ([]byte, error)
}

// A Handler is what an adapter calls: the bot. It answers at once, so that a platform's deadline
// is never missed; what takes longer comes through Send and Edit.
//
// An error means that nothing was kept and the event should be delivered again.
type Handler interface {
	// Message takes a message and returns what to send back into its chat. The acknowledgement
	// and the answer to a photo do not come as the returned reply but through Send and Edit.
	Message(ctx context.Context, m Message) (Reply, error)
	// Press takes a button press and returns what to do about it.
	Press(ctx context.Context, p Press) (PressReply, error)
}

// A Message is what a person sent: a photo, a command or anything else.
type Message struct {
	Sender deepskin.Sender
	// At is the message's own address; replies go into its chat.
	At deepskin.Address
	// Event names the event uniquely on its platform, edits included, so that one that is
	// delivered twice is handled once.
	Event string
	// Photo is nil where the message has none.
	Photo *Photo
	// Command is a command without its slash, "start" say; empty where there is none.
	Command string
	// Language is what the platform says that the sender reads: a language tag ("pt-br"), or
	// several as in an Accept-Language header. Empty where it does not say.
	Language string
	// Consent says that the sender agreed in the same step, as the web page's form does.
	Consent bool
}

// A Photo is an image on its way in: the bytes themselves, or where its adapter can get them.
type Photo struct {
	// Source is for Adapter.Fetch; empty where the platform keeps no copy.
	Source string
	// Bytes is nil where the photo has yet to be fetched.
	Bytes []byte
	// Problem is set where the platform already told that the photo cannot be had,
	// deepskin.TooManyBytes say.
	Problem deepskin.Problem
}

// A Press is a tap on a button.
type Press struct {
	Sender deepskin.Sender
	// At is the message that carries the button.
	At deepskin.Address
	// Data is the button's data; anybody can send anything here.
	Data string
	// Language is as in Message.
	Language string
}

// A Reply is a message as the bot means it; adapters turn it into their platform's form.
type Reply struct {
	// Case is the case that the reply is about; empty where there is none.
	Case deepskin.CaseID
	// Language is the tag of the language that the reply is in, "fr"; empty where there is
	// nothing to read.
	Language string
	// Title is one short line, to be shown bold; may be empty.
	Title string
	// Text is plain text, paragraphs separated by empty lines. A reply without text and
	// picture is silence.
	Text string
	// Buttons stand below the text, in rows.
	Buttons [][]Button
	// Picture is a JPEG to show with the text; nil for none.
	Picture []byte
	// RetryAfter is set where a photo was turned away because there is too much to do, for
	// this sender or in all: how long to wait before sending it again.
	RetryAfter time.Duration
}

// Empty reports whether there is nothing to send.
func (r Reply) Empty() bool { return r.Text == "" && r.Picture == nil }

// A Button is a choice below a message.
type Button struct {
	Label string
	// Data comes back in Press.Data: at most 64 bytes of ASCII.
	Data string
}

// A PressReply says what becomes of a pressed button's message.
type PressReply struct {
	// Notice is a short text for the presser's eyes only, at most 200 characters; may be empty.
	Notice string
	// Edit replaces the message that carries the button; nil leaves it.
	Edit *Reply
	// Send is a new message in the same chat; nil for none.
	Send *Reply
}
