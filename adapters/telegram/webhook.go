package telegram

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

const (
	// secretHeader is where Telegram shows the webhook's secret.
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
	// maxUpdate bounds an update in bytes. Real ones have a few thousand.
	maxUpdate = 1 << 20
	// maxConnections is how many updates Telegram brings at once.
	maxConnections = 10
	// headerTime bounds the reading of a request; idleTime is how long a connection may wait for the
	// next one.
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
)

// A webhook is where Telegram brings updates to.
type webhook struct {
	url      string
	path     string
	secret   string
	addr     string
	onListen func(addr string)
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// newWebhook checks the settings; nil where updates are polled.
func newWebhook(c Config) (*webhook, error) {
	if c.WebhookURL == "" {
		return nil, nil
	}
	u, err := url.Parse(c.WebhookURL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		return nil, errors.New("telegram: the webhook's URL has to begin with https:// and a host")
	case !secretForm.MatchString(c.WebhookSecret):
		return nil, errors.New("telegram: the webhook needs a secret of 1 to 256 letters, digits, - and _")
	case c.WebhookAddr == "":
		return nil, errors.New("telegram: the webhook needs an address to listen on")
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	return &webhook{c.WebhookURL, path, c.WebhookSecret, c.WebhookAddr, c.OnListen}, nil
}

// serve takes what Telegram brings until ctx ends. What is being handled then is broken off, and
// brought again.
func (a *Adapter) serve(ctx context.Context, d *desk) error {
	listener, err := a.listen(ctx)
	if listener == nil {
		return err
	}
	server := &http.Server{
		Handler: a.receiver(d), ReadHeaderTimeout: headerTime, ReadTimeout: messageTime, IdleTimeout: idleTime,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it names who connects
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // until it is shut down
	}()
	defer func() { <-ended }()
	if a.webhook.onListen != nil {
		a.webhook.onListen(listener.Addr().String())
	}
	err = a.setWebhook(ctx)
	if err == nil {
		<-ctx.Done()
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.drainTime)
	defer cancel()
	if server.Shutdown(closing) != nil {
		_ = server.Close()
	}
	return err
}

// listen waits for the address to be free: the process before this one may be about to end. It
// returns no listener where ctx ended first.
func (a *Adapter) listen(ctx context.Context) (net.Listener, error) {
	for failures := 0; ; failures++ {
		listener, err := net.Listen("tcp", a.webhook.addr)
		if err == nil {
			return listener, nil
		}
		if a.pause(ctx, "the webhook's address cannot be listened on", err, failures) != nil {
			return nil, nil
		}
	}
}

// setWebhook tells Telegram where to bring updates, however long that takes. It returns an error
// only where the token is wrong.
func (a *Adapter) setWebhook(ctx context.Context) error {
	c := call{method: "setWebhook", params: tgbotapi.Params{
		"url":             a.webhook.url,
		"secret_token":    a.webhook.secret,
		"allowed_updates": allowedUpdates,
		"max_connections": strconv.Itoa(maxConnections),
	}}
	for failures := 0; ; failures++ {
		_, err := a.attempt(ctx, c, a.callTimeout)
		if err == nil || errors.Is(err, ErrToken) {
			return err
		}
		if a.pause(ctx, "telegram does not take the webhook", err, failures) != nil {
			return nil
		}
	}
}

// receiver answers 200 once an update is kept, and otherwise in a way that makes Telegram bring it
// again.
func (a *Adapter) receiver(d *desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(a.receive(d, w, r))
	})
}

// receive takes one update and returns the status of the answer.
func (a *Adapter) receive(d *desk, w http.ResponseWriter, r *http.Request) int {
	shown := []byte(r.Header.Get(secretHeader))
	switch {
	case subtle.ConstantTimeCompare(shown, []byte(a.webhook.secret)) != 1:
		return http.StatusUnauthorized
	case r.URL.Path != a.webhook.path:
		return http.StatusNotFound
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	}
	ctx := r.Context()
	update, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		// It would come again and again, and be too large each time.
		a.log.ErrorContext(ctx, "an update is passed over", "error", fmt.Sprintf("it has more than %d bytes", maxUpdate))
		return http.StatusOK
	case err != nil:
		return http.StatusBadRequest
	}
	if _, err := updateID(update); err != nil {
		a.log.ErrorContext(ctx, "an update is passed over", "error", err)
		return http.StatusOK
	}
	if err := d.take(ctx, update); err != nil {
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "an update could not be kept and is brought again", "error", err)
		}
		return http.StatusServiceUnavailable
	}
	if leaseLost(ctx) {
		return http.StatusServiceUnavailable // for the process that may reply
	}
	a.metrics.Updates.Inc()
	return http.StatusOK
}
