// Package web is the JSON API and the page: the platform of those who have no chat. The page
// reads everything from the store through Cases, so any bot process can serve any browser.
package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"deepskin"
	"deepskin/bot"
)

// platform is the adapter's name in senders and addresses.
const platform = "web"

// Config says how to serve.
type Config struct {
	// Addr is the TCP address to listen on; empty means ":8080", and port 0 any free port.
	Addr string
	// Logger takes what operators should know; nil means nothing is logged.
	Logger *slog.Logger
	// OnListen is called once with the address, host and port, when connections are taken;
	// nil means nobody wants to know.
	OnListen func(addr string)
	// UploadMemory is how many bytes of photos may be on their way in at the same time;
	// more have to wait. Zero means 96 MB. Less than one largest photo means just that one.
	UploadMemory int64
	// UploadsPerNetwork is how many uploads from one IP address, or one /64 network of IPv6, may be
	// under way at the same time, where that is known; one more is told to come back. Zero means 8.
	UploadsPerNetwork int
	// StreamsPerNetwork is how many event streams of cases that are still open may go to one such
	// address at the same time; one more ends after its first event, and clients come back by
	// themselves. Zero means 100.
	StreamsPerNetwork int
	// UploadTimeout is how long one upload may take; zero means 2 minutes.
	UploadTimeout time.Duration
	// Heartbeat is how long an event stream may be silent before a comment shows that it is
	// alive; zero means 15 seconds.
	Heartbeat time.Duration
	// ShutdownTimeout is how long running requests may take to end once Run has to stop; zero
	// means 10 seconds. Event streams end at once: browsers come back by themselves.
	ShutdownTimeout time.Duration
	// Team serves /team, /review, /dashboard and what is below them, with whatever protection
	// these need; nil means that there is nothing there.
	Team http.Handler
}

// Cases is what the API reads and changes. *bot.Bot implements it. Its methods return
// deepskin.ErrNotFound to anybody but the case's owner.
type Cases interface {
	// Case returns a case with the words for its present state, in the language that best fits
	// what the sender reads: a tag, or several as in an Accept-Language header.
	Case(ctx context.Context, sender deepskin.Sender, language string, id deepskin.CaseID) (bot.View, error)
	// Judge records or amends the owner's verdict on an answered case.
	Judge(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict) error
	// Comment records what the owner wrote of an answer that they disagree with.
	Comment(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, text string) error
	// Photo returns the reduced copy of a case's photo, a JPEG, or deepskin.ErrGone once it has
	// been deleted.
	Photo(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error)
	// Heatmap returns a JPEG of the photo with what the model looked at, or deepskin.ErrGone
	// once the photo has been deleted.
	Heatmap(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error)
	// ForgetCase erases a case and what hangs on it.
	ForgetCase(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) error
}

// An Adapter serves the API and the page.
type Adapter struct {
	cfg   Config
	cases Cases
}

var _ bot.Adapter = (*Adapter)(nil)

// New returns an adapter that shows the given cases.
func New(cfg Config, cases Cases) *Adapter {
	cfg.Addr = cmp.Or(cfg.Addr, ":8080")
	cfg.UploadMemory = max(cmp.Or(cfg.UploadMemory, 96<<20), maxPhoto)
	cfg.UploadsPerNetwork = cmp.Or(cfg.UploadsPerNetwork, 8)
	cfg.StreamsPerNetwork = cmp.Or(cfg.StreamsPerNetwork, 100)
	cfg.UploadTimeout = cmp.Or(cfg.UploadTimeout, 2*time.Minute)
	cfg.Heartbeat = cmp.Or(cfg.Heartbeat, 15*time.Second)
	cfg.ShutdownTimeout = cmp.Or(cfg.ShutdownTimeout, 10*time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Adapter{cfg: cfg, cases: cases}
}

// Name returns "web".
func (a *Adapter) Name() string { return platform }

// Exclusive returns false: any number of processes may serve the page.
func (a *Adapter) Exclusive() bool { return false }

// Run listens and serves until ctx ends, then lets running requests finish.
func (a *Adapter) Run(ctx context.Context, h bot.Handler) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen for the web page: %w", err)
	}
	// Streams outlive any shutdown timeout, so they are told to end when it begins.
	streams, endStreams := context.WithCancel(context.Background())
	defer endStreams()
	s := newServer(a.cfg, a.cases, h, streams.Done())
	srv := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          acceptErrorLog(a.cfg.Logger),
	}
	srv.RegisterOnShutdown(endStreams)

	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	a.cfg.Logger.Info("web page is up", "addr", listener.Addr().String())
	if a.cfg.OnListen != nil {
		a.cfg.OnListen(listener.Addr().String())
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve the web page: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		// What is still running has had its time.
		err = errors.Join(err, srv.Close())
		a.cfg.Logger.Warn("web requests were cut off", "err", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the web page: %w", err)
	}
	return nil
}

// Send does nothing: the page reads the answer from the store. It returns where the page shows
// it.
func (a *Adapter) Send(_ context.Context, to deepskin.Address, _ bot.Reply) (deepskin.Address, error) {
	return deepskin.Address{Platform: platform, Chat: to.Chat, Message: "page"}, nil
}

// Edit does nothing: the page reads the answer from the store.
func (a *Adapter) Edit(context.Context, deepskin.Address, bot.Reply) error { return nil }

// Delete does nothing: the page shows nothing of a case that is gone from the store.
func (a *Adapter) Delete(context.Context, deepskin.Address) error { return nil }

// Fetch returns deepskin.ErrGone: browsers keep no copy that we could ask for.
func (a *Adapter) Fetch(context.Context, string) ([]byte, error) { return nil, deepskin.ErrGone }

// address is where the page of a session is. It holds a hash of the session's token, which
// names the session without opening it.
func address(sender deepskin.Sender) deepskin.Address {
	sum := sha256.Sum256([]byte(sender.ID))
	return deepskin.Address{Platform: platform, Chat: hex.EncodeToString(sum[:])}
}
