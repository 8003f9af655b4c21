package servers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"deepskin/internal/servers"
)

func TestRedisKeepsWhatItsArgumentsSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"by itself nothing":            {nil, "$-1"},
		"with an append-only file all": {[]string{"--appendonly", "yes"}, "$5 value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := servers.NewRedis(t, c.args...)
			if got := redis(t, r.Addr(), "SET name value"); got != "+OK" {
				t.Fatalf("SET: %s", got)
			}
			addr, pid := r.Addr(), r.PID()
			ok(t, r.Stop())
			if r.PID() != 0 || alive(pid) {
				t.Error("it runs after Stop")
			}
			ok(t, r.Start(t.Context()))
			if r.Addr() != addr || r.PID() == pid {
				t.Errorf("it listens on %s as process %d, want %s and another process", r.Addr(), r.PID(), addr)
			}
			if got := redis(t, addr, "GET name"); got != c.want {
				t.Errorf("GET: %s, want %s", got, c.want)
			}
		})
	}
}

func TestPostgresKeepsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	p := servers.NewPostgres(t, "-c", "fsync=off")
	url, pid := p.URL(), p.PID()
	sql(t, url, `CREATE TABLE numbers (n INT)`)
	for i, end := range []func() error{p.Stop, p.Kill, p.Kill} {
		sql(t, url, fmt.Sprintf(`INSERT INTO numbers VALUES (%d)`, i))
		conn := connect(t, url) // ending waits for no client
		ok(t, end())
		_ = conn.Close(t.Context())
		if p.PID() != 0 || alive(pid) {
			t.Error("it runs after its end")
		}
		ok(t, p.Start(t.Context()))
		if p.URL() != url {
			t.Error("it has another URL")
		}
		if got := sql(t, url, `SELECT COUNT(*)::TEXT FROM numbers`); got != strconv.Itoa(i+1) {
			t.Errorf("%s rows, want %d", got, i+1)
		}
	}

	other, err := p.Database(t.Context(), `another "one"`)
	ok(t, err)
	sql(t, other, `CREATE TABLE numbers (n INT)`)
	if _, err := p.Database(t.Context(), `another "one"`); err == nil {
		t.Error("a database was created twice")
	}
	stranger := strings.Replace(url, "deepskin:", "deepskin:x", 1)
	if _, err := pgx.Connect(t.Context(), stranger); err == nil {
		t.Error("a wrong password was accepted")
	}
}

func TestPostgresWithLimitedFiles(t *testing.T) {
	t.Parallel()
	p := servers.NewPostgres(t, "-c", "fsync=off")
	sql(t, p.URL(), `CREATE TABLE numbers (n INT)`)
	sql(t, p.URL(), `CREATE TABLE small (n INT)`)
	sql(t, p.URL(), `INSERT INTO small VALUES (0)`)
	conn := connect(t, p.URL())
	defer conn.Close(t.Context())
	// Two megabytes.
	const rows = `INSERT INTO numbers SELECT generate_series(1, 60000)`
	ok(t, p.LimitFiles(t.Context(), 1))
	for name, c := range map[string]*pgx.Conn{"an older": conn, "a new": connect(t, p.URL())} {
		_, err := c.Exec(t.Context(), rows)
		if err == nil || !strings.Contains(err.Error(), "could not extend file") {
			t.Errorf("%s connection writes beyond the limit: %v", name, err)
		}
		if _, err := c.Exec(t.Context(), `INSERT INTO small VALUES (1)`); err != nil {
			t.Errorf("%s connection writes what fits: %v", name, err)
		}
	}
	ok(t, p.LimitFiles(t.Context(), 0))
	_, err := conn.Exec(t.Context(), rows)
	ok(t, err)
	ok(t, p.Kill())
	if err := p.LimitFiles(t.Context(), 1); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("the files of a server that is gone: %v", err)
	}
}

func TestEndsAreTold(t *testing.T) {
	t.Parallel()
	r := servers.NewRedis(t)
	if err := r.Start(t.Context()); err == nil {
		t.Error("started while it runs: no error")
	}
	ok(t, syscall.Kill(r.PID(), syscall.SIGKILL))
	for alive(r.PID()) {
		time.Sleep(time.Millisecond)
	}
	if err := r.Stop(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("ended by somebody else: %v", err)
	}
	ok(t, r.Kill())
	ok(t, r.Stop())
}

func TestStartTellsWhyItFails(t *testing.T) {
	t.Parallel()
	if _, err := servers.StartRedis(t.Context(), t.TempDir(), "--maxmemory", "plenty"); err == nil || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("a wrong argument for redis-server: %v", err)
	}
	if _, err := servers.StartRedis(t.Context(), t.TempDir()+"/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder for redis-server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := servers.StartRedis(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPortThatIsTaken(t *testing.T) {
	t.Parallel()
	r := servers.NewRedis(t)
	ok(t, r.Stop())
	l, err := net.Listen("tcp", r.Addr())
	ok(t, err)
	if err := r.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("error = %v, want one that says the port is taken", err)
	}
	ok(t, l.Close())
	ok(t, r.Start(t.Context()))
}

// parent names the variable that makes a process of this test binary one that starts servers and
// is killed.
const parent = "DEEPSKIN_SERVERS_TEST_PARENT"

func TestServersEndWithTheirParent(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), parent+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	var pid int
	_, err = fmt.Fscan(out, &pid)
	ok(t, err)
	if !alive(pid) {
		t.Fatal("the server does not run before")
	}
	ok(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	for deadline := time.Now().Add(time.Minute); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server outlives its parent")
		}
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(parent); dir != "" {
		r, err := servers.StartRedis(context.Background(), dir)
		if err != nil {
			panic(err)
		}
		fmt.Println(r.PID())
		select {}
	}
	os.Exit(m.Run())
}

// redis sends a command and returns the answer, lines joined by a space.
func redis(t *testing.T, addr, command string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	ok(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s\r\n", command)
	ok(t, err)
	r := bufio.NewReader(conn)
	answer, err := r.ReadString('\n')
	ok(t, err)
	if answer[0] == '$' && answer[1] != '-' {
		value, err := r.ReadString('\n')
		ok(t, err)
		answer += value
	}
	return strings.Join(strings.Fields(answer), " ")
}

// sql runs a statement and returns its one value, if there is one.
func sql(t *testing.T, url, statement string) string {
	t.Helper()
	conn := connect(t, url)
	defer func() { ok(t, conn.Close(t.Context())) }()
	var value string
	if err := conn.QueryRow(t.Context(), statement).Scan(&value); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return value
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	ok(t, err)
	return conn
}

// alive reports whether a process runs; one that has ended and was not waited for does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
