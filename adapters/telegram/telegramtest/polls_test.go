package telegramtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

// TestPollersAreCounted has two polls open at once.
func TestPollersAreCounted(t *testing.T) {
	s := telegramtest.New(t)
	first := make(chan answer, 1)
	go func() { first <- call(t, s, "getUpdates", "timeout", "50") }()
	s.WaitFor("the first poll", s.Polling)
	if s.MaxPollers() != 1 || s.Conflicts() != 0 {
		t.Errorf("one poll counts as %d with %d conflicts", s.MaxPollers(), s.Conflicts())
	}
	if got := call(t, s, "getUpdates"); !got.OK {
		t.Errorf("the second poll got %+v", got)
	}
	if got := <-first; got.Code != http.StatusConflict || !strings.Contains(got.Description, "terminated by other getUpdates request") {
		t.Errorf("the first poll got %+v", got)
	}
	if s.MaxPollers() != 2 || s.Conflicts() != 1 {
		t.Errorf("two polls count as %d with %d conflicts", s.MaxPollers(), s.Conflicts())
	}
}

// TestClosedPollsDoNotCount lets polls follow each other at once, each after the former was given up
// or answered.
func TestClosedPollsDoNotCount(t *testing.T) {
	s := telegramtest.New(t)
	client := &http.Client{Transport: &http.Transport{}}
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			body := strings.NewReader(url.Values{"timeout": {"50"}}.Encode())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf(s.Endpoint(), s.Token(), "getUpdates"), body)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := client.Do(req)
			if err == nil {
				_ = resp.Body.Close()
				t.Error("a poll that was given up got an answer")
			}
		}()
		s.WaitFor("the poll", s.Polling)
		cancel()
		<-ended
		if s.Polling() {
			t.Error("a poll is open that was given up")
		}
		if got := call(t, s, "getUpdates"); !got.OK {
			t.Fatalf("the next poll got %+v", got)
		}
	}
	if s.MaxPollers() != 1 || s.Conflicts() != 0 {
		t.Errorf("one poll after the other counts as %d with %d conflicts", s.MaxPollers(), s.Conflicts())
	}
}
