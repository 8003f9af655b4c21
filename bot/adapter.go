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

// A TeamAdapter is an Adapter on whose platform the team may have a channel. What is posted there holds
// up to 4,096 characters below a picture.
type TeamAdapter interface {
	// TeamChat is the address of the team's channel; the zero address where there is none.
	TeamChat() deepskin.Address
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
	// Album is the platform's key of the album that the photo came in, the same for all its photos;
	// empty for none.
	Album string
	// OthersPhoto says that the message asks about a photo that somebody else sent, of which only
	// that person decides.
	OthersPhoto bool
	// Command is a command without its slash, "start" say; empty where there is none.
	Command string
	// Language is what the platform says that the sender reads: a language tag ("pt-br"), or
	// several as in an Accept-Language header. Empty where it does not say.
	Language string
	// Network is the IP address, or the network, that the message came from directly, for limits alone;
	// empty where a platform stands between, or nobody knows.
	Network string
	// Consent says that the sender agreed in the same step, as the web page's form does.
	Consent bool
	// Reviewer says that the sender is one of the team's reviewers, and that the message came from
	// the team's channel.
	Reviewer bool
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
	// Owner is whose message the one with the button answers, where the platform says so; the
	// zero Sender where it does not. Nobody else can use the button.
	Owner deepskin.Sender
	// Data is the button's data; anybody can send anything here.
	Data string
	// Language is as in Message.
	Language string
	// Text is what the presser wrote into the button's form; empty where it has none. Anybody can
	// write anything here.
	Text string
	// Reviewer says that the presser is one of the team's reviewers, and that the press came from
	// the team's channel.
	Reviewer bool
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
	// Working says that the bot is at work on what will replace this message, which platforms may
	// show.
	Working bool
	// Picture is a JPEG to show with the text; nil for none. Title and text have 1,024 UTF-16 units
	// together then, Telegram's limit, except in the team's channel.
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
	// Ask makes the button open a form for a text, which comes back in Press.Text. Platforms without
	// forms can press with no text, ask what PressReply.Ask says, and press again with what the person
	// writes next; or they leave such a button out. Nil for an ordinary button.
	Ask *Question
}

// A Question is a form with one field, for free text.
type Question struct {
	// Title stands above the form and Label above the field: 45 characters at most.
	Title, Label string
	// Placeholder is shown in the field while it is empty: at most 100 characters.
	Placeholder string
	// MaxLength is how many characters may be written.
	MaxLength int
}

// A PressReply says what becomes of a pressed button's message.
type PressReply struct {
	// Notice is a short text for the presser's eyes only, at most 200 characters; may be empty.
	Notice string
	// Edit replaces the message that carries the button; nil leaves it.
	Edit *Reply
	// Send is a new message in the same chat; nil for none.
	Send *Reply
	// Ask is set where the button needs a text and the press brought none; Notice says so. Nil
	// otherwise.
	Ask *Question
}
