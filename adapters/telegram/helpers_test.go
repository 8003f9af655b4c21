package telegram_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// People of the tests. Their numbers are long enough not to turn up in a log by chance.
const (
	ann = 5550001110
	ben = 5550002220
	cas = 5550003330
)

// secret stands in all that people write; it must never turn up in a log or an error.
const secret = "my-secret-words"

// A handler is a bot.Handler of functions; a missing one fails the test when it is called.
type handler struct {
	message func(context.Context, bot.Message) (bot.Reply, error)
	press   func(context.Context, bot.Press) (bot.PressReply, error)
}

func (h handler) Message(ctx context.Context, m bot.Message) (bot.Reply, error) {
	return h.message(ctx, m)
}

func (h handler) Press(ctx context.Context, p bot.Press) (bot.PressReply, error) {
	return h.press(ctx, p)
}

// A log is what the adapter logged; it may be written to while it is read.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// quick is a configuration for tests: no limits worth mentioning, hardly a pause.
func quick(s *telegramtest.Server) telegram.Config {
	s.SetLimits(telegramtest.Limits{ChatRate: 1e6, ChatBurst: 1e6, Overall: 1e6})
	return telegram.Config{
		Token:       s.Token(),
		APIEndpoint: s.Endpoint(),
		Backoff:     time.Millisecond,
		Rate:        1e6,
		Burst:       1e6,
		ChatRate:    1e6,
		ChatBurst:   1e6,
		GroupRate:   1e6,
		GroupBurst:  1e6,
	}
}

// adapter makes an adapter whose log is searched for secrets at the end of the test.
func adapter(t *testing.T, c telegram.Config) (*telegram.Adapter, *log) {
	t.Helper()
	l := &log{}
	c.Logger = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := telegram.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { checkSecrets(t, "log", l.String(), c.Token) })
	return a, l
}

func checkSecrets(t *testing.T, where, text, token string) {
	t.Helper()
	_, key, _ := strings.Cut(token, ":")
	for _, word := range []string{key, secret, strconv.Itoa(ann), strconv.Itoa(ben), strconv.Itoa(cas)} {
		if strings.Contains(text, word) {
			t.Errorf("%s holds %q:\n%s", where, word, text)
		}
	}
}

// run starts the adapter and returns a function that stops it and waits until it has.
func run(t *testing.T, a *telegram.Adapter, h bot.Handler) (stop func()) {
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

func chatOf(person int64) deepskin.Address {
	return deepskin.Address{Platform: "telegram", Chat: strconv.FormatInt(person, 10)}
}

func addressOf(m telegramtest.Message) deepskin.Address {
	at := chatOf(m.Chat)
	at.Message = strconv.Itoa(m.ID)
	return at
}

// photo returns a JPEG; another shade makes another file.
func photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: shade}.Y + uint8(i%7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatalf("encode a photo: %v", err)
	}
	return b.Bytes()
}

// greet is what gives the bot a chat with a person: nobody can be written to before.
func greet(s *telegramtest.Server, people ...int64) {
	for _, p := range people {
		s.SendText(p, p, "hello "+secret)
	}
}

// silent is a handler that keeps everything and says nothing.
var silent = handler{
	message: func(context.Context, bot.Message) (bot.Reply, error) { return bot.Reply{}, nil },
	press:   func(context.Context, bot.Press) (bot.PressReply, error) { return bot.PressReply{}, nil },
}
