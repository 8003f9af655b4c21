package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"deepskin/classifier/sample"
	"deepskin/internal/logtest"
	"deepskin/internal/servers"
)

// asProgram makes the test binary behave as deepskin itself, so that tests can kill it.
const asProgram = "DEEPSKIN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// patience bounds every wait in these tests; it only decides how soon a failure shows.
const patience = 2 * time.Minute

const (
	modelFile = "../../models/deepskin.onnx"
	readyLine = "DeepSkin is ready: "
)

// environ returns an environment for serve on a free port with a data folder of its own.
func environ(t *testing.T, more map[string]string) map[string]string {
	t.Helper()
	env := map[string]string{
		"DEEPSKIN_ADDR":                   "127.0.0.1:0",
		"DEEPSKIN_DATA":                   t.TempDir(),
		"DEEPSKIN_MODEL":                  modelFile,
		"DEEPSKIN_PROVIDER":               "cpu",
		"DEEPSKIN_LOG_LEVEL":              "debug",
		"DEEPSKIN_PHOTOS_PER_MINUTE":      "0",
		"DEEPSKIN_PHOTOS_PER_DAY":         "0",
		"DEEPSKIN_PHOTOS_PER_CHAT_MINUTE": "0",
	}
	maps.Copy(env, more)
	return env
}

// A service is a running serve, in this process.
type service struct {
	url  string
	log  *logtest.Log
	stop func() error
}

// start runs serve until stop is called or the test ends, and waits until it listens.
func start(t *testing.T, env map[string]string) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, screen := io.Pipe()
	log := &logtest.Log{}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"serve"}, env, screen, log)
		screen.Close()
		ended <- err
	}()
	var once sync.Once
	var result error
	s := &service{log: log, stop: func() error {
		once.Do(func() { cancel(); result = <-ended })
		return result
	}}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("serve ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("serve's log:\n%s", log)
		}
	})
	s.url = awaitReady(t, stdout)
	return s
}

// awaitReady returns the page's address from what serve prints, and drains the rest.
func awaitReady(t *testing.T, stdout io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), readyLine); ok {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return url
		}
	}
	t.Fatal("serve ended before it was ready")
	return ""
}

// startRedis runs a real redis-server until the test ends and returns its URL.
func startRedis(t *testing.T) string {
	t.Helper()
	return "redis://" + servers.NewRedis(t).Addr()
}

// eventually waits for something to become true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// photo draws a lesion that the shipped model judges.
func photo(t *testing.T, seed uint64) []byte {
	t.Helper()
	return drawn(t, seed, sample.Options{Width: 400, Height: 300})
}

func drawn(t *testing.T, seed uint64, options sample.Options) []byte {
	t.Helper()
	content, err := sample.JPEG(sample.Photo(seed, options), 90)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// program runs a command of deepskin in this process.
func program(t *testing.T, env map[string]string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	err = run(t.Context(), args, env, &out, &log)
	return out.String(), log.String(), err
}

func describe(value any) string { return fmt.Sprintf("%+v", value) }
