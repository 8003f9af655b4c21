package transcript_test

import (
	"bytes"
	"encoding/base64"
	"html"
	"image"
	"image/png"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"deepskin/internal/transcript"
)

func TestText(t *testing.T) {
	type span = transcript.Span
	for _, test := range []struct {
		name string
		got  transcript.Text
		want transcript.Text
	}{
		{
			"bold parts in their order", transcript.Marked("a b a\n\nb", []string{"b", "a"}),
			transcript.Text{{span{Text: "a "}, span{Text: "b", Bold: true}, span{Text: " "}, span{Text: "a", Bold: true}}, {span{Text: "b"}}},
		},
		{
			"an address at a sentence's end", transcript.Marked("See https://example.org/a_b.", nil),
			transcript.Text{{span{Text: "See "}, span{Text: "https://example.org/a_b", Link: "https://example.org/a_b"}, span{Text: "."}}},
		},
		{"escapes", transcript.Markdown(`\<1% \*\*not bold\*\*`), transcript.Text{{span{Text: "<1% **not bold**"}}}},
		{
			"bold, with an escape", transcript.Markdown(`a **b\_c** d`),
			transcript.Text{{span{Text: "a "}, span{Text: "b_c", Bold: true}, span{Text: " d"}}},
		},
		{
			"a named link", transcript.Markdown("[here](https://example.org)"),
			transcript.Text{{span{Text: "here", Link: "https://example.org"}}},
		},
		{"nothing", transcript.Markdown(""), transcript.Text{}},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, test.got, test.want)
		}
	}
}

// picture returns a PNG; another width makes another file.
func picture(t *testing.T, width int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHTMLShowsEverythingOnce(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	photo, heatmap := picture(t, 8), picture(t, 9)
	buttons := [][]string{{"Yes", "No"}}
	chat := transcript.Chat{
		Title: "a <chat>",
		Messages: []transcript.Message{
			{ID: "2", Author: "Bot", FromBot: true, Shown: []transcript.Content{
				{At: at(2), Text: transcript.Marked("Title\n\nMay I?", []string{"Title"}), Buttons: buttons},
				{At: at(4), Text: transcript.Marked("Title\n\nMay I?\n\nThank you", []string{"Title"}), Buttons: buttons},
			}},
			{ID: "1", Author: "Ann", Shown: []transcript.Content{{
				At: at(1), Text: transcript.Marked(`<script>alert("1 & 2")</script>`, nil), Picture: photo,
			}}},
			{ID: "3", Author: "Bot", FromBot: true, Shown: []transcript.Content{
				{At: at(5), Embeds: []transcript.Embed{{Color: 0x00ff7f, Title: transcript.Markdown("Framed"), Text: transcript.Markdown("first"), Picture: heatmap}}},
				{At: at(6), Embeds: []transcript.Embed{{Color: 0x00ff7f, Title: transcript.Markdown("Framed"), Text: transcript.Markdown("second"), Picture: heatmap}}},
			}},
		},
		Taps: []transcript.Tap{{Message: "2", Label: "Yes", At: at(3)}},
	}
	document, err := transcript.Page{Title: "a page", Chats: []transcript.Chat{chat}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	whole := html.UnescapeString(string(document))
	if strings.Contains(string(document), "<script") {
		t.Error("the HTML of a message is not escaped")
	}
	if n := strings.Count(string(document), `style="border-color: #00ff7f"`); n != 2 {
		t.Errorf("%d frames have their colour, want 2", n)
	}
	for _, p := range [][]byte{photo, heatmap} {
		if n := strings.Count(whole, base64.StdEncoding.EncodeToString(p)); n != 1 {
			t.Errorf("a picture is there %d times, want once", n)
		}
	}
	if n := strings.Count(whole, `<span class="tapped">Yes</span>`); n != 1 {
		t.Errorf("%d buttons are drawn as tapped, want the one that was", n)
	}

	_, body, _ := strings.Cut(string(document), "<main>")
	words := strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")))
	want := `a <chat> Ann <script>alert("1 & 2")</script> Bot Title May I? Yes No ` +
		`Bot · edit of “Title” ⋯ as above ⋯ Thank you Yes No Bot Framed first Bot · edit of “Framed” second`
	if got := strings.Join(words, " "); got != want {
		t.Errorf("the page says\n%s\nwant\n%s", got, want)
	}
}

func TestHTMLNeedsPictures(t *testing.T) {
	page := transcript.Page{Title: "a page", Chats: []transcript.Chat{{Messages: []transcript.Message{{
		Author: "Ann", Shown: []transcript.Content{{Picture: []byte("<svg></svg>")}},
	}}}}}
	if _, err := page.HTML(); err == nil {
		t.Error("what is no picture was drawn")
	}
}
