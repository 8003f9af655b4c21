package telegramtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A hook brings updates to a webhook.
type hook struct {
	url    *url.URL
	secret string
	slots  chan struct{} // holds one element for each call under way
	flying map[int]bool  // updates that are being brought
	ctx    context.Context
	end    context.CancelFunc
}

var (
	secretForm   = regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`)
	webhookPorts = []string{"", "443", "80", "88", "8443"}
)

// Resolve says under which address a webhook's host is found. There, plain HTTP is spoken: the server
// plays the proxy that ends TLS, too.
func (s *Server) Resolve(host, addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[host] = addr
}

// Unpushed returns how many calls of the webhook had to be repeated.
func (s *Server) Unpushed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unpushed
}

// setWebhook begins to bring updates, instead of waiting for polls.
func (s *Server) setWebhook(r request) (any, *refusal) {
	u, err := url.Parse(r.params["url"])
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if !slices.Contains(webhookPorts, u.Port()) {
		return nil, badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	}
	if !secretForm.MatchString(r.params["secret_token"]) {
		return nil, badRequest("secret token contains unallowed characters")
	}
	most := 40
	if text, ok := r.params["max_connections"]; ok {
		if most, err = strconv.Atoi(text); err != nil || most < 1 || most > 100 {
			return nil, badRequest("max_connections is out of range")
		}
	}
	if refused := s.allow(r); refused != nil {
		return nil, refused
	}
	s.endHook()
	h := &hook{url: u, secret: r.params["secret_token"], slots: make(chan struct{}, most), flying: map[int]bool{}}
	h.ctx, h.end = context.WithCancel(context.Background())
	s.webhook, s.hook = u.String(), h
	for _, p := range s.polls {
		select {
		case <-p.ended:
		default:
			close(p.ended)
		}
	}
	go s.push(h)
	s.change()
	return true, nil
}

// allow notes which kinds of updates the bot wants. The caller holds mu.
func (s *Server) allow(r request) *refusal {
	kinds, ok := r.params["allowed_updates"]
	if !ok {
		return nil
	}
	var names []string
	if err := json.Unmarshal([]byte(kinds), &names); err != nil {
		return badRequest("can't parse allowed_updates")
	}
	s.allowed = map[string]bool{}
	for _, name := range names {
		s.allowed[name] = true
	}
	return nil
}

// endHook stops bringing updates. The caller holds mu.
func (s *Server) endHook() {
	if s.hook != nil {
		s.hook.end()
		s.hook = nil
	}
}

// push brings updates until the webhook or the test ends, several at once.
func (s *Server) push(h *hook) {
	for {
		s.mu.Lock()
		changed := s.changed
		var next []update
		for _, u := range s.updates {
			if !h.flying[u.id] {
				h.flying[u.id] = true
				next = append(next, u)
			}
		}
		s.mu.Unlock()
		for _, u := range next {
			select {
			case h.slots <- struct{}{}:
			case <-h.ctx.Done():
				return
			case <-s.done:
				h.end()
				return
			}
			go func() {
				s.bring(h, u)
				<-h.slots
			}()
		}
		select {
		case <-changed:
		case <-h.ctx.Done():
			return
		case <-s.done:
			h.end()
			return
		}
	}
}

// bring calls the webhook with one update, again and again until it answers with 2xx.
func (s *Server) bring(h *hook, u update) {
	for pause := 2 * time.Millisecond; h.ctx.Err() == nil; pause = min(2*pause, 200*time.Millisecond) {
		if s.calls200(h, u) {
			s.mu.Lock()
			s.updates = slices.DeleteFunc(s.updates, func(other update) bool { return other.id == u.id })
			s.change()
			s.mu.Unlock()
			return
		}
		s.mu.Lock()
		s.unpushed++
		s.change()
		s.mu.Unlock()
		select {
		case <-time.After(pause):
		case <-h.ctx.Done():
		case <-s.done:
			return
		}
	}
}

func (s *Server) calls200(h *hook, u update) bool {
	body, err := json.Marshal(map[string]any{"update_id": u.id, u.kind: u.body})
	if err != nil {
		return false
	}
	plain := *h.url
	plain.Scheme = "http"
	r, err := http.NewRequestWithContext(h.ctx, http.MethodPost, plain.String(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			s.mu.Lock()
			addr, ok := s.hosts[h.url.Hostname()]
			s.mu.Unlock()
			if !ok {
				return nil, errors.New("the webhook's host is not known")
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}}
	resp, err := client.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode/100 == 2
}
