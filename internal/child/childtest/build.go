// Package childtest builds the program for tests that run it as a child process.
package childtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build builds the program and returns its path, and the environment in which it finds the
// project's model. Without a model the test fails.
func Build(t testing.TB) (program string, environ []string) {
	t.Helper()
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	model := filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), "models", "deepskin.onnx")
	if _, err := os.Stat(model); err != nil {
		t.Fatalf("there is no model to test with, make train makes one: %v", err)
	}
	program = filepath.Join(t.TempDir(), "deepskin")
	if out, err := exec.Command("go", "build", "-o", program, "deepskin/cmd/deepskin").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program, append(os.Environ(), "DEEPSKIN_MODEL="+model)
}
