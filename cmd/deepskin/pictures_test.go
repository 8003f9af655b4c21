package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"deepskin/classifier/sample"
	"deepskin/internal/browsertest"
	"deepskin/internal/transcript"
)

// pictureFolder is where the README's pictures go; empty where none are to be taken.
var pictureFolder = os.Getenv("DEEPSKIN_PICTURES")

// scale is how many of the pictures' pixels there are for one of a page.
const scale = 1.2

// mole draws a photo that the demonstration sends too.
func mole(t *testing.T) []byte {
	t.Helper()
	return drawn(t, 11, sample.Options{Width: 640, Height: 480, Look: sample.Mole, Tone: sample.ToneII})
}

// A record is what a fake platform has recorded of chats.
type record struct {
	words    []string
	pictures [][]byte
}

// drawChats draws chats, checks that all that was recorded is there, and takes the README's picture.
func drawChats(t *testing.T, name, title string, chats []transcript.Chat, all record) {
	t.Helper()
	document, err := transcript.Page{
		Title: title, Chats: chats,
		Caption: "What the bot sent, drawn by make pictures. The photo is drawn too. Filled buttons were tapped.",
	}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	visible := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(document), "\n"))
	for _, text := range all.words {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); !strings.Contains(visible, line) {
				t.Errorf("the picture of %s lacks: %s", title, line)
			}
		}
	}
	whole := html.UnescapeString(string(document))
	for _, picture := range all.pictures {
		if !strings.Contains(whole, base64.StdEncoding.EncodeToString(picture)) {
			t.Errorf("the picture of %s lacks one of %d bytes", title, len(picture))
		}
	}
	for _, chat := range chats {
		for _, tap := range chat.Taps {
			if !strings.Contains(whole, `<span class="tapped">`+tap.Label+`</span>`) {
				t.Errorf("the picture of %s does not show that somebody pressed %q", title, tap.Label)
			}
		}
	}
	takePicture(t, name, document)
}

// takePicture takes a picture of an HTML document.
func takePicture(t *testing.T, name string, document []byte) {
	t.Helper()
	if pictureFolder == "" {
		return
	}
	source := filepath.Join(t.TempDir(), "page.html")
	save(t, source, document)
	save(t, filepath.Join(pictureFolder, name), browsertest.Open(t, "file://"+source).Picture(800, scale, "light"))
}

// A panel is a part of the web page as it was, from one height to another.
type panel struct {
	picture  []byte
	top, end int
	paper    string
}

// panelWidth is that of a phone.
const panelWidth = 400

// takePanel takes a picture of the web page in a colour scheme, from the top of one element to where
// another one ends. It returns nil where no pictures are to be taken.
func takePanel(page *browsertest.Tab, scheme, first, last string) *panel {
	if pictureFolder == "" {
		return nil
	}
	// A machine without a desktop has a wider font for its own than any phone.
	page.Until(`(document.body.style.fontFamily = "Liberation Sans, Arial, sans-serif") !== ""`)
	p := &panel{picture: page.Picture(panelWidth, scale, scheme)}
	at := func(selector, side string) int {
		return browsertest.Eval[int](page, fmt.Sprintf("Math.round(scrollY + document.querySelector(%q).getBoundingClientRect().%s)", selector, side))
	}
	const margin = 12 // above the first element, where the page has as much
	p.top, p.end = max(0, at(first, "top")-margin), at(last, "bottom")
	p.paper = browsertest.Eval[string](page, "getComputedStyle(document.body).backgroundColor")
	page.Until(`(document.body.style.fontFamily = "") === ""`)
	page.Do(chromedp.EmulateViewport(360, 800))
	return p
}

// drawPanels takes the README's picture of the web page, with panels side by side.
func drawPanels(t *testing.T, panels ...*panel) {
	t.Helper()
	document := `<!DOCTYPE html><title>The page</title><body style="margin: 0; display: flex">`
	for _, p := range panels {
		if p == nil {
			return
		}
		document += fmt.Sprintf(`<div style="background: %s; padding-bottom: 12px"><div style="height: %dpx; overflow: hidden">`+
			`<img style="width: %dpx; margin-top: %dpx" src="data:image/png;base64,%s"></div></div>`,
			p.paper, p.end-p.top, panelWidth, -p.top, base64.StdEncoding.EncodeToString(p.picture))
	}
	takePicture(t, "page.png", []byte(document))
}
