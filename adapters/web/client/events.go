package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"deepskin"
)

// firstRetry is the pause before a broken stream is opened again, until the service names
// another.
const firstRetry = time.Second

// maxLine bounds a line of an event stream, in bytes. A case has a few thousand.
const maxLine = 1 << 20

// Wait follows a case by server-sent events and returns it once it is settled. A stream that ends
// before that is opened again until ctx ends; a service that cannot be reached is an error.
func (c *Client) Wait(ctx context.Context, id deepskin.CaseID) (Case, error) {
	retry := firstRetry
	for {
		found, err := c.follow(ctx, id, &retry)
		if err != nil {
			return Case{}, fmt.Errorf("wait for an answer: %w", err)
		}
		if found.Settled() {
			return found, nil
		}
		select {
		case <-ctx.Done():
			return Case{}, fmt.Errorf("wait for an answer: %w", ctx.Err())
		case <-time.After(retry):
		}
	}
}

// follow returns the case as the stream showed it last: settled, or where the stream broke.
func (c *Client) follow(ctx context.Context, id deepskin.CaseID, retry *time.Duration) (Case, error) {
	response, err := c.request(ctx, http.MethodGet, path(id)+"/events", "", nil)
	if err != nil {
		return Case{}, err
	}
	defer finish(response)
	var found Case
	for e := range events(response.Body) {
		if e.retry > 0 {
			*retry = e.retry
		}
		if e.name != "case" {
			continue
		}
		found = Case{} // Nothing of an older state shines through.
		if err := json.Unmarshal([]byte(e.data), &found); err != nil {
			return Case{}, fmt.Errorf("understand an event: %w", err)
		}
		if found.Settled() {
			break
		}
	}
	return found, nil
}

// An event is what stands between two empty lines of a stream.
type event struct {
	name, data string
	retry      time.Duration // Zero unless given.
}

// events reads a stream of server-sent events until it ends or breaks, which look the same: an
// event that was cut off is none. Comments and unknown fields are dropped.
func events(r io.Reader) iter.Seq[event] {
	return func(yield func(event) bool) {
		var e event
		var data []string
		lines := bufio.NewScanner(r) // Takes \r\n for one end of line too.
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			if lines.Text() == "" {
				e.data = strings.Join(data, "\n")
				if !yield(e) {
					return
				}
				e, data = event{}, nil
				continue
			}
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				e.name = value
			case "data":
				data = append(data, value)
			case "retry":
				if millis, err := strconv.Atoi(value); err == nil {
					e.retry = time.Duration(millis) * time.Millisecond
				}
			}
		}
	}
}
