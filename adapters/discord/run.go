package discord

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// Run passes events to h until ctx ends, and returns nil then. It returns ErrToken or ErrIntent where
// Discord turns the bot away for good; whatever else goes wrong is tried again.
//
// Discord tells of an event once. So what h could not keep is handed over again for a while, and where
// the connection was lost for too long, photos that were posted meanwhile are looked up.
//
// Run may be called again after it has returned. Where the cause of ctx's end is bot.ErrLeaseLost,
// another process may be connected by then: nothing more is said.
func (a *Adapter) Run(ctx context.Context, h bot.Handler) error {
	if err := a.prepare(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	// What came is still answered a little later, so that a restart does not swallow it.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	unwatch := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), bot.ErrLeaseLost) {
			stop()
		}
	})
	defer unwatch()
	d := newDesk(sending, a, h)
	g := &gateway{
		adapter: a, event: d.take, begun: d.lookUpMissed,
		dialer: websocket.Dialer{Proxy: http.ProxyFromEnvironment},
	}
	err := g.run(ctx)
	patience := time.AfterFunc(a.config.DrainTime, stop)
	defer patience.Stop()
	d.wait()
	return err
}

// prepare makes the bot ready for events, however long that takes. It returns an error only where an
// operator has to mend something.
func (a *Adapter) prepare(ctx context.Context) error {
	for failures := 0; ; failures++ {
		self, err := a.self(ctx)
		switch {
		case errors.Is(err, ErrToken):
			return err
		case err == nil:
			if err := a.register(ctx, self.ID); err != nil && ctx.Err() == nil {
				// The commands that Discord knows from before go on working.
				a.config.Logger.WarnContext(ctx, "discord does not take the commands", "error", err)
			}
			return nil
		case ctx.Err() != nil:
			return nil
		}
		wait := a.pauses.After(failures)
		var failure *remote.Error
		if errors.As(err, &failure) {
			wait = max(wait, failure.RetryAfter)
		}
		a.config.Logger.WarnContext(ctx, "discord cannot be reached and is tried again", "error", err, "wait", wait)
		if remote.Sleep(ctx, wait) != nil {
			return nil
		}
	}
}
