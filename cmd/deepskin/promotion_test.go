package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web/client"
	"deepskin/classifier"
)

const (
	// promotionVisitors people each have so many photos under way: 500 in all.
	promotionVisitors = 25
	photosUnderWay    = 20
)

// scraped reports whether a process shows a line of metrics at its operators' address.
func scraped(t *testing.T, address, line string) bool {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), line+"\n")
}

// A rival is a model and how malignant it holds each of some photos to be.
type rival struct {
	version      string
	malignancies []float64
}

func newRival(t *testing.T, path string, photos [][]byte) rival {
	t.Helper()
	model, err := classifier.New(classifier.Config{Model: path})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	r := rival{version: model.Info().Version}
	for _, content := range photos {
		a, err := model.Assess(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		r.malignancies = append(r.malignancies, a.Malignancy)
	}
	return r
}

// A model is promoted and rolled back while 500 photos are under way: none is lost, and each answer
// names the model that gave it.
func TestPromotionUnderLoad(t *testing.T) {
	photos := [][]byte{photo(t, 1), photo(t, 2), photo(t, 3)}
	second, _ := renamed(t, worse(t))
	first, other := newRival(t, modelFile, photos), newRival(t, second, photos)
	for i := range photos {
		if math.Abs(first.malignancies[i]-other.malignancies[i]) < 0.01 {
			t.Fatalf("both models say much the same of photo %d, so this test shows nothing of who answered", i)
		}
	}
	env := environ(t, map[string]string{"DEEPSKIN_MODELS": filepath.Join(t.TempDir(), "models")})
	models := func(args ...string) {
		t.Helper()
		if _, log, err := program(t, env, append([]string{"model"}, args...)...); err != nil {
			t.Fatalf("model %v: %v\n%s", args, err, log)
		}
	}
	models("add", modelFile)
	models("add", second)
	models("promote", first.version, "--force", "the first one")

	// 500 photos wait for long where the machine has much else to do.
	d := deploy(t, plan{bots: 1, workers: 2, deadline: time.Hour, more: map[string]string{"DEEPSKIN_MODELS": env["DEEPSKIN_MODELS"]}})
	load := newLoad(t, d.pages()[0], photos, []rival{first, other})
	eventually(t, "500 photos are under way", func() bool { return load.sent.Load() >= promotionVisitors*photosUnderWay || t.Failed() })
	changed := func(times int) {
		t.Helper()
		for _, w := range d.workers {
			eventually(t, w.name+" has changed its model", func() bool {
				return scraped(t, w.env["DEEPSKIN_OPS_ADDR"], fmt.Sprintf(`deepskin_model_changes_total{outcome="done"} %d`, times))
			})
		}
	}
	models("promote", other.version, "--force", "a test")
	changed(1)
	models("rollback")
	changed(2)
	load.end()
	t.Logf("%d photos, answered by %v", load.sent.Load(), load.answers)
	if load.answers[first.version] == 0 || load.answers[other.version] == 0 {
		t.Errorf("one of the models has not answered: %v", load.answers)
	}
	if answered := load.answers[first.version] + load.answers[other.version]; int64(answered) != load.sent.Load() {
		t.Errorf("%d of %d photos were answered", answered, load.sent.Load())
	}
	d.checkLogs(t)
}

// A load is people on the page who each have many photos under way.
type load struct {
	t      *testing.T
	photos [][]byte
	models []rival

	people sync.WaitGroup
	enough atomic.Bool
	sent   atomic.Int64

	mu      sync.Mutex
	answers map[string]int // by model
}

// newLoad has people send photos, and see to the answers, until its end.
func newLoad(t *testing.T, page string, photos [][]byte, models []rival) *load {
	t.Helper()
	l := &load{t: t, photos: photos, models: models, answers: map[string]int{}}
	for range promotionVisitors {
		l.people.Go(func() { l.visit(client.New(page)) })
	}
	return l
}

// end lets nobody send more photos, and waits until all are answered.
func (l *load) end() {
	l.enough.Store(true)
	l.people.Wait()
}

// visit keeps so many photos under way; each answer must be what the model that it names says of the
// photo.
func (l *load) visit(visitor *client.Client) {
	var waiting []deepskin.CaseID
	for n := 0; l.t.Context().Err() == nil; {
		more := !l.enough.Load()
		switch {
		case more && len(waiting) < photosUnderWay:
			accepted, err := visitor.Send(l.t.Context(), "lesion.jpg", l.photos[(n+len(waiting))%len(l.photos)], true)
			if err != nil {
				sleep(l.t.Context(), again) // too much to do just now
				continue
			}
			l.sent.Add(1)
			waiting = append(waiting, accepted.ID)
		case len(waiting) > 0:
			answer, err := visitor.Wait(l.t.Context(), waiting[0])
			if err != nil {
				sleep(l.t.Context(), again)
				continue
			}
			l.check(answer, n%len(l.photos))
			waiting = waiting[1:]
			n++
		default:
			return
		}
	}
}

func (l *load) check(answer client.Case, photo int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[answer.Model]++
	i := slices.IndexFunc(l.models, func(r rival) bool { return r.version == answer.Model })
	if answer.Status != deepskin.Answered || i < 0 || answer.Malignancy == nil {
		l.t.Errorf("a photo ended %s, by model %q", answer.Status, answer.Model)
		return
	}
	if want := l.models[i].malignancies[photo]; math.Abs(*answer.Malignancy-want) > 1e-3 {
		l.t.Errorf("in the name of %s the malignancy of photo %d is %v, that model says %v", answer.Model, photo, *answer.Malignancy, want)
	}
}
