// Package child runs the built program as a child process, for the demonstration and the
// benchmark.
package child

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// readyLines are what the commands print when they are ready, serve before its page's address.
var readyLines = map[string]string{"serve": "DeepSkin is ready: ", "worker": "The worker is ready: "}

// Config says what to start.
type Config struct {
	// Program is the path of the built program.
	Program string
	// Command is "serve" or "worker"; empty means serve.
	Command string
	// Data is the folder for the embedded database and the keys; it should be empty. An empty
	// name means the service's own default.
	Data string
	// Environ is the surrounding environment, os.Environ() say. Of the service's own settings
	// only those of the machine are passed on, and those that Pass names: no chats, no databases.
	Environ []string
	// Pass names settings that are passed on where Environ has them or their _FILE twins.
	Pass []string
	// Settings are more settings for the service, as NAME=value.
	Settings []string
	// Log takes the service's log; nil means nobody reads it.
	Log io.Writer
	// Patience is how long Stop waits before it kills; zero means 20 seconds.
	Patience time.Duration
}

// A Service is a running serve or worker.
type Service struct {
	// URL is where the page and the API are, without a slash at the end; a worker's has no meaning.
	URL string
	// PID is the number of the process.
	PID int

	cmd      *exec.Cmd
	ready    string // what it prints before the URL
	patience time.Duration
	ended    chan struct{} // Closed once err stands.
	err      error
	stop     func() error
}

// Start starts the command, with the embedded defaults unless Pass says otherwise, on a free port and waits until it is ready. The
// service then runs until Stop.
func Start(ctx context.Context, cfg Config) (*Service, error) {
	command := cmp.Or(cfg.Command, "serve")
	cmd := exec.Command(cfg.Program, command)
	cmd.Env = append(Environ(cfg.Environ, cfg.Pass...), "DEEPSKIN_ADDR=127.0.0.1:0")
	if cfg.Data != "" {
		cmd.Env = append(cmd.Env, "DEEPSKIN_DATA="+cfg.Data)
	}
	cmd.Env = append(cmd.Env, cfg.Settings...)
	cmd.Stderr = cfg.Log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	s := &Service{
		PID: cmd.Process.Pid, cmd: cmd, ready: readyLines[command], ended: make(chan struct{}),
		patience: cmp.Or(cfg.Patience, 20*time.Second),
	}
	s.stop = sync.OnceValue(s.end)
	ready := make(chan string, 1)
	go s.watch(stdout, ready)
	select {
	case s.URL = <-ready:
		return s, nil
	case <-s.ended:
		return nil, fmt.Errorf("the service ended before it was ready: %w", cmp.Or(s.err, errEarly))
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("wait for the service to be ready: %w", ctx.Err()), s.Stop())
	}
}

// watch reads what the service prints until it ends.
func (s *Service) watch(stdout io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(stdout)
	found := false
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), s.ready); ok && !found {
			found = true
			ready <- url
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // A service that cannot print would stand still.
	s.err = s.cmd.Wait()
	close(s.ended)
}

var errEarly = errors.New("nobody had asked it to")

// Stop asks the service to end by SIGTERM, waits for it, and kills it when its time is up. It
// returns nil only if the service ran until then and its exit status was 0.
func (s *Service) Stop() error { return s.stop() }

func (s *Service) end() error {
	select {
	case <-s.ended:
		return s.early()
	default:
	}
	switch err := s.cmd.Process.Signal(syscall.SIGTERM); {
	case errors.Is(err, os.ErrProcessDone):
		<-s.ended
		return s.early()
	case err != nil:
		return fmt.Errorf("ask the service to end: %w", err)
	}
	select {
	case <-s.ended:
		if s.err != nil {
			return fmt.Errorf("the service did not end cleanly: %w", s.err)
		}
		return nil
	case <-time.After(s.patience):
		err := s.cmd.Process.Kill()
		<-s.ended
		return errors.Join(fmt.Errorf("the service was killed: it had not ended %v after SIGTERM", s.patience), err)
	}
}

func (s *Service) early() error {
	return fmt.Errorf("the service ended too early: %w", cmp.Or(s.err, errEarly))
}

// machine are the settings that depend on the machine, not on what the service does there.
var machine = []string{
	"DEEPSKIN_MODEL", "DEEPSKIN_MODELS", "DEEPSKIN_ONNXRUNTIME", "DEEPSKIN_PROVIDER", "DEEPSKIN_WORKERS",
	"DEEPSKIN_MODEL_THREADS", "DEEPSKIN_BATCH", "DEEPSKIN_BATCH_WAIT",
}

// Environ returns an environment without what would connect the program to somebody's chats,
// databases and traces, unless it is to be passed on.
func Environ(environ []string, pass ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		name = strings.TrimSuffix(name, "_FILE")
		ours := strings.HasPrefix(name, "DEEPSKIN_") || strings.HasPrefix(name, "TELEGRAM_") ||
			strings.HasPrefix(name, "DISCORD_") || strings.HasPrefix(name, "OTEL_") || name == "REDIS_URL" || name == "DATABASE_URL"
		return ours && !slices.Contains(machine, name) && !slices.Contains(pass, name)
	})
}
