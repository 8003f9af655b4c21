package team_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/logtest"
	"deepskin/internal/team"
	"deepskin/store"
)

var (
	rita  = deepskin.Sender{Platform: "discord", ID: "reviewer-rita-1234"}
	rolf  = deepskin.Sender{Platform: "team", ID: "reviewer-rolf-5678"}
	alice = deepskin.Sender{Platform: "telegram", ID: "sender-alice-4711"}
)

// A world is the team's pages on a server, in front of a database.
type world struct {
	url   string
	store *store.Store
	logs  *logtest.Log
	late  atomic.Int64 // how long the clock is ahead, in nanoseconds
}

// newWorld serves the pages until the test ends; edit changes their configuration.
func newWorld(t *testing.T, edit func(*team.Config)) *world {
	t.Helper()
	keys := store.Keys{Identity: bytes.Repeat([]byte{1}, 32), Address: bytes.Repeat([]byte{2}, 32)}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "deepskin.db"), keys)
	ok(t, err)
	t.Cleanup(func() { ok(t, s.Close()) })
	w := &world{store: s, logs: &logtest.Log{}}
	c := team.Config{
		Logins: s, Reviews: s, Logger: slog.New(slog.NewTextHandler(w.logs, nil)), Now: w.now,
		Heatmap: func(photo []byte, grid deepskin.Grid) ([]byte, error) {
			if len(photo) == 0 || grid.Rows == 0 {
				return nil, errors.New("nothing to draw on")
			}
			return picture(color.RGBA{40, 130, 142, 255}), nil
		},
	}
	if edit != nil {
		edit(&c)
	}
	mux := http.NewServeMux()
	mux.Handle("/", team.New(c))
	mux.HandleFunc("/page/icon.svg", func(w http.ResponseWriter, _ *http.Request) { // the page's
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg"/>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.late.Load())) }

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.late.Add(int64(d)) }

// link makes a one-time link.
func (w *world) link(t *testing.T, reviewer deepskin.Sender) string {
	t.Helper()
	link, err := team.Link(t.Context(), w.store, w.url+"/", reviewer, w.now())
	ok(t, err)
	return link
}

// token is what a link's fragment holds.
func token(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	ok(t, err)
	return u.Fragment
}

// dispute stores a photo that its sender reports, with an answer that edit may change.
func (w *world) dispute(t *testing.T, comment string, edit func(*deepskin.Assessment)) deepskin.CaseID {
	t.Helper()
	ctx, id := t.Context(), deepskin.NewCaseID()
	_, _, err := w.store.AddCase(ctx, deepskin.NewCase{
		ID: id, Sender: alice, Event: string(id), Status: deepskin.Pending, Created: time.Now(), Deadline: time.Now(),
		Address: deepskin.Address{Platform: alice.Platform, Chat: "chat-123456789"},
	})
	ok(t, err)
	a := deepskin.Assessment{
		Label: deepskin.Benign, Malignancy: 0.07, Confidence: 0.93, Kind: deepskin.Dermoscopy, Model: "deepskin-test-1", Threshold: 0.2,
		Diagnosis: deepskin.MelanocyticNevus, Grid: &deepskin.Grid{Rows: 1, Columns: 1, Values: []float32{1}},
		Diagnoses: map[deepskin.Diagnosis]float64{
			deepskin.MelanocyticNevus: 0.875, deepskin.Melanoma: 0.06, deepskin.BenignKeratosis: 0.04,
			deepskin.BasalCellCarcinoma: 0.006, deepskin.ActinicKeratosis: 0.004, deepskin.Dermatofibroma: 0.01, deepskin.VascularLesion: 0.005,
		},
	}
	if edit != nil {
		edit(&a)
	}
	_, err = w.store.Answer(ctx, id, a)
	ok(t, err)
	ok(t, w.store.SetVerdict(ctx, alice, id, deepskin.Verdict{Truth: deepskin.TruthMalignant}))
	if comment != "" {
		ok(t, w.store.SetComment(ctx, alice, id, comment))
	}
	ok(t, w.store.KeepPhoto(ctx, id, picture(color.RGBA{90, 55, 40, 255})))
	return id
}

// A visitor is a browser without scripts.
type visitor struct {
	t    *testing.T
	w    *world
	http *http.Client
}

func (w *world) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	ok(t, err)
	v := &visitor{t, w, &http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(v.http.CloseIdleConnections)
	return v
}

// loggedIn is a visitor who has used a link of a reviewer's.
func (w *world) loggedIn(t *testing.T, reviewer deepskin.Sender) *visitor {
	t.Helper()
	v := w.visitor(t)
	if res, page := v.post("/team/login", "link", w.link(t, reviewer)); res.StatusCode != http.StatusOK || res.Request.URL.Path != "/review" {
		t.Fatalf("login: %s: %s", res.Status, page)
	}
	return v
}

func (v *visitor) get(path string) (*http.Response, string) {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil)
}

// post sends a form, given as names and values.
func (v *visitor) post(path string, fields ...string) (*http.Response, string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// do sends a request, follows redirects and returns the answer with its body.
func (v *visitor) do(method, path string, body io.Reader, headers ...string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.w.url+path, body)
	ok(v.t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := v.http.Do(req)
	ok(v.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ok(v.t, err)
	return res, string(text)
}

// says fails the test unless an answer has a status and, in it, some words.
func says(t *testing.T, res *http.Response, page string, status int, words ...string) {
	t.Helper()
	if res.StatusCode != status {
		t.Errorf("%s %s: %s, want %d", res.Request.Method, res.Request.URL.Path, res.Status, status)
	}
	for _, want := range words {
		if !strings.Contains(page, want) {
			t.Errorf("%s %s does not say %q: %s", res.Request.Method, res.Request.URL.Path, want, page)
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// picture draws a round spot on skin as a JPEG.
func picture(spot color.Color) []byte {
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
