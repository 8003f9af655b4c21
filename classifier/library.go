package classifier

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

const (
	libraryVariable = "DEEPSKIN_ONNXRUNTIME"
	libraryName     = "libonnxruntime.so.1"
)

// DefaultLibrary returns the path of ONNX Runtime's shared library: what the environment
// variable DEEPSKIN_ONNXRUNTIME names, or else deploy/lib/<os>-<arch>/libonnxruntime.so.1 beside
// the executable or in the working directory or one of its parents, up to the one with go.mod.
func DefaultLibrary() (string, error) {
	if path := os.Getenv(libraryVariable); path != "" {
		return path, nil
	}
	relative := filepath.Join("deploy", "lib", runtime.GOOS+"-"+runtime.GOARCH, libraryName)
	var folders []string
	if executable, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(executable))
	}
	if folder, err := os.Getwd(); err == nil {
		for {
			folders = append(folders, folder)
			parent := filepath.Dir(folder)
			if exists(filepath.Join(folder, "go.mod")) || parent == folder {
				break
			}
			folder = parent
		}
	}
	for _, folder := range folders {
		if path := filepath.Join(folder, relative); exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("find ONNX Runtime: there is no %s; fetch it with make setup, or name one in %s",
		relative, libraryVariable)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ONNX Runtime is loaded once in a process and stays: unloading it under a running model would
// crash, and a second copy gains nothing.
var loaded struct {
	sync.Mutex
	path string
}

// loadLibrary loads ONNX Runtime, unless it already is.
func loadLibrary(path string) error {
	if path == "" {
		var err error
		if path, err = DefaultLibrary(); err != nil {
			return err
		}
	}
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.path == path {
		return nil
	}
	if loaded.path != "" {
		return errors.New("load ONNX Runtime: another copy of it is loaded already")
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("load ONNX Runtime: %w", err)
	}
	loaded.path = path
	return nil
}
