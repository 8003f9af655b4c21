package telegram_test

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/internal/adaptertest"
	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/internal/logtest"
)

// People of the tests. Their numbers are long enough not to turn up in a log by chance.
const (
	ann = 5550001110
	ben = 5550002220
	cas = 5550003330
)

// What all adapters' tests share, by short names.
type (
	handler = adaptertest.Handler
	log     = logtest.Log
)

const secret = adaptertest.Secret

var (
	silent = adaptertest.Silent
	photo  = adaptertest.Photo
	run    = adaptertest.Run
)

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
	adaptertest.CheckSecrets(t, where, text, key, strconv.Itoa(ann), strconv.Itoa(ben), strconv.Itoa(cas))
}

func chatOf(person int64) deepskin.Address {
	return deepskin.Address{Platform: "telegram", Chat: strconv.FormatInt(person, 10)}
}

func addressOf(m telegramtest.Message) deepskin.Address {
	at := chatOf(m.Chat)
	at.Message = strconv.Itoa(m.ID)
	return at
}

// greet is what gives the bot a chat with a person: nobody can be written to before.
func greet(s *telegramtest.Server, people ...int64) {
	for _, p := range people {
		s.SendText(p, p, "hello "+secret)
	}
}
