// Package servers runs a real redis-server, PostgreSQL and Prometheus as child processes on free loopback
// ports, for tests and load tests. It works on Linux. A server ends with the process that started it,
// however that one ends.
package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// attempts is how many ports are tried: another process may be faster to take a free one.
	attempts = 5
	// patience is how long a server may take to end after it was asked to.
	patience = time.Minute
	// tailSize is how many bytes of a server's log come with an error.
	tailSize = 2000
)

// A server is a program that listens on one port, and may be ended and started again there.
type server struct {
	name string                      // for errors
	args func(port int) []string     // the program and its arguments
	attr func() *syscall.SysProcAttr // whose process it becomes
	kill func(*os.Process) error     // ends it at once
	term os.Signal                   // asks for a clean end
	dir  string                      // its working directory
	log  string                      // the file for its output
	// ready is what its log says, in lower case, once it takes connections.
	ready string

	mu      sync.Mutex
	port    int
	process *process // nil while it is not running
}

// A process is one run of a server.
type process struct {
	*os.Process
	ended chan struct{} // closed once err stands
	err   error
}

// errPortTaken says that another process has the port.
var errPortTaken = errors.New("the port is taken")

// startAnywhere starts the server on some free port.
func (s *server) startAnywhere(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		var err error
		if s.port, err = freePort(); err != nil {
			return fmt.Errorf("find a port for %s: %w", s.name, err)
		}
		if err := s.Start(ctx); !errors.Is(err, errPortTaken) || attempt == attempts {
			return err
		}
	}
}

// Start starts the server again after Stop or Kill, on the same port and with the same files. It
// returns once the server takes connections.
func (s *server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	return nil
}

func (s *server) start(ctx context.Context) error {
	if s.process != nil {
		return errors.New("it is running already")
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := s.args(s.port)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = s.dir, environ(), log, log, s.attr()
	p, err := run(cmd)
	if err != nil {
		return err
	}
	if err := s.wait(ctx, p); err != nil {
		if e := s.kill(p.Process); !errors.Is(e, os.ErrProcessDone) {
			err = errors.Join(err, e)
		}
		<-p.ended
		return err
	}
	s.process = p
	return nil
}

// run starts a process that is killed when this one ends. The kernel does that when the thread ends
// that started it, so a goroutine keeps the thread for as long as the process lives.
func run(cmd *exec.Cmd) (*process, error) {
	started := make(chan error)
	p := &process{ended: make(chan struct{})}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

// wait returns nil once the server says in its log that it is ready. That it is this server and no
// other on the same port needs no proof then.
func (s *server) wait(ctx context.Context, p *process) error {
	for {
		ended := false
		select {
		case <-p.ended:
			ended = true
		case <-ctx.Done():
			return fmt.Errorf("wait for it to be ready: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
		text, err := os.ReadFile(s.log)
		switch {
		case err != nil:
			return err
		case ended && bytes.Contains(text, []byte("ddress already in use")):
			return errPortTaken
		case ended:
			return fmt.Errorf("it ended (%w) and said:\n%s", exit(p.err), tail(text))
		case bytes.Contains(bytes.ToLower(text), []byte(s.ready)):
			return nil
		}
	}
}

// PID is the number of the server's process; 0 while it is not running.
func (s *server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Pid
}

// Stop asks the server to end cleanly and waits until it has. It returns nil where the server had
// been stopped or killed before, and an error where it had ended by itself or takes over a minute;
// it is killed then.
func (s *server) Stop() error {
	return s.end(func(p *process) error {
		asked := p.Signal(s.term)
		select {
		case <-p.ended:
		case <-time.After(patience):
			return errors.Join(fmt.Errorf("it had not ended %v after it was asked to", patience), s.kill(p.Process))
		}
		if asked == nil && p.err == nil {
			return nil
		}
		text, _ := os.ReadFile(s.log) // may be gone with its folder
		return fmt.Errorf("it ended by itself or badly (%w) and said:\n%s", exit(p.err), tail(text))
	})
}

// Kill ends the server at once, as a crash would, and waits until it is gone. It returns nil where
// the server had been stopped or killed before.
func (s *server) Kill() error {
	return s.end(func(p *process) error { return s.kill(p.Process) })
}

func (s *server) end(how func(*process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	err := how(s.process)
	<-s.process.ended
	s.process = nil
	if err != nil {
		return fmt.Errorf("end %s: %w", s.name, err)
	}
	return nil
}

// freePort returns a port on which nobody listens just now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// environ is the whole environment of a server: nothing that changes how it works or speaks.
func environ() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// exit is why a process ended.
func exit(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// tail is the end of a log.
func tail(text []byte) string {
	return strings.TrimSpace(string(text[max(0, len(text)-tailSize):]))
}
