package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/bwmarrin/discordgo"

	"deepskin/adapters/internal/remote"
)

// A call is one request to Discord's REST API.
type call struct {
	method string
	// route names the call in errors and logs.
	route string
	url   string
	// lane is what the limit of this method is counted by: a channel or an interaction. Empty for
	// calls that are made too seldom to be held back.
	lane string
	// free says that the call answers an interaction, which does not count among all.
	free bool
	// body is what is sent as JSON, nil for nothing.
	body any
	// picture is a JPEG that goes along with the body; nil for none.
	picture []byte
	// result is where the answer's JSON goes; nil where it is of no interest.
	result any
	// repeatable says that making the call twice does no more than making it once, so that it
	// may be repeated when nobody knows whether it got through.
	repeatable bool
}

// A witness keeps the status and the headers of an answer, which discordgo does not hand out.
type witness struct {
	by     http.RoundTripper // nil for the usual one
	status int
	header http.Header
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	by := w.by
	if by == nil {
		by = http.DefaultTransport
	}
	resp, err := by.RoundTrip(req)
	if resp != nil {
		w.status, w.header = resp.StatusCode, resp.Header
	}
	return resp, err
}

// encode returns the request's body and its type.
func (c call) encode() (kind string, body []byte, err error) {
	kind = "application/json"
	switch {
	case c.body == nil:
	case c.picture == nil:
		body, err = json.Marshal(c.body)
	default:
		kind, body, err = discordgo.MultipartBodyWithJSON(c.body, []*discordgo.File{file(c.picture)})
	}
	if err != nil {
		return "", nil, fmt.Errorf("discord %s: encode the request: %w", c.route, err)
	}
	return kind, body, nil
}

// attempt makes the call once and counts how it fails.
func (a *Adapter) attempt(ctx context.Context, c call) error {
	_, err := a.attemptOnce(ctx, c)
	return err
}

// attemptOnce is attempt, and returns the headers of the answer, nil where there was none. Its errors
// are of type *remote.Error, other than those of a body that cannot be encoded.
func (a *Adapter) attemptOnce(ctx context.Context, c call) (http.Header, error) {
	kind, body, err := c.encode()
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, a.config.CallTimeout)
	defer cancel()
	client := *a.client
	w := &witness{by: client.Transport}
	client.Transport = w
	// A bucket of its own for each call: discordgo sleeps in those that it shares.
	bucket := discordgo.NewRatelimiter().GetBucket("")
	bucket.Lock()
	answer, err := a.rest.RequestWithLockedBucket(c.method, c.url, kind, body, bucket, 0,
		discordgo.WithContext(bounded), discordgo.WithClient(&client),
		discordgo.WithRetryOnRatelimit(false), discordgo.WithRestRetries(0))
	if err == nil && c.result != nil {
		if json.Unmarshal(answer, c.result) != nil {
			err = errors.New("the answer has an unexpected form")
		}
	}
	if err == nil {
		return w.header, nil
	}
	failure := failed(c.route, w.status, a.config.Token, err)
	a.metrics.CountError(ctx, failure)
	return w.header, failure
}

// do makes a call in its lane. It repeats what may be repeated, and waits where Discord says so. It
// returns deepskin.ErrBusy where that would take too long.
func (a *Adapter) do(ctx context.Context, c call) error {
	// It bounds the waiting only: a request under way is not broken off for it, since nobody would
	// know whether it got through.
	patience, cancel := context.WithTimeout(ctx, a.config.MaxWait)
	defer cancel()
	l, err := a.gate.Enter(patience, c.method+" "+c.lane)
	if err != nil {
		return remote.GaveUp(ctx, "discord "+c.route, err)
	}
	defer l.Leave()
	for failures := 0; ; {
		if err := l.Pace(patience, c.free); err != nil {
			return remote.GaveUp(ctx, "discord "+c.route, err)
		}
		header, err := a.attemptOnce(ctx, c)
		note(l, header)
		var failure *remote.Error
		if err == nil || !errors.As(err, &failure) {
			return err
		}
		switch {
		case failure.RetryAfter > 0:
			a.config.Logger.InfoContext(ctx, "discord wants fewer calls", "route", c.route, "wait", failure.RetryAfter)
			if header.Get("X-RateLimit-Global") != "" {
				a.gate.Close(failure.RetryAfter)
			} else {
				l.Close(failure.RetryAfter)
			}
		case failure.Again(failures, c.repeatable):
			if remote.SleepWithin(patience, a.pauses.After(failures)) != nil {
				return failure
			}
			failures++
		default:
			return failure
		}
	}
}
