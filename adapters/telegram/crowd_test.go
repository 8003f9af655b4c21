package telegram_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
	"deepskin/queue"
	"deepskin/store"
)

// faster is by how much time is scaled: limits are so much higher, here and there alike.
const faster = 10

// slower is by how much the bot's clock is slowed down.
const slower = 20

// TestTwoHundredPhotos sends 20 people's photos through the whole bot, all at once, with the limits
// on, and counts what it costs.
func TestTwoHundredPhotos(t *testing.T) {
	const people, singles, album = 20, 4, 6
	for _, mode := range []string{"polling", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			s := telegramtest.New(t)
			c, _ := hooked(s)
			if mode == "polling" {
				c = quick(s)
			}
			c.ChatRate, c.ChatBurst, c.Rate, c.Burst = 1*faster, 3, 25*faster, 5*faster
			s.SetLimits(telegramtest.Limits{ChatRate: 1 * faster, ChatBurst: 5, Overall: 30 * faster})
			s.SetPatience(2 * time.Minute)
			a, _ := adapter(t, c)
			startBot(t, a, people)
			for i := range int64(people) {
				person := 7_000_000_000 + i
				for range singles {
					s.SendPhoto(person, person, photo(t, uint8(i)))
				}
				var photos [][]byte
				for range album {
					photos = append(photos, photo(t, uint8(i)))
				}
				s.SendAlbum(person, person, photos...)
			}
			for i := range int64(people) {
				got := s.WaitForMessages(7_000_000_000+i, "all answers", func(list []telegramtest.Message) bool {
					settled := 0
					for _, m := range list {
						if strings.Contains(m.Text, "not a diagnosis") {
							settled++
						}
					}
					return settled == singles+1
				})
				if len(got) != singles+1 {
					t.Errorf("person %d has %d messages, want %d", i, len(got), singles+1)
				}
			}
			s.WaitForConfirmation()
			const want = people * (singles + 1)
			if sent, edited := s.Calls("sendMessage"), s.Calls("editMessageText"); sent != want || edited != want {
				t.Errorf("%d messages and %d edits, want %d each", sent, edited, want)
			}
			if s.Refused() != 0 || s.Calls("deleteMessage") != 0 {
				t.Errorf("%d calls were told to wait, %d messages deleted, want none", s.Refused(), s.Calls("deleteMessage"))
			}
			t.Logf("%v", s.AllCalls())
		})
	}
}

// TestOthersButtons has somebody send the data of another's buttons, from a message of their own: they
// learn nothing and change nothing.
func TestOthersButtons(t *testing.T) {
	s := telegramtest.New(t)
	a, _ := adapter(t, quick(s))
	startBot(t, a, 2)
	const owner, other = 7_000_000_000, 7_000_000_001
	s.SendPhoto(owner, owner, photo(t, 1))
	s.SendText(other, other, "/help")
	answer := s.WaitForText(owner, "not a diagnosis")
	own := s.WaitForMessages(other, "the help", func(list []telegramtest.Message) bool { return len(list) == 1 })[0]
	buttons := slices.Concat(answer.Buttons...)
	if len(buttons) < 2 {
		t.Fatalf("the answer has the buttons %v", buttons)
	}
	for _, b := range buttons {
		if notice := s.WaitForNotice(s.Press(other, own, b.Data)); !strings.Contains(notice, "no longer works") {
			t.Errorf("%q tells a stranger %q", b.Text, notice)
		}
	}
	s.WaitForConfirmation()
	if list := s.FromBot(other); len(list) != 1 || list[0].Edits != 0 {
		t.Errorf("the stranger sees %+v", list)
	}
	if now := s.WaitForText(owner, "not a diagnosis"); now.Edits != answer.Edits {
		t.Errorf("the answer became %+v", now)
	}
}

// inMemory returns a folder in memory, where the machine has such, because it is not the disk that is
// tested.
func inMemory(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "deepskin-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// startBot runs a bot with its store, queue and a worker without a model, for people who have agreed.
func startBot(t *testing.T, a *telegram.Adapter, people int) {
	t.Helper()
	keys := store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
	kept, err := store.Open(t.Context(), "sqlite:"+filepath.Join(inMemory(t), "deepskin.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	jobs, err := queue.Open(t.Context(), queue.Config{Secret: []byte("a secret of the tests"), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(people) {
		sender := deepskin.Sender{Platform: telegram.Name, ID: chatOf(7_000_000_000 + i).Chat}
		if _, err := kept.GiveConsent(t.Context(), sender, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	b := bot.New(bot.Config{
		Store: kept, Queue: jobs, Logger: log,
		// A slow clock, so that on a busy machine no answer is too late for an edit.
		Now:     func() time.Time { return begun.Add(time.Since(begun) / slower) },
		Heatmap: func(photo []byte, _ deepskin.Grid) ([]byte, error) { return photo, nil },
	})
	b.Connect(a)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- b.Run(ctx) }()
	go func() {
		ended <- jobs.Work(ctx, 2, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{Assessment: deepskin.Assessment{
				Label: deepskin.Benign, Malignancy: 0.03, Confidence: 0.97, Model: "m1",
			}}, nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if err := jobs.Close(); err != nil {
			t.Error(err)
		}
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
}
