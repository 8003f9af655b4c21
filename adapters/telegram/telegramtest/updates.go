package telegramtest

import (
	"encoding/json"
	"net/http"
	"time"
)

// An update waits until the bot confirms it by asking for a later one.
type update struct {
	id   int
	kind string
	body any
}

// addUpdate queues an update, if it is of a kind that the bot asked for in its last poll. The
// caller holds mu.
func (s *Server) addUpdate(kind string, body any) {
	if s.allowed != nil && !s.allowed[kind] {
		return
	}
	s.updates = append(s.updates, update{s.nextUpdate, kind, body})
	s.nextUpdate++
	s.change()
}

// SendUpdate queues an update of any content, such as Telegram might think of one day: kind is the
// field's name, "message" say, and body its JSON.
func (s *Server) SendUpdate(kind, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUpdate(kind, json.RawMessage(body))
}

// Unconfirmed returns how many updates the bot has yet to confirm.
func (s *Server) Unconfirmed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.updates)
}

// WaitForConfirmation waits until the bot has confirmed all updates.
func (s *Server) WaitForConfirmation() {
	s.t.Helper()
	s.WaitFor("the bot to confirm all updates", func() bool { return s.Unconfirmed() == 0 })
}

// getUpdates waits for updates; a second poll ends the first one with 409.
func (s *Server) getUpdates(r request) (any, *refusal) {
	offset, err1 := r.number("offset")
	limit, err2 := r.number("limit")
	timeout, err3 := r.number("timeout")
	for _, err := range []*refusal{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	if limit == 0 {
		limit = 100
	}
	if limit < 1 || limit > 100 || timeout < 0 {
		return nil, badRequest("limit or timeout is out of range")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.webhook != "" {
		return nil, &refusal{code: http.StatusConflict, description: "Conflict: can't use getUpdates method while " +
			"webhook is active; use deleteWebhook to delete the webhook first"}
	}
	if refused := s.allow(r); refused != nil {
		return nil, refused
	}
	p, ok := s.beginPoll(r)
	if !ok {
		return []any{}, nil
	}
	defer s.endPoll(p)
	s.confirm(offset)
	return s.await(p, int(limit), time.Duration(min(timeout, 50))*time.Second)
}

// confirm forgets the updates before an offset. A negative offset counts from the end. The caller
// holds mu.
func (s *Server) confirm(offset int64) {
	if offset < 0 {
		s.updates = s.updates[max(0, len(s.updates)+int(offset)):]
		return
	}
	for len(s.updates) > 0 && int64(s.updates[0].id) < offset {
		s.updates = s.updates[1:]
	}
	s.change()
}

// await returns updates as soon as there are any. The caller holds mu, which is let go while it
// waits.
func (s *Server) await(p *poll, limit int, timeout time.Duration) (any, *refusal) {
	over := time.After(timeout)
	for {
		if list := s.deliver(limit); len(list) > 0 || timeout == 0 {
			return list, nil
		}
		changed := s.changed
		s.mu.Unlock()
		waiting := true
		select {
		case <-changed:
		case <-p.ended:
		case <-over:
			waiting = false
		case <-p.request.Context().Done():
			waiting = false
		case <-s.done:
			waiting = false
		}
		s.mu.Lock()
		select {
		case <-p.ended:
			return nil, &refusal{code: http.StatusConflict, description: "Conflict: terminated by other getUpdates request; " +
				"make sure that only one bot instance is running"}
		default:
		}
		if !waiting {
			return []any{}, nil
		}
	}
}

// deliver lists the first updates that wait. The caller holds mu.
func (s *Server) deliver(limit int) []any {
	list := []any{}
	for _, u := range s.updates[:min(limit, len(s.updates))] {
		list = append(list, map[string]any{"update_id": u.id, u.kind: u.body})
	}
	return list
}
