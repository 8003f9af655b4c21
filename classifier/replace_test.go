package classifier_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin/classifier"
)

// mirrors returns the files of two models of which one calls everything malignant, the other benign.
func mirrors(t *testing.T) (malignant, benign string) {
	t.Helper()
	m, b := newMirror(), newMirror()
	m.version, b.version = "malignant", "benign"
	m.constants[0], b.constants[6] = 9, 9
	return m.save(t), b.save(t)
}

func sha256Of(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:])
}

// Every answer names the model that gave it, whenever that is replaced, and none fails.
func TestReplacedUnderLoad(t *testing.T) {
	for name, config := range map[string]classifier.Config{
		"one by one": {Concurrency: 4},
		"in batches": {Concurrency: 4, Batch: 3, BatchWait: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) { replaceUnderLoad(t, config) })
	}
}

func replaceUnderLoad(t *testing.T, config classifier.Config) {
	malignant, benign := mirrors(t)
	config.Model = malignant
	c := open(t, config)
	photo := golden(t, "baseline.jpg")
	var answers struct{ malignant, benign atomic.Int64 }
	var enough atomic.Bool
	var people sync.WaitGroup
	for range 8 {
		people.Go(func() {
			for !enough.Load() {
				a, err := c.Assess(t.Context(), photo)
				switch {
				case err != nil:
					t.Error(err)
				case a.Model != string(a.Label):
					t.Errorf("the model %q says %s", a.Model, a.Label)
				case a.Model == "malignant":
					answers.malignant.Add(1)
				default:
					answers.benign.Add(1)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	more := func(count *atomic.Int64) {
		for before := count.Load(); count.Load() < before+3 && !t.Failed(); {
			c.Info() // may be asked at any time
			time.Sleep(time.Millisecond)
		}
	}
	for range 3 {
		more(&answers.malignant)
		if err := c.Replace(benign, classifier.Identity{Version: "benign", SHA256: sha256Of(t, benign)}); err != nil {
			t.Error(err)
		}
		more(&answers.benign)
		if err := c.Replace(malignant, classifier.Identity{}); err != nil {
			t.Error(err)
		}
	}
	enough.Store(true)
	people.Wait()
	if got := c.Info().Version; got != "malignant" {
		t.Errorf("in the end %q serves", got)
	}
}

func TestWhatIsNotWantedDoesNotServe(t *testing.T) {
	malignant, benign := mirrors(t)
	broken := filepath.Join(t.TempDir(), "broken.onnx")
	writeTo(t, broken, []byte("a text"))
	c := open(t, classifier.Config{Model: malignant})
	for want, test := range map[string]struct {
		path string
		want classifier.Identity
	}{
		"no such file":            {filepath.Join(t.TempDir(), "missing.onnx"), classifier.Identity{}},
		"read inputs and outputs": {broken, classifier.Identity{}},
		"damaged":                 {benign, classifier.Identity{SHA256: sha256Of(t, malignant)}},
		`want "other"`:            {benign, classifier.Identity{Version: "other"}},
	} {
		if err := c.Replace(test.path, test.want); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("replaced by %s as %+v: %v, want %q in it", test.path, test.want, err, want)
		}
		opened, err := classifier.New(classifier.Config{Model: test.path, Want: test.want})
		if err == nil {
			t.Error("it opens", opened.Close())
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("opened: %v, want %q in it", err, want)
		}
		a, err := c.Assess(t.Context(), golden(t, "baseline.jpg"))
		if err != nil || a.Model != "malignant" || c.Info().Version != "malignant" {
			t.Errorf("afterwards %q serves: %v", a.Model, err)
		}
	}
}
