package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An instance is a command of deepskin in a process of its own, which can be stopped, killed and
// started again.
type instance struct {
	// name is unique in a test; the log is named after it.
	name string
	// program is the path of the program.
	program string
	// args are the command and its arguments.
	args []string
	env  map[string]string
	log  string

	process *os.Process   // nil while it is not running
	ended   chan struct{} // closed once err stands
	err     error
}

// newInstance prepares a process and ends it with the test. It has no environment but env, and
// needs DEEPSKIN_OPS_ADDR in there. The program may be itself(t).
func newInstance(t *testing.T, name, program string, env map[string]string, args ...string) *instance {
	t.Helper()
	i := &instance{
		name: name, program: program, args: args, env: env,
		log: filepath.Join(t.TempDir(), name+".log"),
	}
	t.Cleanup(func() {
		i.kill()
		log, err := os.ReadFile(i.log)
		switch {
		case err != nil:
			t.Error(err)
		case bytes.Contains(log, []byte("DATA RACE")):
			t.Errorf("the race detector found something in %s:\n%s", name, log)
		case t.Failed():
			t.Logf("the end of %s's log:\n%s", name, log[max(0, len(log)-10_000):])
		}
	})
	return i
}

// itself is the program under test: this test's own, see TestMain.
func itself(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// start starts the process and waits until it is ready.
func (i *instance) start(t *testing.T) {
	t.Helper()
	i.launch(t)
	i.awaitReady(t)
}

// launch starts the process and does not wait.
func (i *instance) launch(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(i.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(i.program, i.args...)
	cmd.Stderr = log
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), asProgram + "=1"}
	for name, value := range i.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	// The kernel kills the process with this one: when the thread ends that started it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	ended := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			i.err = cmd.Wait()
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", i.name, err)
	}
	i.process, i.ended = cmd.Process, ended
}

// awaitReady waits until the process says at its operators' address that it can do its work.
func (i *instance) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, i.name+" is ready", func() bool {
		select {
		case <-i.ended:
			t.Fatalf("%s ended before it was ready: %v", i.name, i.err)
		default:
		}
		return i.ready(t.Context())
	})
}

// ready asks the process whether it can do its work.
func (i *instance) ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.env["DEEPSKIN_OPS_ADDR"]+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// kill ends the process as a power cut would.
func (i *instance) kill() {
	if i.process == nil {
		return
	}
	_ = i.process.Kill() // it may have ended already
	<-i.ended
	i.process = nil
}

// pause holds the process up until the returned function is called.
func (i *instance) pause(t *testing.T) (goOn func()) {
	t.Helper()
	if err := i.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatalf("pause %s: %v", i.name, err)
	}
	return func() {
		if err := i.process.Signal(syscall.SIGCONT); err != nil {
			t.Fatalf("let %s go on: %v", i.name, err)
		}
	}
}

// stop asks the process to end, as an operator would, and waits until it has done so cleanly.
func (i *instance) stop(t *testing.T) {
	t.Helper()
	if err := i.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("ask %s to end: %v", i.name, err)
	}
	select {
	case <-i.ended:
	case <-time.After(patience):
		t.Fatalf("%s does not end when it is asked to", i.name)
	}
	i.process = nil
	if i.err != nil {
		t.Errorf("%s did not end cleanly: %v", i.name, i.err)
	}
}

// freeAddress finds a loopback port that stays free while its process is down: it is not one of
// those that Linux gives to connections, which begin at 32,768.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("there is no free port")
	return ""
}

// compile builds the program with more flags and returns its path.
func compile(t *testing.T, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "deepskin")
	args := append([]string{"build", "-o", program}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return program
}
