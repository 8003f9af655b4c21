package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/bot/words"
	"deepskin/internal/logtest"
)

// A fakeBot keeps cases in memory and answers when a test says so.
type fakeBot struct {
	mu     sync.Mutex
	cases  map[deepskin.CaseID]*fakeCase
	events map[string]deepskin.CaseID

	// message stands in for Message, and failure for all errors of Cases, if set.
	message func(bot.Message) (bot.Reply, error)
	failure error
}

type fakeCase struct {
	owner deepskin.Sender
	at    deepskin.Address
	photo []byte
	view  bot.View
	gone  bool // Whether the photo cannot be kept any more.
}

func newFakeBot() *fakeBot {
	return &fakeBot{cases: map[deepskin.CaseID]*fakeCase{}, events: map[string]deepskin.CaseID{}}
}

func (f *fakeBot) Message(_ context.Context, m bot.Message) (bot.Reply, error) {
	f.mu.Lock()
	message := f.message
	f.mu.Unlock()
	if message != nil {
		return message(m)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.Sender.Platform != "web" || m.Sender.ID == "" || m.At.Platform != "web" || m.At.Chat == "" ||
		m.Event == "" || m.Photo == nil || !m.Consent {
		return bot.Reply{}, fmt.Errorf("incomplete message: photo %t, consent %t", m.Photo != nil, m.Consent)
	}
	if id, ok := f.events[m.Event]; ok {
		return bot.Reply{Case: id}, nil
	}
	id := deepskin.NewCaseID()
	f.events[m.Event] = id
	now := time.Now()
	f.cases[id] = &fakeCase{owner: m.Sender, at: m.At, photo: m.Photo.Bytes, view: bot.View{
		Case:  deepskin.Case{ID: id, Status: deepskin.Pending, Created: now, Deadline: now.Add(2 * time.Minute)},
		Reply: bot.Reply{Case: id, Title: "Looking at your photo…", Text: "One moment."},
	}}
	return bot.Reply{Case: id}, nil
}

func (f *fakeBot) Press(context.Context, bot.Press) (bot.PressReply, error) {
	return bot.PressReply{}, fmt.Errorf("the page has no bot buttons")
}

// own returns a case of the sender's. The caller holds the lock.
func (f *fakeBot) own(sender deepskin.Sender, id deepskin.CaseID) (*fakeCase, error) {
	if f.failure != nil {
		return nil, f.failure
	}
	c, ok := f.cases[id]
	if !ok || c.owner != sender {
		return nil, fmt.Errorf("read case: %w", deepskin.ErrNotFound)
	}
	return c, nil
}

func (f *fakeBot) Case(_ context.Context, sender deepskin.Sender, language string, id deepskin.CaseID) (bot.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.own(sender, id)
	if err != nil {
		return bot.View{}, err
	}
	view := c.view
	view.Reply.Language = words.For(language).Language()
	return view, nil
}

func (f *fakeBot) Judge(_ context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.own(sender, id)
	if err != nil {
		return err
	}
	if c.view.Case.Status != deepskin.Answered {
		return deepskin.ErrNotFound
	}
	if c.gone && v.Keep != nil && *v.Keep {
		return deepskin.ErrGone
	}
	c.view.Case.Verdict = &v
	return nil
}

func (f *fakeBot) Comment(_ context.Context, sender deepskin.Sender, id deepskin.CaseID, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.own(sender, id)
	if err != nil {
		return err
	}
	if v := c.view.Case.Verdict; v == nil || v.Agrees {
		return deepskin.ErrNotFound
	}
	c.view.Case.Comment = text
	return nil
}

func (f *fakeBot) Photo(_ context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.own(sender, id)
	if err != nil {
		return nil, err
	}
	if c.gone {
		return nil, deepskin.ErrGone
	}
	return c.photo, nil
}

func (f *fakeBot) Heatmap(_ context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.own(sender, id); err != nil {
		return nil, err
	}
	return drawSpot(color.RGBA{230, 90, 40, 255}), nil
}

func (f *fakeBot) ForgetCase(_ context.Context, sender deepskin.Sender, id deepskin.CaseID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.own(sender, id); err != nil {
		return err
	}
	delete(f.cases, id)
	return nil
}

// settle turns a case into what change makes of it.
func (f *fakeBot) settle(id deepskin.CaseID, change func(*bot.View)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.cases[id].view)
}

// only returns the one case there is.
func (f *fakeBot) only(t testing.TB) (deepskin.CaseID, fakeCase) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.cases) != 1 {
		t.Fatalf("there are %d cases, want 1", len(f.cases))
	}
	for id := range maps.Keys(f.cases) {
		return id, *f.cases[id]
	}
	panic("unreachable")
}

// on makes message stand in for Message; nil ends that.
func (f *fakeBot) on(message func(bot.Message) (bot.Reply, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.message = message
}

// expire deletes a case's photo.
func (f *fakeBot) expire(id deepskin.CaseID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cases[id].gone = true
}

// fail makes all methods of Cases return err.
func (f *fakeBot) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
}

func (f *fakeBot) has(id deepskin.CaseID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cases[id] != nil
}

// clear forgets all cases.
func (f *fakeBot) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.cases)
	clear(f.events)
}

func (f *fakeBot) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.cases)
}

// answered is an answer as the bot might word it.
func answered(v *bot.View) {
	v.Case.Status = deepskin.Answered
	v.Case.Assessment = &deepskin.Assessment{
		Label: deepskin.Benign, Malignancy: 0.07, Confidence: 0.93, Model: "test-1",
		Diagnoses: map[deepskin.Diagnosis]float64{
			deepskin.MelanocyticNevus: 0.88, deepskin.Melanoma: 0.05, deepskin.BenignKeratosis: 0.04,
			deepskin.BasalCellCarcinoma: 0.012, deepskin.ActinicKeratosis: 0.008, deepskin.Dermatofibroma: 0.006,
			deepskin.VascularLesion: 0.004,
		},
		Diagnosis: deepskin.Melanoma, Kind: deepskin.Phone, PhoneProbability: 0.9, Closer: true,
		Lesion: &deepskin.Box{Left: 0.4, Top: 0.5, Right: 0.6, Bottom: 0.75},
		Grid:   &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
	}
	v.Reply.Title = "More like the harmless ones"
	v.Reply.Text = "The model finds this spot more like the benign ones that it knows.\n\n" +
		"It cannot feel the spot or know its history. If it changes, itches or bleeds, show it to a doctor."
}

func refused(v *bot.View) {
	v.Case.Status = deepskin.Answered
	v.Case.Assessment = &deepskin.Assessment{
		Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.UnknownFormat}, Model: "test-1",
	}
	v.Reply.Title = "I could not read this photo"
	v.Reply.Text = "Please send it as JPEG, PNG or WebP."
}

// A site is a running adapter.
type site struct {
	url  string
	bot  *fakeBot
	logs *logtest.Log
	// stop ends Run and waits for it.
	stop func()
}

func serve(t testing.TB, cfg web.Config) *site {
	t.Helper()
	logs := &logtest.Log{}
	fake := newFakeBot()
	addr := make(chan string, 1)
	cfg.Addr = "127.0.0.1:0"
	cfg.Logger = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.OnListen = func(a string) { addr <- a }
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- web.New(cfg, fake).Run(ctx, fake) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case a := <-addr:
		return &site{url: "http://" + a, bot: fake, logs: logs, stop: stop}
	case err := <-ended:
		t.Fatalf("Run: %v", err)
		return nil
	}
}

// A visitor is a browser with its own cookies.
type visitor struct {
	t    testing.TB
	site *site
	http *http.Client
}

func (s *site) visitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &visitor{t: t, site: s, http: client}
}

// do sends a request and returns the answer with its body.
func (v *visitor) do(method, path string, body io.Reader, headers ...string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.site.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res, string(b)
}

func (v *visitor) get(path string) (*http.Response, string) {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil)
}

// send uploads a photo as the page does and returns the ID of its case.
func (v *visitor) send(photo []byte) deepskin.CaseID {
	v.t.Helper()
	body, contentType := form(v.t, field{"consent", "true"}, field{"photo", string(photo)})
	res, text := v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
	if res.StatusCode != http.StatusAccepted {
		v.t.Fatalf("upload: %s: %s", res.Status, text)
	}
	return deepskin.CaseID(strings.TrimPrefix(res.Header.Get("Location"), "/v1/cases/"))
}

type field struct{ name, value string }

// form makes a multipart form; the field photo is a file.
func form(t testing.TB, fields ...field) (io.Reader, string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for _, f := range fields {
		disposition := fmt.Sprintf(`form-data; name=%q`, f.name)
		if f.name == "photo" {
			disposition += `; filename="spot.jpg"`
		}
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf, w.FormDataContentType()
}

// drawSpot draws a round spot on skin as a JPEG.
func drawSpot(spot color.Color) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 480, 360))
	for y := range 360 {
		for x := range 480 {
			img.Set(x, y, color.RGBA{uint8(224 - y/16), uint8(178 - y/16), uint8(150 - x/24), 255})
			if dx, dy := x-240, y-180; dx*dx+dy*dy < 90*90 {
				img.Set(x, y, spot)
			}
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		panic(err)
	}
	return buf.Bytes()
}
