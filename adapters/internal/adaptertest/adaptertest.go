// Package adaptertest is what the tests of adapters share.
package adaptertest

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"strings"
	"sync"
	"testing"

	"deepskin/bot"
)

// Secret stands in all that people write; it must never turn up in a log or an error.
const Secret = "my-secret-words"

// A Handler is a bot.Handler of functions; a missing one fails the test when it is called.
type Handler struct {
	OnMessage func(context.Context, bot.Message) (bot.Reply, error)
	OnPress   func(context.Context, bot.Press) (bot.PressReply, error)
}

// Message implements bot.Handler.
func (h Handler) Message(ctx context.Context, m bot.Message) (bot.Reply, error) {
	return h.OnMessage(ctx, m)
}

// Press implements bot.Handler.
func (h Handler) Press(ctx context.Context, p bot.Press) (bot.PressReply, error) {
	return h.OnPress(ctx, p)
}

// Silent is a handler that keeps everything and says nothing.
var Silent = Handler{
	OnMessage: func(context.Context, bot.Message) (bot.Reply, error) { return bot.Reply{}, nil },
	OnPress:   func(context.Context, bot.Press) (bot.PressReply, error) { return bot.PressReply{}, nil },
}

// CheckSecrets fails the test where a text, found at the place, holds Secret or another word.
func CheckSecrets(t *testing.T, where, text string, words ...string) {
	t.Helper()
	for _, word := range append(words, Secret) {
		if strings.Contains(text, word) {
			t.Errorf("%s holds %q:\n%s", where, word, text)
		}
	}
}

// Run starts an adapter and returns a function that stops it and waits until it has. The end of the
// test does so too.
func Run(t *testing.T, a bot.Adapter, h bot.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Photo returns a JPEG of 320 x 240 pixels; another shade makes another file.
func Photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = shade + uint8(i%7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatalf("encode a photo: %v", err)
	}
	return b.Bytes()
}
