package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ErrNoPrometheus says that there is no prometheus to be started.
var ErrNoPrometheus = errors.New("prometheus is missing: 'make test' installs it")

// A Prometheus is a running prometheus. Its methods may be called at the same time.
type Prometheus struct{ server }

// StartPrometheus starts a prometheus with a configuration file on a free port of 127.0.0.1 and
// returns once it takes connections. Its data and its log, prometheus.log, are in dir, which must
// exist; args come after its own arguments. The server runs until Stop or Kill: ctx is for the start
// only. It returns ErrNoPrometheus where the program is missing.
func StartPrometheus(ctx context.Context, dir, config string, args ...string) (*Prometheus, error) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, ErrNoPrometheus
	}
	p := &Prometheus{server{
		name: "prometheus", dir: dir, log: filepath.Join(dir, "prometheus.log"), ready: "ready to receive web requests",
		args: func(port int) []string {
			return append([]string{
				program, "--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
				fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port),
			}, args...)
		},
		attr: func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} },
		kill: (*os.Process).Kill,
		term: syscall.SIGTERM,
	}}
	if err := p.startAnywhere(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Addr is where the server listens, as host:port. It stays the same when it starts again.
func (p *Prometheus) Addr() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }
