package telegram_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

func TestMetrics(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	registry := prometheus.NewPedanticRegistry()
	c.Metrics = registry
	a, _ := adapter(t, c)
	ctx := t.Context()

	// Updates, and what goes wrong in getting them.
	greet(s, ann, ben, cas)
	s.Fail("getMe", telegramtest.Fault{HangUp: true}, telegramtest.Fault{LoseAnswer: true})
	s.Fail("getUpdates",
		telegramtest.Fault{Status: http.StatusBadGateway},
		telegramtest.Fault{Status: http.StatusConflict, Description: "Conflict"})
	stop := run(t, a, handler{OnMessage: func(context.Context, bot.Message) (bot.Reply, error) {
		return bot.Reply{}, nil
	}})
	s.WaitForConfirmation()
	stop() // breaks off a poll, which is no error

	// Calls.
	s.Block(ben)
	if _, err := a.Send(ctx, chatOf(ben), bot.Reply{Text: "hello"}); !errors.Is(err, deepskin.ErrNotFound) {
		t.Errorf("Send to somebody who blocked the bot: %v", err)
	}
	s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 1})
	at, err := a.Send(ctx, chatOf(ann), bot.Reply{Text: "hello"})
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	if err := a.Edit(ctx, at, bot.Reply{Text: "hello"}); err != nil {
		t.Errorf("Edit without a change: %v", err)
	}
	s.Fail("editMessageText", telegramtest.Fault{Status: http.StatusBadRequest, Description: "Bad Request: " + secret})
	if err := a.Edit(ctx, at, bot.Reply{Text: "hello again"}); err == nil {
		t.Error("Edit: no error where Telegram refuses")
	}
	if _, err := a.Fetch(ctx, "no such file"); !errors.Is(err, deepskin.ErrGone) {
		t.Errorf("Fetch of an unknown file: %v", err)
	}
	s.Fail("getMe", telegramtest.Fault{Status: http.StatusUnauthorized, Description: "Unauthorized"})
	if _, err := a.Check(ctx); !errors.Is(err, telegram.ErrToken) {
		t.Errorf("Check: %v, want ErrToken", err)
	}

	err = testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP deepskin_platform_errors_total Calls of the platform that failed, repeated ones each time, by kind of error.
# TYPE deepskin_platform_errors_total counter
deepskin_platform_errors_total{kind="conflict",platform="telegram"} 1
deepskin_platform_errors_total{kind="gone",platform="telegram"} 2
deepskin_platform_errors_total{kind="limited",platform="telegram"} 1
deepskin_platform_errors_total{kind="network",platform="telegram"} 2
deepskin_platform_errors_total{kind="refused",platform="telegram"} 1
deepskin_platform_errors_total{kind="server",platform="telegram"} 1
deepskin_platform_errors_total{kind="token",platform="telegram"} 1
# HELP deepskin_platform_updates_total Events from the platform that were handled or passed over.
# TYPE deepskin_platform_updates_total counter
deepskin_platform_updates_total{platform="telegram"} 3
`), "deepskin_platform_errors_total", "deepskin_platform_updates_total")
	if err != nil {
		t.Error(err)
	}
	// The one second that Telegram told a call to wait.
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	waited := 0.0
	for _, family := range families {
		if family.GetName() == "deepskin_platform_wait_seconds_total" {
			waited = family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	if waited < 0.9 {
		t.Errorf("calls waited for %v s, want the second that Telegram asked for", waited)
	}
}
