package bot_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"deepskin"
	"deepskin/bot"
	"deepskin/internal/logtest"
)

var (
	alice = deepskin.Sender{Platform: platform, ID: "alice-4711"}
	bob   = deepskin.Sender{Platform: platform, ID: "bob-0815"}
)

// What must be in no log line and no error.
var secrets = []string{
	alice.ID, bob.ID, "room-of-", "message-", "post-", "event-", "source-", "pixels", "forged",
}

// A world is a bot between fakes, on a clock that jumps.
type world struct {
	t      *testing.T
	store  *memStore
	queue  *memQueue
	chat   *chat
	config bot.Config
	log    *logtest.Log
	// language is what the platform says that people read.
	language string

	bot   *bot.Bot
	stop  context.CancelFunc
	ended chan error

	events int
}

// in runs a test in a world of its own.
func in(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, store: newMemStore(), queue: newMemQueue(), chat: newChat(), log: &logtest.Log{}}
		w.queue.assess = func(ctx context.Context, _ []byte) deepskin.Result {
			sleep(ctx, 100*time.Millisecond)
			return deepskin.Result{Assessment: &deepskin.Assessment{
				Label: deepskin.Benign, Malignancy: 0.03, Confidence: 0.97, Model: "m1",
				Grid: &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
			}}
		}
		w.config = bot.Config{
			Store: w.store, Queue: w.queue,
			Heatmap: func(photo []byte, _ deepskin.Grid) ([]byte, error) {
				return append([]byte("heat over "), photo...), nil
			},
			Chart: func(c deepskin.Chart) ([]byte, error) {
				return fmt.Appendf(nil, "chart %v", c), nil
			},
			Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}
		working, stopWorker := context.WithCancel(t.Context())
		defer stopWorker()
		go w.queue.runWorker(working)
		w.connect()
		defer w.close()
		test(t, w)
	})
}

// close ends what runs, and looks into the log.
func (w *world) close() {
	if w.stop != nil {
		w.end()
	}
	for _, secret := range append([]string{theComment}, secrets...) {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log holds %q:\n%s", secret, w.log.String())
		}
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// connect makes a new bot, as after a restart.
func (w *world) connect() {
	w.bot = bot.New(w.config)
	w.bot.Connect(w.chat)
}

// run starts the bot.
func (w *world) run() {
	ctx, stop := context.WithCancel(w.t.Context())
	w.stop, w.ended = stop, make(chan error, 1)
	go func() { w.ended <- w.bot.Run(ctx) }()
	synctest.Wait()
}

// end stops the bot.
func (w *world) end() {
	w.t.Helper()
	w.stop()
	if err := <-w.ended; err != nil {
		w.t.Errorf("Run: %v", err)
	}
	w.stop = nil
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// message returns a message with a name of its own and, where source is not empty, a photo that
// the platform holds.
func (w *world) message(s deepskin.Sender, source string) bot.Message {
	w.events++
	m := bot.Message{
		Sender: s,
		At: deepskin.Address{
			Platform: s.Platform, Chat: chatOf(s), Message: fmt.Sprint("message-", w.events),
		},
		Event:    fmt.Sprint("event-", w.events),
		Language: w.language,
	}
	if source != "" {
		m.Photo = &bot.Photo{Source: source}
		w.chat.mu.Lock()
		w.chat.files[source] = []byte("pixels of " + source)
		w.chat.mu.Unlock()
	}
	return m
}

// hand gives the bot a message and posts what it returns, as adapters do.
func (w *world) hand(m bot.Message) bot.Reply {
	w.t.Helper()
	reply, err := w.bot.Message(w.t.Context(), m)
	if err != nil {
		w.t.Fatalf("Message: %v", err)
	}
	if !reply.Empty() {
		w.chat.mu.Lock()
		w.chat.post(m.At, reply)
		w.chat.mu.Unlock()
	}
	synctest.Wait()
	return reply
}

// photo sends a photo and returns the message.
func (w *world) photo(s deepskin.Sender, source string) bot.Message {
	w.t.Helper()
	m := w.message(s, source)
	w.hand(m)
	return m
}

// command sends a command and returns what is replied.
func (w *world) command(s deepskin.Sender, name string) bot.Reply {
	w.t.Helper()
	m := w.message(s, "")
	m.Command = name
	return w.hand(m)
}

// consents makes a sender agree before anything else happens.
func (w *world) consents(s deepskin.Sender) {
	w.t.Helper()
	if _, err := w.store.GiveConsent(w.t.Context(), s, time.Now(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// press taps a button.
func (w *world) press(s deepskin.Sender, p post, data string) bot.PressReply {
	w.t.Helper()
	return w.pressed(bot.Press{Sender: s, At: p.at, Data: data, Language: w.language})
}

// pressed hands a press to the bot, and does what adapters do with the reply.
func (w *world) pressed(p bot.Press) bot.PressReply {
	w.t.Helper()
	reply, err := w.bot.Press(w.t.Context(), p)
	if err != nil {
		w.t.Fatalf("Press: %v", err)
	}
	w.chat.mu.Lock()
	if i := w.chat.index(p.At); reply.Edit != nil && i >= 0 {
		w.chat.posts[i].reply = *reply.Edit
	}
	if reply.Send != nil {
		w.chat.post(p.At, *reply.Send)
	}
	w.chat.mu.Unlock()
	synctest.Wait()
	return reply
}

// tap presses the button whose label holds the words.
func (w *world) tap(s deepskin.Sender, p post, words string) bot.PressReply {
	w.t.Helper()
	return w.press(s, p, button(w.t, p.reply, words))
}

// button returns the data of the button whose label holds the words.
func button(t *testing.T, r bot.Reply, words string) string {
	t.Helper()
	for _, row := range r.Buttons {
		for _, b := range row {
			if strings.Contains(b.Label, words) {
				return b.Data
			}
		}
	}
	t.Fatalf("no button %q below %q", words, r.Text)
	return ""
}

// find returns the one message that a sender sees with the words in it.
func (w *world) find(s deepskin.Sender, words string) post {
	w.t.Helper()
	var found []post
	for _, p := range w.chat.seen(s) {
		if strings.Contains(p.text(), words) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d messages with %q, want 1; there are %s", len(found), words, w.seen(s))
	}
	return found[0]
}

// sees checks all that a sender sees: for each message, words that it must hold.
func (w *world) sees(s deepskin.Sender, words ...string) {
	w.t.Helper()
	posts := w.chat.seen(s)
	ok := len(posts) == len(words)
	for i := 0; ok && i < len(posts); i++ {
		ok = strings.Contains(posts[i].text(), words[i])
	}
	if !ok {
		w.t.Fatalf("after %v the sender sees %s, want messages with %q", time.Since(midnight), w.seen(s), words)
	}
}

// midnight is when the clock of every world starts.
var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *world) seen(s deepskin.Sender) string {
	var b strings.Builder
	for _, p := range w.chat.seen(s) {
		fmt.Fprintf(&b, "\n%s (to %q, %d edits): %q", p.at.Message, p.to, p.edits, p.text())
	}
	return b.String() + "\n"
}

// case1 returns the only case.
func (w *world) case1() deepskin.Case {
	w.t.Helper()
	all := w.store.all()
	if len(all) != 1 {
		w.t.Fatalf("there are %d cases, want 1", len(all))
	}
	return all[0]
}

// holds checks how many photos and copies are in transit.
func (w *world) holds(photos, copies int) {
	w.t.Helper()
	if p, c := w.queue.holds(); p != photos || c != copies {
		w.t.Errorf("%d photos and %d copies are in transit, want %d and %d", p, c, photos, copies)
	}
}

// Words by which the tests know the bot's messages.
const (
	theQuestion = "May I look at your photos?"
	theThanks   = "I may look at your photos now"
	theLooking  = "Looking at your photo"
	theAnswer   = "Lower risk"
	theRefusal  = "I cannot judge this photo"
	theApology  = "No answer this time"
	theLoss     = "Your photo got lost"
	theBusy     = "Too much to do right now"
	theLimit    = "That is a lot of photos"
	theExpiry   = "I did not hear whether"
	theStale    = "This button no longer works"
	theGone     = "already been deleted"
	theTrouble  = "Something broke here"
)
