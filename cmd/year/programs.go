package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"deepskin/internal/child"
)

// A year is where everything is.
type year struct {
	program, data, folder string
	rounds                int
	environ               []string
	lock                  *os.File
	album                 *album
	out                   io.Writer
}

// path is a file in the year's folder.
func (y *year) path(names ...string) string {
	return filepath.Join(append([]string{y.folder}, names...)...)
}

// settings are the environment of all programs: the year's database, keys and registry, and nobody
// else's. Make must not hand its own variables on to the makes that are run.
func (y *year) settings(environ []string) []string {
	kept := child.Environ(environ, "DEEPSKIN_MODEL", "DEEPSKIN_ONNXRUNTIME")
	var all []string
	for _, line := range kept {
		name, _, _ := strings.Cut(line, "=")
		if name != "MAKEFLAGS" && name != "MFLAGS" && name != "MAKEOVERRIDES" && name != "MAKELEVEL" {
			all = append(all, line)
		}
	}
	return append(all, "DEEPSKIN_DATA="+y.path("service"), "DEEPSKIN_MODELS="+y.path("models"))
}

// serve starts the service. It leaves a core to trainings, and has patience with a machine that is
// busy with them.
func (y *year) serve(ctx context.Context) (*child.Service, error) {
	log, err := os.OpenFile(y.path("serve.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the service's log: %w", err)
	}
	service, err := child.Start(ctx, child.Config{
		Program: y.program, Data: y.path("service"), Environ: y.environ, Log: log,
		Settings: []string{"DEEPSKIN_WORKERS=1", "DEEPSKIN_DEADLINE=15m"},
	})
	return service, errors.Join(err, log.Close()) // the service has a copy
}

// deepskin runs a command of the program and returns what it prints.
func (y *year) deepskin(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, y.program, args...)
	var out, problems bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = y.environ, &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("deepskin %s: %w\n%s", strings.Join(args, " "), err, tail(problems.String()))
	}
	return out.String(), nil
}

// tail are the last characters of a text.
func tail(text string) string { return text[max(0, len(text)-2000):] }

// make runs a target of the Makefile with variables. Its processes end when ctx does, and hold the
// year's lock until they have.
func (y *year) make(ctx context.Context, target string, variables ...string) error {
	log, err := os.OpenFile(y.path("training.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the trainings' log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.CommandContext(ctx, "make", append([]string{"--no-print-directory", target}, variables...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = y.environ, log, log, []*os.File{y.lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("make %s: %w (%s says more)", target, err, log.Name())
	}
	return nil
}
