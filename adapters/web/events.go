package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"deepskin"
	"deepskin/internal/site"
)

// The store is asked again after a tenth of the time waited so far, between these bounds: an
// answer that comes fast is seen fast, and one that takes long costs few queries.
const (
	minPoll = 10 * time.Millisecond
	maxPoll = time.Second
)

// writeTimeout is how long a client may take to accept an event.
const writeTimeout = 10 * time.Second

func (s *server) registerEvents(api huma.API) {
	event := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[caseBody](), true, "Case")
	huma.Register(api, huma.Operation{
		OperationID: "follow-case",
		Method:      http.MethodGet,
		Path:        "/v1/cases/{id}/events",
		Summary:     "Follow a case by server-sent events",
		Description: "Sends an event named case at once and whenever the case changes; its data is the case " +
			"as JSON. The stream ends when the case is answered, failed or expired.",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {
			Description: "Events whose data is a case.",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: event}},
		}},
	}, func(ctx context.Context, in *caseInput) (*huma.StreamResponse, error) {
		sender, _, err := in.owner()
		if err != nil {
			return nil, err
		}
		first, language, err := s.readCase(ctx, sender, in.Language, in.ID)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			w.Header().Set("Content-Language", language)
			s.stream(w, r, sender, in.Language, first)
		}}, nil
	})
}

// stream sends a case until it is settled. It also ends where something fails: browsers then
// ask anew, and get the problem as a proper answer. Where a network has too many of them, it ends
// after the first event, so that asking anew is all that is left to it.
func (s *server) stream(w http.ResponseWriter, r *http.Request, sender deepskin.Sender, reads string, c caseBody) {
	ctx, crowded := r.Context(), false
	if network, known := site.Client(r); known {
		if crowded = !s.followers.enter(network); !crowded {
			defer s.followers.leave(network)
		}
	}
	out := eventWriter{w: w, rc: http.NewResponseController(w)}
	if err := out.open(); err != nil {
		return
	}
	opened := time.Now()
	var sent []byte
	for {
		data, err := json.Marshal(c)
		if err != nil {
			return
		}
		switch {
		case !bytes.Equal(data, sent):
			err = out.write("event: case\ndata: %s\n\n", data)
			sent = data
		case time.Since(out.last) >= s.cfg.Heartbeat:
			err = out.write(": still here\n\n")
		}
		if err != nil || crowded || settled(c.Status) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.stopping:
			return
		case <-time.After(min(max(time.Since(opened)/10, minPoll), maxPoll)):
		}
		if c, _, err = s.readCase(ctx, sender, reads, c.ID); err != nil {
			return
		}
	}
}

func settled(status deepskin.Status) bool {
	return status == deepskin.Answered || status == deepskin.Failed || status == deepskin.Expired
}

// An eventWriter writes server-sent events.
type eventWriter struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	last time.Time
}

// open starts the stream. The read deadline goes: when it passed, the server would take the
// client for gone.
func (e *eventWriter) open() error {
	if err := e.rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the read deadline: %w", err)
	}
	e.w.Header().Set("Content-Type", "text/event-stream")
	e.w.Header().Set("X-Accel-Buffering", "no") // Proxies would keep events back otherwise.
	return e.write("retry: 2000\n\n")
}

func (e *eventWriter) write(format string, args ...any) error {
	e.last = time.Now()
	if err := e.rc.SetWriteDeadline(e.last.Add(writeTimeout)); err != nil {
		return fmt.Errorf("bound an event: %w", err)
	}
	if _, err := fmt.Fprintf(e.w, format, args...); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if err := e.rc.Flush(); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	return nil
}
