package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

// A call is one request to the Bot API.
type call struct {
	method string
	params tgbotapi.Params
	files  []tgbotapi.RequestFile
	// repeatable says that making the call twice does no more than making it once, so that it
	// may be repeated when nobody knows whether it got through.
	repeatable bool
}

// A transport gives the library's requests a context, which it has no other way to take, and keeps
// the status of the answer, which it forgets on uploads.
type transport struct {
	ctx    context.Context
	client *http.Client
	status int
}

// Do implements tgbotapi.HTTPClient.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(req.WithContext(t.ctx))
	if resp != nil {
		t.status = resp.StatusCode
	}
	return resp, err
}

// attempt makes the call once and counts how it fails. All its errors are of type *remote.Error.
func (a *Adapter) attempt(ctx context.Context, c call, timeout time.Duration) (json.RawMessage, error) {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := &transport{ctx: bounded, client: a.client}
	// The library's constructors call getMe, so the value is made here; it is no more than the
	// token, the endpoint and the client.
	api := &tgbotapi.BotAPI{Token: a.token, Client: t}
	api.SetAPIEndpoint(a.endpoint)

	var resp *tgbotapi.APIResponse
	var err error
	if c.files == nil {
		resp, err = api.MakeRequest(c.method, c.params)
	} else {
		resp, err = api.UploadFiles(c.method, c.params, c.files)
	}
	if err == nil {
		return resp.Result, nil
	}
	failure := &remote.Error{Call: "telegram " + c.method, Status: t.status, Secret: a.secret}
	var refusal *tgbotapi.Error
	if errors.As(err, &refusal) {
		failure.Cause = meaning(t.status, refusal.Message)
		if refusal.MigrateToChatID != 0 {
			failure.Cause = movedTo(refusal.MigrateToChatID)
		}
		// On uploads the library leaves the code at zero; this is there on both ways.
		failure.RetryAfter = time.Duration(refusal.RetryAfter) * time.Second
	} else {
		failure.Cause = remote.WithoutURL(err)
	}
	a.metrics.CountError(ctx, failure)
	return nil, failure
}

// do makes a call, in a chat's lane or, with a nil lane, in none. It repeats what may be repeated,
// and waits where Telegram says so. It returns deepskin.ErrBusy where that would take too long.
//
// The context of patience bounds the waiting only: a request under way is not broken off for it,
// since nobody would know whether it got through.
func (a *Adapter) do(ctx, patience context.Context, l *remote.Lane, c call) (json.RawMessage, error) {
	failures := 0
	for {
		if l != nil {
			if err := l.Pace(patience, false); err != nil {
				return nil, remote.GaveUp(ctx, "telegram "+c.method, err)
			}
		}
		result, err := a.attempt(ctx, c, a.callTimeout)
		var failure *remote.Error
		if err == nil || !errors.As(err, &failure) {
			return result, err
		}
		switch {
		case failure.RetryAfter > 0 && l != nil:
			a.log.InfoContext(ctx, "telegram wants fewer messages", "method", c.method, "wait", failure.RetryAfter)
			a.slowDown(l, failure.RetryAfter)
		case failure.RetryAfter > 0:
			begun := time.Now()
			err := remote.SleepWithin(patience, failure.RetryAfter)
			a.metrics.CountWait(begun)
			if err != nil {
				return nil, remote.GaveUp(ctx, "telegram "+c.method, err)
			}
		case failure.Again(failures, c.repeatable):
			if remote.SleepWithin(patience, a.backoff.After(failures)) != nil {
				return nil, failure
			}
			failures++
		default:
			return nil, failure
		}
	}
}

// alone makes a call that is in no chat.
func (a *Adapter) alone(ctx context.Context, c call) (json.RawMessage, error) {
	patience, cancel := context.WithTimeout(ctx, a.maxWait)
	defer cancel()
	return a.do(ctx, patience, nil, c)
}

// A doer makes a call and returns its result.
type doer func(call) (json.RawMessage, error)

// in lets calls be made in a chat while it has the chat's turn, so that no other comes in between.
func (a *Adapter) in(ctx context.Context, chat string, calls func(*remote.Lane, doer) error) error {
	if a.absent.from(chat) {
		return fmt.Errorf("telegram: the bot is not in the chat any more: %w", deepskin.ErrNotFound)
	}
	patience, cancel := context.WithTimeout(ctx, a.maxWait)
	defer cancel()
	l, err := a.gate.Enter(patience, chat)
	if err != nil {
		return remote.GaveUp(ctx, "telegram queue", err)
	}
	defer l.Leave()
	return calls(l, func(c call) (json.RawMessage, error) { return a.do(ctx, patience, l, c) })
}
