package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// ErrNoRedis says that there is no redis-server to be started.
var ErrNoRedis = errors.New("redis-server is missing: 'make test' installs it")

// acceptsConnections is how redis-server and PostgreSQL say that they are ready.
const acceptsConnections = "ready to accept connections"

// A Redis is a running redis-server. Its methods may be called at the same time.
type Redis struct{ server }

// StartRedis starts a redis-server on a free port of 127.0.0.1 and returns once it takes
// connections. It keeps nothing on the disk unless args say so ("--appendonly", "yes"); they come
// after its own arguments. Its files and its log, redis-server.log, are in dir, which must exist.
// The server runs until Stop or Kill: ctx is for the start only. It returns ErrNoRedis where the
// program is missing.
func StartRedis(ctx context.Context, dir string, args ...string) (*Redis, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNoRedis
	}
	r := &Redis{server{
		name: "redis-server", dir: dir, log: filepath.Join(dir, "redis-server.log"), ready: acceptsConnections,
		args: func(port int) []string {
			return append([]string{
				program, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
				"--save", "", "--appendonly", "no",
			}, args...)
		},
		attr: func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} },
		kill: (*os.Process).Kill,
		term: syscall.SIGTERM,
	}}
	if err := r.startAnywhere(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Addr is where the server listens, as host:port. It stays the same when it starts again.
func (r *Redis) Addr() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }
