package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin/adapters/internal/remote"
	"deepskin/bot"
)

// pollMargin is how much longer than Telegram holds it a request for updates may take.
const pollMargin = 10 * time.Second

// maxDoublings bounds how much longer than the first the pauses between polls get: people who wrote
// while Telegram, or our store, was away wait for the next one.
const maxDoublings = 3

// allowedUpdates are the kinds of updates that the bot wants.
const allowedUpdates = `["message","edited_message","callback_query","my_chat_member"]`

// Run passes updates to h until ctx ends, and returns nil then. It returns ErrToken where Telegram
// does not know the token; whatever else goes wrong is tried again.
//
// An update counts as delivered when h has kept it. Until then it is handed over again and again,
// and later ones wait. The replies that h returns are sent in the background.
//
// Run may be called again after it has returned. Where the cause of ctx's end is bot.ErrLeaseLost,
// another process may be polling by then: no more is asked of Telegram, and the replies that still
// wait are dropped. What was handled since the last poll then comes again, to that process.
func (a *Adapter) Run(ctx context.Context, h bot.Handler) error {
	self, err := a.connect(ctx)
	if err != nil || ctx.Err() != nil {
		return err
	}
	// The replies outlive ctx a little, so that a restart does not swallow them.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	unwatch := context.AfterFunc(ctx, func() {
		if leaseLost(ctx) {
			stop()
		}
	})
	defer unwatch()
	desk := newDesk(sending, a, h, self)
	var next int // what polling has not handled; zero with a webhook
	if a.webhook != nil {
		err = a.serve(ctx, desk)
	} else {
		next, err = a.poll(ctx, desk)
	}

	if leaseLost(ctx) {
		stop()
	} else {
		time.AfterFunc(a.drainTime, stop)
		a.confirm(sending, next)
	}
	desk.wait()
	return err
}

// leaseLost reports whether ctx ended because another process may hold the conversation.
func leaseLost(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), bot.ErrLeaseLost)
}

// connect makes the bot ready for updates, however long that takes. It returns an error only where
// the token is wrong.
func (a *Adapter) connect(ctx context.Context) (self identity, err error) {
	for failures := 0; ; failures++ {
		self, err = a.prepare(ctx)
		if err == nil || errors.Is(err, ErrToken) {
			return self, err
		}
		if a.pause(ctx, "telegram cannot be reached", err, failures) != nil {
			return identity{}, nil
		}
	}
}

func (a *Adapter) prepare(ctx context.Context) (self identity, err error) {
	if self, err = a.me(ctx); err != nil {
		return identity{}, err
	}
	if a.webhook == nil {
		if err := a.removeWebhook(ctx); err != nil {
			return identity{}, err
		}
	}
	if err := a.setMenus(ctx); err != nil {
		// The menu is a convenience: the commands work without it.
		a.log.WarnContext(ctx, "telegram does not take the menu of commands", "error", err)
	}
	return self, nil
}

// An identity is who the bot is on Telegram.
type identity struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

// me asks Telegram who the bot is.
func (a *Adapter) me(ctx context.Context) (identity, error) {
	result, err := a.attempt(ctx, call{method: "getMe"}, a.callTimeout)
	if err != nil {
		var failure *remote.Error
		if errors.As(err, &failure) && failure.Status == http.StatusNotFound {
			// That is what tokens of an impossible form are told.
			return identity{}, fmt.Errorf("telegram getMe: %w", ErrToken)
		}
		return identity{}, err
	}
	var self identity
	if err := json.Unmarshal(result, &self); err != nil {
		return identity{}, errors.New("telegram getMe: the answer has an unexpected form")
	}
	return self, nil
}

// removeWebhook removes what a former set-up may have left: with one, there are no updates to poll.
func (a *Adapter) removeWebhook(ctx context.Context) error {
	result, err := a.attempt(ctx, call{method: "getWebhookInfo"}, a.callTimeout)
	if err != nil {
		return err
	}
	var info struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(result, &info); err != nil {
		return errors.New("telegram getWebhookInfo: the answer has an unexpected form")
	}
	if info.URL == "" {
		return nil
	}
	a.log.WarnContext(ctx, "telegram has a webhook for the bot; it is removed so that updates can be polled")
	_, err = a.attempt(ctx, call{method: "deleteWebhook"}, a.callTimeout)
	return err
}

// poll takes updates until ctx ends and returns the number of the first that was not handled.
func (a *Adapter) poll(ctx context.Context, d *desk) (next int, err error) {
	failures, conflicts := 0, 0
	for ctx.Err() == nil {
		updates, err := a.updates(ctx, next, a.pollTimeout)
		switch {
		case errors.Is(err, ErrToken):
			return next, err
		case errors.Is(err, errConflict):
			// Mostly it is the process before this one, about to end: so the pauses stay short
			// at first.
			const message = "telegram serves another poller of this bot; only one can have the updates"
			if a.pause(ctx, message, err, max(0, conflicts-2)) != nil {
				return next, nil
			}
			conflicts++
			continue
		case err != nil:
			if a.pause(ctx, "telegram gives no updates", err, failures) != nil {
				return next, nil
			}
			failures++
			continue
		}
		failures, conflicts = 0, 0
		for _, update := range updates {
			id, err := updateID(update)
			if err != nil {
				a.log.ErrorContext(ctx, "an update is passed over", "error", err)
				continue
			}
			if !a.handOver(ctx, d, update) {
				return next, nil
			}
			next = id + 1
			a.metrics.Updates.Inc()
		}
	}
	return next, nil
}

// handOver repeats until the update is kept or has to be passed over. It returns false where ctx
// ended before that.
func (a *Adapter) handOver(ctx context.Context, d *desk, update json.RawMessage) bool {
	for failures := 0; ctx.Err() == nil; failures++ {
		err := d.take(ctx, update)
		if err == nil {
			return true
		}
		if a.pause(ctx, "an update could not be kept and is tried again", err, failures) != nil {
			return false
		}
	}
	return false
}

// updates asks for the updates from a number on, which confirms all before it. Zero confirms none.
func (a *Adapter) updates(ctx context.Context, from int, wait time.Duration) ([]json.RawMessage, error) {
	seconds := int((wait + time.Second - 1) / time.Second)
	result, err := a.attempt(ctx, call{method: "getUpdates", params: tgbotapi.Params{
		"offset":          strconv.Itoa(from),
		"timeout":         strconv.Itoa(seconds),
		"allowed_updates": allowedUpdates,
	}}, wait+pollMargin)
	if err != nil {
		return nil, err
	}
	// Each update is decoded by itself, so that one that cannot be does not block the others.
	var updates []json.RawMessage
	if err := json.Unmarshal(result, &updates); err != nil {
		return nil, errors.New("telegram getUpdates: the answer is no list")
	}
	return updates, nil
}

// confirm tells Telegram what was handled since the last poll, which would come again otherwise.
func (a *Adapter) confirm(ctx context.Context, next int) {
	if next == 0 {
		return
	}
	if _, err := a.updates(ctx, next, 0); err != nil {
		a.log.WarnContext(ctx, "telegram may deliver the last updates again", "error", err)
	}
}

// pause logs a failure and waits before the next attempt, for as long as Telegram says if it does.
// It returns an error where ctx ends first, and does not log what ended with it.
func (a *Adapter) pause(ctx context.Context, what string, err error, failures int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	wait := a.backoff.After(min(failures, maxDoublings))
	var failure *remote.Error
	if errors.As(err, &failure) && failure.RetryAfter > 0 {
		wait = max(wait, failure.RetryAfter)
		defer a.metrics.CountWait(time.Now())
	}
	a.log.WarnContext(ctx, "telegram is tried again", "what", what, "error", err, "wait", wait)
	return remote.Sleep(ctx, wait)
}
