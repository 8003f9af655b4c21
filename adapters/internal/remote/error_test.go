package remote_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

const secret = "my-secret-words"

func TestAgain(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	read := &net.OpError{Op: "read", Err: errors.New("reset")}
	tests := map[string]struct {
		e                remote.Error
		once, repeatable bool
	}{
		"no connection":        {remote.Error{Cause: dial}, true, true},
		"no answer":            {remote.Error{Cause: read}, false, true},
		"an answer broken off": {remote.Error{Status: 200, Cause: read}, false, true},
		"in trouble":           {remote.Error{Status: 502}, false, true},
		"too many calls":       {remote.Error{Status: 429}, false, true},
		"a redirect":           {remote.Error{Status: 307}, false, false},
		"refused":              {remote.Error{Status: 400}, false, false},
	}
	for name, test := range tests {
		if once, repeatable := test.e.Again(3, false), test.e.Again(3, true); once != test.once || repeatable != test.repeatable {
			t.Errorf("%s: again %t, where repeatable %t; want %t, %t", name, once, repeatable, test.once, test.repeatable)
		}
		if test.e.Again(4, true) {
			t.Errorf("%s: again after five attempts", name)
		}
	}
}

func TestErrorText(t *testing.T) {
	inner := errors.New("lookup of " + secret)
	cause := remote.WithoutURL(&url.Error{Op: "Get", URL: "https://h/abc", Err: &url.Error{URL: "https://i/abc", Err: inner}})
	e := &remote.Error{Call: "chat post", Status: 502, Code: 7, Cause: cause, Secret: secret}
	if want := "chat post: 502 Bad Gateway, code 7: lookup of [token]"; e.Error() != want {
		t.Errorf("the text is %q, want %q", e, want)
	}
	if !errors.Is(e, inner) {
		t.Error("the error does not wrap its cause")
	}
}

func TestGaveUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := remote.GaveUp(ctx, "chat post", context.DeadlineExceeded)
	if !errors.Is(err, deepskin.ErrBusy) || !strings.HasPrefix(err.Error(), "chat post: ") {
		t.Errorf("while the caller waits: %v, want ErrBusy", err)
	}
	cancel()
	if err := remote.GaveUp(ctx, "chat post", ctx.Err()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller has gone: %v, want its context's", err)
	}
}
