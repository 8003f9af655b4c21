// Package discord connects the bot to Discord: slash commands, direct messages, and photos posted in
// channels that are set for it.
//
// Who uses /check in a server is answered so that only they see it, unless they ask to share the
// answer. In the channels of Config.Channels photos are taken as they are posted and answered for all
// to see: these channels are for a team that looks at photos together, not for patients.
//
// The gateway's connection is the package's own, on gorilla/websocket, because discordgo's cannot be
// stopped while it connects, hangs for ever where it is asked to reconnect at that moment, and throws
// the session away, with all that came meanwhile, where a heartbeat is lost. The rest, Discord's types,
// endpoints and requests, is discordgo's.
//
// A log line or an error of this package holds no token, ID, address or text of a message. That
// includes Discord's own descriptions of errors.
package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/prometheus/client_golang/prometheus"

	"deepskin"
	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// Name is the platform's name in addresses.
const Name = "discord"

// Config says how to reach Discord and where to listen. Only Token is required.
type Config struct {
	// Token is the bot's, from Discord's developer portal.
	Token string
	// Channels are the IDs of the channels in which photos are taken as they are posted, and
	// answered for all to see. With none, no message of a server is read.
	Channels []string
	// TeamChannel is the ID of the channel where the team reviews answers. Empty means that there
	// is none.
	TeamChannel string
	// ReviewerRole is the ID of the role whose holders may review, in the team's channel. Empty
	// means that nobody may.
	ReviewerRole string
	// API is the URL, scheme and host, of a proxy for Discord's API and files. Empty means
	// Discord itself.
	API string
	// HTTPClient makes the requests; its redirect policy is not used, because a redirect would
	// carry the token elsewhere. Nil means a client of the adapter's own. It needs no timeout:
	// those below bound every request.
	HTTPClient *http.Client
	// CallTimeout bounds one attempt at a request or download, and the opening of a gateway
	// connection. Zero means 30 s.
	CallTimeout time.Duration
	// MaxWait bounds how long one call of Send, Edit, Delete or Fetch may wait, for a limit or
	// between attempts, before it gives up. Zero means 1 min.
	MaxWait time.Duration
	// Backoff is the first pause after a failure. It doubles with each failure that follows,
	// up to 64 times this or 30 s. Zero means 1 s.
	Backoff time.Duration
	// DrainTime bounds what is still done after Run's context has ended: handling the events that
	// came, and sending the replies. Zero means 5 s.
	DrainTime time.Duration
	// LookBack is for how long before Run photos in Channels are looked for, that were posted while
	// no process listened. Zero means 2 min.
	LookBack time.Duration
	// Rate is how many calls a second are made in all, those that answer interactions aside. Zero
	// means 30: with a burst of 5, that stays below Discord's limit of 50 even where a slow network
	// delivers half a second of calls at once.
	Rate float64
	// Logger takes what operators should know. Nil means silence.
	Logger *slog.Logger
	// Metrics takes the counts of events, errors and waits, for one adapter only. Nil means
	// that they are counted nowhere.
	Metrics prometheus.Registerer
}

// Adapter is the bot's connection to Discord. Its methods may be called at the same time.
type Adapter struct {
	// config has no zero durations.
	config Config
	// rest knows the token and makes requests; it never opens discordgo's gateway.
	rest      *discordgo.Session
	client    *http.Client
	pauses    remote.Backoff
	files     remote.Downloader
	gate      *remote.Gate
	metrics   *remote.Metrics
	questions questions
	// erased are the messages of people that were deleted a while ago.
	erased *recent

	mu          sync.Mutex
	application string // the application's ID, empty while it is not known
}

var (
	_ bot.Adapter     = (*Adapter)(nil)
	_ bot.TeamAdapter = (*Adapter)(nil)
)

var (
	// tokenForm keeps out what cannot be sent in a header.
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
	idForm    = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// New checks the configuration and returns an adapter. It does not touch the network: a token that
// Discord does not know shows in Run or Check.
func New(c Config) (*Adapter, error) {
	if !tokenForm.MatchString(c.Token) {
		return nil, errors.New("discord: the bot token has not the form that the developer portal gives: three parts with dots between")
	}
	for _, id := range slices.Concat(c.Channels, []string{c.TeamChannel, c.ReviewerRole}) {
		if id != "" && !idForm.MatchString(id) {
			return nil, errors.New("discord: channels and roles are set by their IDs, which are numbers; " +
				"Discord shows them in its developer mode")
		}
	}
	if slices.Contains(c.Channels, "") {
		return nil, errors.New("discord: one of the channels has no ID")
	}
	if c.CallTimeout < 0 || c.MaxWait < 0 || c.Backoff < 0 || c.DrainTime < 0 || c.LookBack < 0 || c.Rate < 0 {
		return nil, errors.New("discord: timeouts and rates cannot be negative")
	}
	client, err := discordClient(c.HTTPClient, c.API)
	if err != nil {
		return nil, err
	}
	rest, err := discordgo.New("Bot " + c.Token)
	if err != nil {
		return nil, fmt.Errorf("discord: prepare requests: %w", err)
	}
	rest.LogLevel = -1 // its lines quote what is sent
	c.CallTimeout = cmp.Or(c.CallTimeout, 30*time.Second)
	c.MaxWait = cmp.Or(c.MaxWait, time.Minute)
	c.Backoff = cmp.Or(c.Backoff, time.Second)
	c.DrainTime = cmp.Or(c.DrainTime, 5*time.Second)
	c.LookBack = cmp.Or(c.LookBack, 2*time.Minute)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	pauses, metrics := remote.Backoff(c.Backoff), remote.NewMetrics(Name, c.Metrics)
	return &Adapter{
		config: c, rest: rest, client: client, pauses: pauses, metrics: metrics,
		files: remote.Downloader{
			Platform: Name, Secret: c.Token, Gone: []int{http.StatusNotFound, http.StatusForbidden, http.StatusGone},
			Client: client, Timeout: c.CallTimeout, MaxWait: c.MaxWait, Backoff: pauses, Metrics: metrics,
		},
		gate: newGate(cmp.Or(c.Rate, 30), metrics), erased: newRecent(),
	}, nil
}

// Name returns "discord".
func (a *Adapter) Name() string { return Name }

// Exclusive returns true: two gateway connections would both get every event.
func (a *Adapter) Exclusive() bool { return true }

// TeamChat is the address of the team's channel; the zero address where none is set.
func (a *Adapter) TeamChat() deepskin.Address {
	if a.config.TeamChannel == "" {
		return deepskin.Address{}
	}
	return deepskin.Address{Platform: Name, Chat: a.config.TeamChannel}
}

// discordClient returns a copy of the client that follows no redirects, and goes to the proxy if
// there is one.
func discordClient(client *http.Client, proxy string) (*http.Client, error) {
	c := remote.Client(client)
	if proxy == "" {
		return c, nil
	}
	to, err := url.Parse(proxy)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, errors.New("discord: the proxy's URL is http or https with a host")
	}
	c.Transport = viaProxy{to: to, by: c.Transport}
	return c, nil
}

// viaProxy sends requests to another host.
type viaProxy struct {
	to *url.URL
	by http.RoundTripper // nil for the usual one
}

// RoundTrip implements http.RoundTripper.
func (p viaProxy) RoundTrip(req *http.Request) (*http.Response, error) {
	by := p.by
	if by == nil {
		by = http.DefaultTransport
	}
	moved := req.Clone(req.Context())
	moved.URL.Scheme, moved.URL.Host = p.to.Scheme, p.to.Host
	return by.RoundTrip(moved)
}

// Self is what Discord says of the bot.
type Self struct {
	// ID is the application's.
	ID   string
	Name string
	// ReadsContent says that the message content intent is switched on in the developer portal,
	// which Config.Channels needs.
	ReadsContent bool
}

// Check asks Discord once whether it knows the token, and what it says of the bot. It returns ErrToken
// where Discord does not know the token, and ErrIntent where the settings need the message content
// intent and the bot does not have it.
func (a *Adapter) Check(ctx context.Context) (Self, error) {
	self, err := a.self(ctx)
	if err == nil && len(a.config.Channels) > 0 && !self.ReadsContent {
		err = ErrIntent
	}
	return self, err
}

// Flags of an application that has the message content intent: as a large bot, or as a small one.
const readsContent = 1<<18 | 1<<19

func (a *Adapter) self(ctx context.Context) (Self, error) {
	var application struct {
		ID, Name string
		Flags    int
	}
	err := a.attempt(ctx, call{
		method: http.MethodGet, route: "application",
		url: discordgo.EndpointAPI + "applications/@me", result: &application,
	})
	if err == nil && !idForm.MatchString(application.ID) {
		err = errors.New("discord application: the answer has no ID")
	}
	if err != nil {
		return Self{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.application = application.ID
	return Self{ID: application.ID, Name: application.Name, ReadsContent: application.Flags&readsContent != 0}, nil
}

// applicationID returns the application's ID, which Discord is asked for once.
func (a *Adapter) applicationID(ctx context.Context) (string, error) {
	a.mu.Lock()
	id := a.application
	a.mu.Unlock()
	if id != "" {
		return id, nil
	}
	self, err := a.self(ctx)
	return self.ID, err
}

// permissions are what the bot needs in a server: to see the channels, to write, to show embeds and
// pictures, and to look up what it missed and what it replies to.
const permissions = discordgo.PermissionViewChannel | discordgo.PermissionSendMessages |
	discordgo.PermissionEmbedLinks | discordgo.PermissionAttachFiles | discordgo.PermissionReadMessageHistory

// InviteURL is the page on which somebody who manages a server invites the bot, with the permissions
// that the settings need: none for slash commands alone.
func (a *Adapter) InviteURL(self Self) string {
	needed := 0
	if len(a.config.Channels) > 0 || a.config.TeamChannel != "" {
		needed = permissions
	}
	q := url.Values{
		"client_id":   {self.ID},
		"scope":       {"bot applications.commands"},
		"permissions": {fmt.Sprint(needed)},
	}
	return discordgo.EndpointDiscord + "oauth2/authorize?" + q.Encode()
}

// intents are what the gateway is asked for: direct messages, and those of servers only where
// channels are set.
func (a *Adapter) intents() discordgo.Intent {
	intents := discordgo.IntentDirectMessages
	if len(a.config.Channels) > 0 {
		intents |= discordgo.IntentGuildMessages | discordgo.IntentMessageContent
	}
	return intents
}

// Intents names what the gateway is asked for, as the developer portal does.
func (a *Adapter) Intents() []string {
	names := []string{"direct messages"}
	if len(a.config.Channels) > 0 {
		names = append(names, "server messages", "message content (privileged: switch it on in the developer portal)")
	}
	return names
}
