package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
)

// TestTooManyRequests shows that calls that are told to wait are made again, and not before.
func TestTooManyRequests(t *testing.T) {
	s, a := connected(t)
	ctx := t.Context()
	wait := telegramtest.Fault{RetryAfter: 1}
	s.Fail("sendMessage", wait)
	s.Fail("sendPhoto", wait) // of uploads, the library loses the code
	s.Fail("editMessageText", wait)
	if _, err := a.Send(ctx, chatOf(ann), bot.Reply{Text: "text", Picture: photo(t, 1)}); err != nil {
		t.Errorf("send a picture: %v", err)
	}
	at, err := a.Send(ctx, chatOf(ann), bot.Reply{Text: "text"})
	if err != nil {
		t.Fatalf("send a text: %v", err)
	}
	if err := a.Edit(ctx, at, bot.Reply{Text: "other"}); err != nil {
		t.Errorf("edit: %v", err)
	}
	if got := len(s.FromBot(ann)); got != 2 {
		t.Errorf("there are %d messages, want 2", got)
	}
	if s.Refused() != 3 || s.Disobeyed() != 0 {
		t.Errorf("%d calls were refused, want 3; %d came too early", s.Refused(), s.Disobeyed())
	}
}

// TestPatienceEnds shows that a call gives up at once when it would have to wait for too long.
func TestPatienceEnds(t *testing.T) {
	s, a := connected(t)
	hour := telegramtest.Fault{RetryAfter: 3600}
	s.Fail("sendMessage", hour)
	s.Fail("getFile", hour)
	for range 2 {
		if _, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "text"}); !errors.Is(err, deepskin.ErrBusy) {
			t.Errorf("Send: %v, want ErrBusy", err)
		}
	}
	if _, err := a.Fetch(t.Context(), "file"); !errors.Is(err, deepskin.ErrBusy) {
		t.Errorf("Fetch: %v, want ErrBusy", err)
	}
	if got := s.Calls("sendMessage"); got != 1 {
		t.Errorf("%d calls were made, want the one that was told to wait", got)
	}
}

// TestWhoWaits tells one chat to wait for an hour and then writes to another. The adapter is not
// willing to wait itself, so that nothing depends on the time.
func TestWhoWaits(t *testing.T) {
	tests := []struct {
		name  string
		rate  float64
		burst int
		want  error // of the message to the other chat
	}{
		{"a chat that used up its allowance waits alone", 1e-6, 1, nil},
		{"with a chat that hardly sent anything, all wait", 1e-6, 10, deepskin.ErrBusy},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := telegramtest.New(t)
			c := quick(s)
			c.ChatRate, c.ChatBurst = test.rate, test.burst
			c.MaxWait = 4 * time.Second
			a, _ := adapter(t, c)
			greet(s, ann, ben)
			s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 3600})
			if _, err := a.Send(t.Context(), chatOf(ann), bot.Reply{Text: "text"}); !errors.Is(err, deepskin.ErrBusy) {
				t.Errorf("Send to the chat that has to wait: %v, want ErrBusy", err)
			}
			if _, err := a.Send(t.Context(), chatOf(ben), bot.Reply{Text: "text"}); !errors.Is(err, test.want) {
				t.Errorf("Send to the other chat: %v, want %v", err, test.want)
			}
			want := 1
			if test.want == nil {
				want = 2
			}
			if got := s.Calls("sendMessage"); got != want {
				t.Errorf("%d calls were made, want %d", got, want)
			}
		})
	}
}

// TestWaitingEndsWithTheContext shows it for a call that waits for Telegram and for one behind it
// that waits for its turn.
func TestWaitingEndsWithTheContext(t *testing.T) {
	s := telegramtest.New(t)
	c := quick(s)
	c.MaxWait = time.Hour
	a, _ := adapter(t, c)
	greet(s, ann)
	s.Fail("sendMessage", telegramtest.Fault{RetryAfter: 1800})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := a.Send(ctx, chatOf(ann), bot.Reply{Text: "held"})
			held <- err
		}()
	}
	s.WaitFor("the refusal", func() bool { return s.Refused() == 1 })
	cancel()
	for range 2 {
		if err := <-held; !errors.Is(err, context.Canceled) {
			t.Errorf("Send to the chat that waits: %v, want context.Canceled", err)
		}
	}
	if s.Disobeyed() != 0 || len(s.FromBot(ann)) != 0 {
		t.Error("the chat that was to wait was written to")
	}
}

// TestManyPhotos answers 40 photos from 20 people, each with an acknowledgement that becomes the
// answer, under limits that this exceeds.
func TestManyPhotos(t *testing.T) {
	const people, each = 20, 2
	s := telegramtest.New(t)
	c := quick(s)
	c.ChatRate, c.ChatBurst, c.Rate, c.Burst = 10, 3, 100, 5
	// Less than the adapter expects, so that it cannot do without obeying.
	s.SetLimits(telegramtest.Limits{ChatRate: 10, ChatBurst: 3, Overall: 70})
	a, _ := adapter(t, c)
	var answers sync.WaitGroup
	run(t, a, handler{OnMessage: func(ctx context.Context, m bot.Message) (bot.Reply, error) {
		ctx = context.WithoutCancel(ctx)
		answers.Go(func() {
			at, err := a.Send(ctx, m.At, bot.Reply{Text: "Looking…"})
			if err == nil {
				err = a.Edit(ctx, at, bot.Reply{Text: "Answer to " + m.At.Message})
			}
			if err != nil {
				t.Errorf("answer a photo: %v", err)
			}
		})
		return bot.Reply{}, nil
	}})
	for i := range int64(people) {
		for range each {
			s.SendPhoto(1000+i, 1000+i, photo(t, uint8(i)))
		}
	}
	s.WaitForConfirmation()
	answers.Wait()
	for i := range int64(people) {
		got := s.FromBot(1000 + i)
		if len(got) != each {
			t.Errorf("person %d has %d messages, want %d", i, len(got), each)
		}
		for _, m := range got {
			if want := fmt.Sprint("Answer to ", m.ReplyTo); m.Text != want {
				t.Errorf("person %d reads %q, want %q", i, m.Text, want)
			}
		}
	}
	if got := s.Disobeyed(); got != 0 {
		t.Errorf("%d calls came before their time", got)
	}
	t.Logf("%d calls were told to wait", s.Refused())
}
