// Package telegram connects the bot to Telegram, in private chats and, where it is spoken to, in
// groups.
//
// Updates are taken by long polling, or brought by Telegram where there is a webhook: each one is
// handed to the bot, and only when the bot has kept it does Telegram hear that it may forget it. What goes out keeps to Telegram's limits,
// chat by chat, so that a chat that has to wait holds up nobody else.
//
// A log line or an error of this package holds no token, chat, address or text of a message. That
// includes Telegram's own descriptions of errors, which quote the messages that they are about.
package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/prometheus/client_golang/prometheus"

	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// Name is the platform's name in addresses.
const Name = "telegram"

// Config says how to reach Telegram and how fast to go. Only Token is required.
type Config struct {
	// Token is what @BotFather gave for the bot.
	Token string
	// APIEndpoint is the pattern of a method's URL, with the token and the method to fill in;
	// it has to end in "/bot%s/%s". Files are taken from the same host under "/file". Empty
	// means Telegram's own.
	APIEndpoint string
	// HTTPClient makes the requests; its redirect policy is not used, because a redirect would
	// carry the token elsewhere. Nil means a client of the adapter's own. It needs no timeout:
	// those below bound every request.
	HTTPClient *http.Client
	// PollTimeout is how long Telegram may hold a request for updates open; it is rounded up to
	// whole seconds. Zero means 50 s, which is Telegram's maximum.
	PollTimeout time.Duration
	// CallTimeout bounds one attempt at any other request or download. Zero means 30 s.
	CallTimeout time.Duration
	// MaxWait bounds how long one call of Send, Edit, Delete or Fetch may wait, for its chat's
	// turn, a limit or between attempts, before it gives up. Zero means 1 min.
	MaxWait time.Duration
	// Backoff is the first pause after a failure. It doubles with each failure that follows,
	// up to 64 times this or 30 s. Zero means 500 ms.
	Backoff time.Duration
	// DrainTime bounds what is still done after Run's context has ended: sending the replies that
	// the bot gave, and telling Telegram which updates need not come again. Zero means 5 s.
	DrainTime time.Duration
	// WebhookURL is where Telegram brings the updates to: an https URL, which leads to WebhookAddr
	// through whatever ends TLS there. Empty means that updates are polled.
	//
	// Of several processes the one with the lease listens. At the others the connection is refused,
	// so that a load balancer passes the update on to the next; where it does not, Telegram tries
	// again.
	WebhookURL string
	// WebhookSecret is what Telegram shows with each update, 1 to 256 letters, digits, - and _. It is
	// required with WebhookURL.
	WebhookSecret string
	// WebhookAddr is the address to listen on, by plain HTTP. It is required with WebhookURL.
	WebhookAddr string
	// OnListen is called with the address that is listened on, before Telegram hears of the webhook.
	// Nil means nobody wants to know.
	OnListen func(addr string)
	// ChatRate is how many messages and edits a second go to one chat in the long run. Zero
	// means 1, Telegram's limit.
	ChatRate float64
	// ChatBurst is how many of them may go at once. Zero means 3.
	ChatBurst int
	// GroupRate is how many messages and edits a second go to one group in the long run. Zero means
	// 0.25, which together with GroupBurst stays at Telegram's limit of 20 a minute.
	GroupRate float64
	// GroupBurst is how many of them may go at once. Zero means 5.
	GroupBurst int
	// Rate is how many messages and edits a second go out in all. Zero means 25, which together
	// with Burst stays below Telegram's limit of 30 in any one second.
	Rate float64
	// Burst is how many of them may go at once. Zero means 5.
	Burst int
	// Logger takes what operators should know. Nil means silence.
	Logger *slog.Logger
	// Metrics takes the counts of updates, errors and waits, for one adapter only. Nil means
	// that they are counted nowhere.
	Metrics prometheus.Registerer
}

// Adapter is the bot's connection to Telegram. Its methods may be called at the same time.
type Adapter struct {
	token        string
	secret       string // what follows the bot's number in the token
	endpoint     string
	fileEndpoint string
	client       *http.Client
	pollTimeout  time.Duration
	callTimeout  time.Duration
	maxWait      time.Duration
	backoff      remote.Backoff
	drainTime    time.Duration
	webhook      *webhook // nil where updates are polled
	files        remote.Downloader
	gate         *remote.Gate
	absent       absences
	log          *slog.Logger
	metrics      *remote.Metrics
}

var _ bot.Adapter = (*Adapter)(nil)

// tokenForm keeps tokens out that would not survive in a URL, where they would turn up in errors.
var tokenForm = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

const endpointForm = "/bot%s/%s"

// New checks the configuration and returns an adapter. It does not touch the network: a token that
// Telegram does not know shows in Run or Check.
func New(c Config) (*Adapter, error) {
	if !tokenForm.MatchString(c.Token) {
		return nil, errors.New("telegram: the bot token has not the form that @BotFather gives, digits:letters")
	}
	if c.APIEndpoint == "" {
		c.APIEndpoint = tgbotapi.APIEndpoint
	}
	host, ok := strings.CutSuffix(c.APIEndpoint, endpointForm)
	if !ok || strings.Contains(host, "%") {
		return nil, fmt.Errorf("telegram: the API endpoint has to end in %q and hold no other %%", endpointForm)
	}
	if c.PollTimeout < 0 || c.CallTimeout < 0 || c.MaxWait < 0 || c.Backoff < 0 || c.DrainTime < 0 ||
		c.ChatRate < 0 || c.ChatBurst < 0 || c.GroupRate < 0 || c.GroupBurst < 0 || c.Rate < 0 || c.Burst < 0 {
		return nil, errors.New("telegram: timeouts and rates cannot be negative")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	hook, err := newWebhook(c)
	if err != nil {
		return nil, err
	}
	_, secret, _ := strings.Cut(c.Token, ":")
	silenceLibrary()
	a := &Adapter{
		token:        c.Token,
		secret:       secret,
		endpoint:     c.APIEndpoint,
		fileEndpoint: host + "/file" + endpointForm,
		client:       remote.Client(c.HTTPClient),
		pollTimeout:  cmp.Or(c.PollTimeout, 50*time.Second),
		callTimeout:  cmp.Or(c.CallTimeout, 30*time.Second),
		maxWait:      cmp.Or(c.MaxWait, time.Minute),
		backoff:      remote.Backoff(cmp.Or(c.Backoff, 500*time.Millisecond)),
		drainTime:    cmp.Or(c.DrainTime, 5*time.Second),
		webhook:      hook,
		log:          c.Logger,
		metrics:      remote.NewMetrics(Name, c.Metrics, conflict),
	}
	a.gate = newGate(c, a.metrics)
	a.files = remote.Downloader{
		Platform: Name, Secret: secret, Gone: []int{http.StatusNotFound},
		Client: a.client, Timeout: a.callTimeout, MaxWait: a.maxWait, Backoff: a.backoff, Metrics: a.metrics,
	}
	return a, nil
}

// Name returns "telegram".
func (a *Adapter) Name() string { return Name }

// Exclusive returns true: of two polls for the same bot, Telegram ends one. With a webhook several
// processes could take updates, but only one can keep to the limits on what goes out.
func (a *Adapter) Exclusive() bool { return true }

// Check asks Telegram once whether it knows the token and returns the bot's user name. It returns
// ErrToken where Telegram does not.
func (a *Adapter) Check(ctx context.Context) (username string, err error) {
	self, err := a.me(ctx)
	return self.Username, err
}

// silenceLibrary stops the library from printing errors, which contain the token. Its logger is a
// global variable without a lock, hence the once.
var silenceLibrary = sync.OnceFunc(func() {
	// The only error is for a nil logger.
	_ = tgbotapi.SetLogger(silence{})
})

type silence struct{}

func (silence) Println(...any)        {}
func (silence) Printf(string, ...any) {}
