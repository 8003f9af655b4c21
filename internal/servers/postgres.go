package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPostgres says that there is no PostgreSQL to be started.
var ErrNoPostgres = errors.New("PostgreSQL is missing: 'make test' installs it")

// role is the name of the user who owns everything, and of the first database.
const role = "deepskin"

// A Postgres is a running PostgreSQL. Its methods may be called at the same time.
type Postgres struct {
	server
	password string
}

// StartPostgres makes a PostgreSQL in dir, starts it on a free port of 127.0.0.1 and returns once
// it takes connections. It has a user "deepskin" with a password of its own, who may do everything,
// and a database of the same name. Its log, postgres.log, is in dir, which must exist and be empty.
//
// The args come after the server's own. With "-c", "fsync=off" it is faster and survives Kill all
// the same: only a power cut would cost it data.
//
// PostgreSQL refuses to run as root, so root runs it as the user "postgres", who gets dir and must
// be able to reach it; below a test's TempDir it cannot. The server runs until Stop or Kill: ctx is
// for the start only. It returns ErrNoPostgres where the programs are missing.
func StartPostgres(ctx context.Context, dir string, args ...string) (*Postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	account, err := prepareAccount(dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	attr := func() *syscall.SysProcAttr { return &syscall.SysProcAttr{Credential: account} }
	data := filepath.Join(dir, "data")
	p := &Postgres{password: rand.Text(), server: server{
		name: "PostgreSQL", dir: dir, log: filepath.Join(dir, "postgres.log"), ready: acceptsConnections,
		args: func(port int) []string {
			return append([]string{
				filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port),
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
				"-c", "dynamic_shared_memory_type=mmap", // in dir, so that nothing stays elsewhere
			}, args...)
		},
		attr: attr,
		kill: killFamily,
		term: syscall.SIGINT, // the "fast shutdown", which waits for no client
	}}
	if err := p.initialise(ctx, filepath.Join(bin, "initdb"), data); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := p.startAnywhere(ctx); err != nil {
		return nil, err
	}
	if _, err := p.Database(ctx, role); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// URL is where the database "deepskin" is; it holds the password. It stays the same when the
// server starts again.
func (p *Postgres) URL() string { return p.url(role) }

func (p *Postgres) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, p.password),
		Host: fmt.Sprintf("127.0.0.1:%d", p.port), Path: database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Database creates a database and returns its URL, so that several tests can share a server. It is
// an error where there is one of that name.
func (p *Postgres) Database(ctx context.Context, name string) (string, error) {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	return p.url(name), nil
}

// initialise makes the files of a server.
func (p *Postgres) initialise(ctx context.Context, initdb, data string) error {
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(p.password), 0o600); err != nil {
		return err
	}
	defer os.Remove(secret)
	attr := p.attr()
	if c := attr.Credential; c != nil {
		if err := os.Chown(secret, int(c.Uid), int(c.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, initdb, "-D", data, "-U", role, "--pwfile", secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
		"--wal-segsize", strconv.Itoa(walSegment>>20))
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.dir, environ(), attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run initdb in %s: %w\n%s", p.dir, err, tail(out))
	}
	return nil
}

// findPostgres returns the folder of PostgreSQL's programs. Debian does not put them into the PATH.
func findPostgres() (string, error) {
	if program, err := exec.LookPath("initdb"); err == nil {
		// The folder that a link leads to holds the other programs.
		program, err := filepath.EvalSymlinks(program)
		if err != nil {
			return "", fmt.Errorf("find PostgreSQL: %w", err)
		}
		return filepath.Dir(program), nil
	}
	const pattern = "/usr/lib/postgresql/*/bin/initdb"
	programs, err := filepath.Glob(pattern)
	if err != nil || len(programs) == 0 {
		return "", errors.Join(ErrNoPostgres, err)
	}
	version := func(program string) int {
		n, _ := strconv.Atoi(strings.Split(program, "/")[4]) // another folder counts as the oldest
		return n
	}
	newest := slices.MaxFunc(programs, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// prepareAccount gives dir to the account that PostgreSQL runs under where this process is root's,
// and returns nil for any other: PostgreSQL runs as the same user then.
func prepareAccount(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find the user it runs as: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// killFamily kills PostgreSQL and its children, as a crash of the machine would. Those that outlive
// the first process for a moment would keep it from starting again.
func killFamily(parent *os.Process) error {
	// Stopped, it makes no more children.
	if err := parent.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for s := state(parent.Pid); s != stopped && s != gone; s = state(parent.Pid) {
		time.Sleep(time.Millisecond)
	}
	children, err := childrenOf(parent.Pid)
	if err != nil {
		return errors.Join(err, parent.Kill())
	}
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL) // one that has just ended is no error
	}
	if err := parent.Kill(); err != nil {
		return err
	}
	for _, child := range children {
		for state(child) != gone {
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// childrenOf returns the numbers of a process's children; none where it has ended.
func childrenOf(pid int) ([]int, error) {
	list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	var children []int
	for word := range strings.FieldsSeq(string(list)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("list its children: %w", err)
		}
		children = append(children, child)
	}
	return children, nil
}

// States of a process, as proc(5) has them.
const (
	stopped = 'T'
	gone    = 'Z' // ended, and nobody has asked for its status
)

// state is the state of a process; that of one that does not exist is gone.
func state(pid int) byte {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// It stands after the name, which is in parentheses and may hold others.
	i := strings.LastIndex(string(text), ") ")
	if i < 0 {
		return gone
	}
	return text[i+2]
}
