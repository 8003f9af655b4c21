package bot

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/internal/tracing"
)

// Config is what a bot needs. Store, Queue, Heatmap, Chart and Logger are required; a zero duration
// means its default.
type Config struct {
	Store Store
	Queue Queue
	// Heatmap draws a grid over a photo and returns a JPEG.
	Heatmap func(photo []byte, grid deepskin.Grid) ([]byte, error)
	// Chart draws bars and returns a JPEG.
	Chart  func(deepskin.Chart) ([]byte, error)
	Logger *slog.Logger
	// About returns what /about tells of the model that serves now; nil tells nothing.
	About func() About
	// TeamLink makes a one-time link to the team's web pages for a reviewer; nil means that the pages
	// have no address to link to.
	TeamLink func(ctx context.Context, reviewer deepskin.Sender) (string, error)
	// Metrics is where the bot's metrics are registered; nil means nowhere.
	Metrics prometheus.Registerer
	// Tracer begins the spans of each photo's way; the zero value begins none.
	Tracer tracing.Tracer
	// Now is the clock; time.Now if nil.
	Now func() time.Time

	// Deadline is how long after a photo its sender has been told something: an answer, or
	// that there will be none. Default 2 minutes.
	Deadline time.Duration
	// ConsentWait is how long a photo waits for its sender's consent. Default 10 minutes.
	ConsentWait time.Duration
	// Sweep is the pause between looks for cases that need something. Default 2 seconds.
	Sweep time.Duration
	// Grace is how long a case may go without a sign of progress before a sweep steps in, and
	// how long Run goes on with what it holds once it has to stop. Default 15 seconds.
	Grace time.Duration
	// Retention is how long cases are kept with their answers and verdicts, unless their photo is:
	// MinRetention or more. Default 365 days.
	Retention time.Duration
	// PhotoRetention is how long photos are kept that their senders let us keep, and their cases
	// with them. Zero means until they take that back.
	PhotoRetention time.Duration
	// TeamLanguage is the tag of the language of posts in the team's channel; English if empty.
	TeamLanguage string
}

// A Bot holds the conversation. It implements Handler; its methods may be called at the same
// time.
type Bot struct {
	Config

	adapters map[string]Adapter
	metrics  metrics
	// holder is this bot's name among the processes that share the leases.
	holder string
	// background lives from New until Run returns.
	background context.Context
	stop       context.CancelFunc
	mu         sync.Mutex
	sessions   map[string]*session // by platform
	// team is the address of the team's channel; the zero address where there is none.
	team deepskin.Address
	// reviews wakes up who looks after the team's posts.
	reviews chan struct{}
	// fetching holds one element for each photo that is being fetched.
	fetching chan struct{}
	// cases holds those that some goroutine is bringing forward.
	cases locks[deepskin.CaseID]
	// albums holds those of which some goroutine is telling.
	albums locks[string]
	// asked holds the senders who were asked for consent a moment ago, and crowded the albums of
	// which a photo was turned away.
	asked   recent[deepskin.Sender]
	crowded recent[string]
	// missing are the photos that were not to be had when they were last looked for.
	missing absences
	// steady is when results were last known to be held up, in nanoseconds since 1970: those of
	// earlier work may reach us only after that.
	steady atomic.Int64
}

var _ Handler = (*Bot)(nil)

// New returns a bot that is ready to handle events.
func New(c Config) *Bot {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.About == nil {
		c.About = func() About { return About{} }
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.Deadline, 2 * time.Minute},
		{&c.ConsentWait, 10 * time.Minute},
		{&c.Sweep, 2 * time.Second},
		{&c.Grace, 15 * time.Second},
		{&c.Retention, 365 * 24 * time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	b := &Bot{
		Config:   c,
		adapters: map[string]Adapter{},
		metrics:  newMetrics(c.Metrics),
		holder:   rand.Text(),
		sessions: map[string]*session{},
		fetching: make(chan struct{}, fetchLimit),
		reviews:  make(chan struct{}, 1),
	}
	b.background, b.stop = context.WithCancel(context.Background())
	return b
}

// Connect adds a platform. It must not be called once Run has been. Of several platforms with a
// channel of the team's, the first one's is used.
func (b *Bot) Connect(a Adapter) {
	b.adapters[a.Name()] = a
	b.metrics.begin(a.Name())
	if t, ok := a.(TeamAdapter); ok && b.team == (deepskin.Address{}) {
		b.team = t.TeamChat()
	}
	s := b.newSession()
	if a.Exclusive() { // begins with the lease
		s.finish(0)
	}
	b.sessions[a.Name()] = s
}

// Run connects the adapters, takes results and sweeps until ctx ends, and then finishes what it
// holds. Where a platform is exclusive, it does so whenever no other process does. A bot runs
// once.
func (b *Bot) Run(ctx context.Context) error {
	defer b.stop()
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range b.adapters {
		g.Go(func() error {
			if a.Exclusive() {
				return b.converseAlone(ctx, a)
			}
			return b.converse(ctx, a, b.session(a.Name()))
		})
	}
	g.Go(func() error { b.eraseOld(ctx); return nil })
	return g.Wait()
}

// unsteady notes that results may have been held up until now.
func (b *Bot) unsteady() { b.steady.Store(b.Now().UnixNano()) }
