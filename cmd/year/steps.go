package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// step does something once: what came of it is kept in the year's folder, and another run returns
// that instead.
func step[T any](y *year, name string, do func() (T, error)) (T, error) {
	var result T
	path := y.path("steps", name+".json")
	content, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(content, &result); err != nil {
			return result, fmt.Errorf("read what %s came to: %w", name, err)
		}
		return result, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return result, fmt.Errorf("read what %s came to: %w", name, err)
	}
	if result, err = do(); err != nil {
		return result, fmt.Errorf("%s: %w", name, err)
	}
	if content, err = json.MarshalIndent(result, "", "  "); err != nil {
		return result, fmt.Errorf("keep what %s came to: %w", name, err)
	}
	fmt.Fprintf(y.out, "%s: %s\n", name, content)
	return result, replace(path, append(content, '\n'))
}

// replace writes a file whole or not at all.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// lock waits until nobody else works in a folder. Trainings inherit the lock, so that one which
// outlives a year that was killed comes to its end before another run goes on.
func lock(folder string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the year's folder: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock the year's folder: %w", err), file.Close())
		}
	}
}
