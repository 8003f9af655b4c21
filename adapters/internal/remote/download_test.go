package remote_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

// TestDownload tries again what fails in passing, and counts each failure by its kind.
func TestDownload(t *testing.T) {
	var answers []int // statuses to come; 0 breaks the answer off
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := answers[0]
		answers = answers[1:]
		switch status {
		case 0:
			w.Header().Set("Content-Length", "9")
		case http.StatusFound:
			http.Redirect(w, r, "/"+secret, status)
		default:
			w.WriteHeader(status)
		}
		_, _ = io.WriteString(w, "photo")
	}))
	t.Cleanup(server.Close)
	registry := prometheus.NewRegistry()
	d := remote.Downloader{
		Platform: "chat", Secret: secret, Gone: []int{404, 410}, Client: remote.Client(nil),
		Timeout: time.Minute, MaxWait: time.Minute, Backoff: remote.Backoff(time.Millisecond),
		Metrics: remote.NewMetrics("chat", registry),
	}
	for _, test := range []struct {
		answers []int
		want    string // of the error; empty for none
		is      error
	}{
		{answers: []int{500, 0, 429, 503, 200}},
		{answers: []int{500, 500, 500, 500, 500}, want: "chat download: 500 Internal Server Error"},
		{answers: []int{404}, want: "chat download: 404 Not Found: ", is: deepskin.ErrGone},
		{answers: []int{410}, want: "chat download: 410 Gone: ", is: deepskin.ErrGone},
		{answers: []int{403}, want: "chat download: 403 Forbidden"},
		{answers: []int{302}, want: "chat download: 302 Found"},
	} {
		answers = slices.Clone(test.answers)
		photo, err := d.Download(t.Context(), server.URL+"/"+secret)
		switch {
		case test.want == "" && (err != nil || string(photo) != "photo"):
			t.Errorf("%v: %q, %v", test.answers, photo, err)
		case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is)):
			t.Errorf("%v: %v, want %q", test.answers, err, test.want)
		case err != nil && strings.Contains(err.Error(), secret):
			t.Errorf("%v: the error has the secret: %v", test.answers, err)
		case len(answers) != 0:
			t.Errorf("%v: the answers %v were not asked for", test.answers, answers)
		}
	}
	server.Close()
	if _, err := d.Download(t.Context(), server.URL+"/"+secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("without a server: %v, want an error without the URL", err)
	}
	wantErrors(t, registry, "gone 2", "limited 1", "network 6", "refused 2", "server 7", "token 0")
}
