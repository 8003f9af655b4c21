// Package transcript draws what was said in chats as one HTML page, for pictures in documents. It
// looks like no platform's own app.
package transcript

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

// A Page is what was said, in one chat or in several. It is laid out in two columns.
type Page struct {
	// Title is the heading, Caption a sentence on how the page came about.
	Title, Caption string
	Chats          []Chat
}

// A Chat is what was said and pressed in one chat.
type Chat struct {
	// Title says who reads the chat; empty for no heading.
	Title string
	// Messages are in any order: they are drawn by time.
	Messages []Message
	Taps     []Tap
}

// A Message is one that a person or the bot sent.
type Message struct {
	// ID is unique in the chat. Only taps need it.
	ID      string
	Author  string
	FromBot bool
	// Shown is all that the message has shown, its last content last. Each is drawn by itself, without
	// what it only repeats.
	Shown []Content
}

// A Content is what a message showed from some moment on.
type Content struct {
	At time.Time
	// Text stands above all else; nil for none.
	Text Text
	// Picture is a JPEG or PNG; nil for none.
	Picture []byte
	Embeds  []Embed
	// Buttons are the labels, in rows.
	Buttons [][]string
}

// An Embed is a framed part of a message.
type Embed struct {
	// Color is that of the frame's left edge, 0xRRGGBB; zero for a neutral one.
	Color       int
	Title, Text Text
	// Picture is a JPEG or PNG; nil for none.
	Picture []byte
}

// A Tap is a press of a button of a message.
type Tap struct {
	Message, Label string
	At             time.Time
}

//go:embed transcript.html
var source string

var page = template.Must(template.New("transcript").Funcs(template.FuncMap{
	"data": data,
	"edge": func(color int) string { return fmt.Sprintf("#%06x", color) },
}).Parse(source))

// HTML returns the page as one document that needs no other file. It fails where a picture is none.
func (p Page) HTML() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("draw the transcript %q: %w", p.Title, err)
	}
	return b.Bytes(), nil
}

// data returns a picture as a URL that holds it.
func data(picture []byte) (template.URL, error) {
	kind := http.DetectContentType(picture)
	if kind != "image/jpeg" && kind != "image/png" {
		return "", fmt.Errorf("a picture is of type %s", kind)
	}
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(picture)), nil
}
