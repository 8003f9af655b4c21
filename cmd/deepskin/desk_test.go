package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"deepskin"
)

// A desk is where a reviewer of the team is logged in, and votes on one photo after the other.
type desk struct {
	page string
	http *http.Client
}

// newDesk logs a reviewer in to a bot's pages.
func newDesk(t *testing.T, bot *instance) *desk {
	t.Helper()
	link, log, err := program(t, bot.env, "login-link", "--reviewer", "somebody-of-the-team")
	if err != nil {
		t.Fatalf("login-link: %v\n%s", err, log)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{"http://" + bot.env["DEEPSKIN_ADDR"], &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if to, err := d.post(t.Context(), "/team/login", url.Values{"link": {strings.TrimSpace(link)}}); err != nil || to != "/review" {
		t.Fatalf("log in: sent to %q, %v", to, err)
	}
	return d
}

// vote votes on a case. An error says that the vote may not have been taken.
func (d *desk) vote(ctx context.Context, id deepskin.CaseID) error {
	to, err := d.post(ctx, "/review/vote", url.Values{"case": {string(id)}, "decision": {string(deepskin.Melanoma)}})
	if err != nil {
		return err
	}
	// One of which nobody knows whether it was taken counts late.
	if !strings.Contains(to, "voted=") && !strings.Contains(to, "late=") {
		return errors.New("the vote was not taken")
	}
	return nil
}

// post sends a form and returns where the answer leads to.
func (d *desk) post(ctx context.Context, path string, form url.Values) (to string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.page+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := d.http.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusSeeOther {
		return "", errors.New(answer.Status)
	}
	return answer.Header.Get("Location"), nil
}
