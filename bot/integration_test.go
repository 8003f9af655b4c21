package bot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
	"deepskin/internal/logtest"
	"deepskin/queue"
	"deepskin/store"
)

// A service is a bot with the real store, the real queue and a worker whose model is not.
type service struct {
	t     *testing.T
	chat  *chat
	url   string
	setup queue.Config
	// deadline is the bot's.
	deadline time.Duration
	workers  int

	store *store.Store
	queue *queue.Queue
	bot   *bot.Bot
	log   *logtest.Log
	stop  func()

	events int
}

func newService(t *testing.T) *service {
	t.Helper()
	return &service{
		t: t, chat: newChat(), log: &logtest.Log{}, workers: 2, deadline: time.Minute,
		url:   "sqlite:" + filepath.Join(t.TempDir(), "deepskin.db"),
		setup: queue.Config{Secret: []byte("a secret of the tests")},
	}
}

// start opens everything; the embedded Redis is empty each time, the database is not.
func (s *service) start() {
	s.t.Helper()
	keys := store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.store, err = store.Open(s.t.Context(), s.url, keys, store.WithLogger(log))
	s.must(err)
	s.setup.Logger = log
	s.queue, err = queue.Open(s.t.Context(), s.setup)
	s.must(err)
	s.bot = bot.New(bot.Config{
		Store: s.store, Queue: s.queue, Logger: log, Deadline: s.deadline,
		Heatmap: func(photo []byte, _ deepskin.Grid) ([]byte, error) {
			return append([]byte("heat over "), photo...), nil
		},
		Sweep: 50 * time.Millisecond, Grace: 300 * time.Millisecond,
	})
	s.bot.Connect(s.chat)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	running := 1
	go func() { ended <- s.bot.Run(ctx) }()
	if s.workers > 0 {
		running++
		go func() { ended <- s.queue.Work(ctx, s.workers, assessLikeAModel) }()
	}
	s.stop = func() {
		cancel()
		for range running {
			if err := <-ended; err != nil {
				s.t.Error(err)
			}
		}
		s.must(errors.Join(s.queue.Close(), s.store.Close()))
		s.stop = nil
	}
	s.t.Cleanup(func() {
		if s.stop != nil {
			s.stop()
		}
		for _, secret := range secrets {
			if strings.Contains(s.log.String(), secret) {
				s.t.Errorf("the log holds %q:\n%s", secret, s.log.String())
			}
		}
	})
}

func assessLikeAModel(_ context.Context, _ deepskin.Job, photo []byte) (queue.Outcome, error) {
	return queue.Outcome{
		Assessment: deepskin.Assessment{
			Label: deepskin.Benign, Malignancy: 0.03, Confidence: 0.97, Model: "m1",
			Grid: &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
		},
		Copy: append([]byte("small "), photo...),
	}, nil
}

func (s *service) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// message sends a message, with a photo that the chat holds where it has a source.
func (s *service) message(m bot.Message, source string) bot.Reply {
	s.t.Helper()
	s.events++
	m.At = deepskin.Address{
		Platform: platform, Chat: chatOf(m.Sender), Message: fmt.Sprint("message-", s.events),
	}
	m.Event = fmt.Sprint("event-", s.events)
	if source != "" {
		m.Photo = &bot.Photo{Source: source}
		s.chat.mu.Lock()
		s.chat.files[source] = []byte("pixels of " + source)
		s.chat.mu.Unlock()
	}
	reply, err := s.bot.Message(s.t.Context(), m)
	s.must(err)
	if !reply.Empty() {
		s.chat.mu.Lock()
		s.chat.post(m.At, reply)
		s.chat.mu.Unlock()
	}
	return reply
}

func (s *service) photo(sender deepskin.Sender, source string) bot.Reply {
	s.t.Helper()
	return s.message(bot.Message{Sender: sender}, source)
}

func (s *service) upload() bot.Reply {
	s.t.Helper()
	photo := &bot.Photo{Bytes: []byte("pixels in hand")}
	return s.message(bot.Message{Sender: alice, Photo: photo, Consent: true}, "")
}

// waits until a sender sees so many messages with the words, and returns the last, if any.
func (s *service) waits(sender deepskin.Sender, n int, words string) post {
	s.t.Helper()
	var found []post
	s.until(fmt.Sprintf("%d messages with %q", n, words), func() bool {
		found = nil
		for _, p := range s.chat.seen(sender) {
			if strings.Contains(p.text(), words) {
				found = append(found, p)
			}
		}
		return len(found) == n
	})
	if n == 0 {
		return post{}
	}
	return found[n-1]
}

// allDelivered waits until no case needs anything any more.
func (s *service) allDelivered() {
	s.t.Helper()
	s.until("all to be delivered", func() bool {
		forever := time.Now().Add(24 * time.Hour)
		open, err := s.store.Due(s.t.Context(), platform, forever, forever, 10)
		return err == nil && len(open) == 0
	})
}

// until waits for what must come.
func (s *service) until(what string, ok func() bool) {
	s.t.Helper()
	for limit := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			s.t.Fatalf("waited in vain for %s; alice sees %v", what, s.chat.seen(alice))
		}
	}
}

func (s *service) tap(sender deepskin.Sender, p post, words string) bot.PressReply {
	s.t.Helper()
	reply, err := s.bot.Press(s.t.Context(), pressOf(sender, p, words, s.t))
	s.must(err)
	if reply.Edit != nil {
		s.must(s.chat.Edit(s.t.Context(), p.at, *reply.Edit))
	}
	return reply
}

func TestServiceFromPhotoToVerdict(t *testing.T) {
	s := newService(t)
	s.start()
	id := s.photo(alice, "source-1").Case
	s.tap(alice, s.waits(alice, 1, theQuestion), "Yes")
	answer := s.waits(alice, 1, theAnswer)
	if reply := s.tap(alice, answer, "Where did"); reply.Send == nil ||
		string(reply.Send.Picture) != "heat over small pixels of source-1" {
		t.Errorf("the heatmap is %+v", reply)
	}
	if reply := s.tap(bob, answer, "👎"); reply.Edit != nil {
		t.Error("somebody else's thumb counts")
	}
	s.tap(alice, answer, "👎")
	s.tap(alice, s.waits(alice, 1, "What was it?"), "doctor said benign")
	s.tap(alice, s.waits(alice, 1, "May we keep"), "Yes")
	s.waits(alice, 1, "your photo will help")

	s.stop()
	s.start() // Redis is empty now, the store is not
	view, err := s.bot.Case(t.Context(), alice, "", id)
	s.must(err)
	v := view.Case.Verdict
	if v == nil || v.Agrees || v.Truth != deepskin.TruthBenign || v.Keep == nil || !*v.Keep {
		t.Errorf("the verdict is %+v", v)
	}
	picture, err := s.bot.Heatmap(t.Context(), alice, id)
	if err != nil || string(picture) != "heat over small pixels of source-1" {
		t.Errorf("the heatmap over the kept photo is %q, %v", picture, err)
	}
	if photo, err := s.bot.Photo(t.Context(), alice, id); err != nil || string(photo) != "small pixels of source-1" {
		t.Errorf("the kept photo is %q, %v", photo, err)
	}
	s.message(bot.Message{Sender: alice, Command: "delete"}, "")
	s.waits(alice, 1, "erased everything")
	if _, err := s.bot.Case(t.Context(), alice, "", id); !errors.Is(err, deepskin.ErrNotFound) {
		t.Errorf("the case is still there: %v", err)
	}
	if _, err := s.store.Photo(t.Context(), id); !errors.Is(err, deepskin.ErrGone) {
		t.Errorf("the photo is still there: %v", err)
	}
}

func TestServiceAnswersAnAlbum(t *testing.T) {
	s := newService(t)
	s.start()
	const photos = 8
	for i := range photos {
		s.photo(alice, fmt.Sprint("source-", i))
	}
	s.tap(alice, s.waits(alice, 1, theQuestion), "Yes")
	s.waits(alice, photos, theAnswer)
	s.waits(alice, 0, theLooking)
	s.allDelivered()
}

// What the embedded Redis held dies with the process.
func TestServiceKeepsItsPromiseAcrossARestart(t *testing.T) {
	s := newService(t)
	s.deadline, s.workers = 8*time.Second, 0
	s.start()
	upload := s.upload().Case // and with it the consent
	s.photo(alice, "source-1")
	s.waits(alice, 2, theLooking)
	s.stop()

	s.workers = 2
	s.start()
	s.waits(alice, 1, theAnswer)  // fetched again
	s.waits(alice, 1, theApology) // of the upload there is no other copy
	s.waits(alice, 0, theLooking)
	s.allDelivered()
	c, err := s.store.Case(t.Context(), upload)
	s.must(err)
	if c.Status != deepskin.Failed || c.Delivered.After(c.Deadline) {
		t.Errorf("the upload is %s, told at %v, due at %v", c.Status, c.Delivered, c.Deadline)
	}
}

func TestServiceTurnsPhotosAway(t *testing.T) {
	t.Run("long backlog", func(t *testing.T) {
		s := newService(t)
		s.setup.Backlog, s.workers, s.deadline = 1, 0, 20*time.Second
		s.start()
		s.upload()
		if reply := s.upload(); reply.RetryAfter == 0 || reply.Case != "" {
			t.Errorf("the upload brought %+v", reply)
		}
		s.photo(alice, "source-1")
		s.waits(alice, 2, theBusy)
	})
	t.Run("too many of one sender", func(t *testing.T) {
		s := newService(t)
		s.setup.PhotosPerMinute = 1
		s.start()
		s.upload()
		if reply := s.upload(); reply.RetryAfter <= 0 || reply.RetryAfter > time.Minute || reply.Case != "" {
			t.Errorf("the upload brought %+v", reply)
		}
		s.waits(alice, 1, theAnswer)
		s.allDelivered()
	})
}

func TestServiceForgetsAPhotoThatIsWaiting(t *testing.T) {
	s := newService(t)
	s.workers = 0
	s.start()
	id := s.upload().Case
	if held, err := s.queue.HasPhoto(t.Context(), id); err != nil || !held {
		t.Fatalf("the photo is not held: %v", err)
	}
	s.must(s.bot.ForgetCase(t.Context(), alice, id))
	s.until("the photo to go", func() bool {
		held, err := s.queue.HasPhoto(t.Context(), id)
		return err == nil && !held
	})
	s.stop()
	s.workers = 2
	s.start()
	s.upload()
	s.waits(alice, 1, theAnswer)
}

// Without consent nothing reaches a worker.
func TestServiceWaitsForConsent(t *testing.T) {
	s := newService(t)
	s.start()
	id := s.photo(alice, "source-1").Case
	s.until("the photo to be held", func() bool {
		held, err := s.queue.HasPhoto(t.Context(), id)
		return err == nil && held
	})
	if n, err := s.queue.Backlog(t.Context()); err != nil || n != 0 {
		t.Errorf("%d jobs are waiting, %v", n, err)
	}
	s.tap(alice, s.waits(alice, 1, theQuestion), "No")
	s.until("the photo to go", func() bool {
		held, err := s.queue.HasPhoto(t.Context(), id)
		return err == nil && !held
	})
	if _, err := s.store.Case(t.Context(), id); !errors.Is(err, deepskin.ErrNotFound) {
		t.Errorf("the case is still there: %v", err)
	}
}
