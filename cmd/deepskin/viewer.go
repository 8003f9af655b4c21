package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"deepskin"
	"deepskin/classifier"
)

// A viewer shows photos to who sits at the terminal, one at a time. Each lies in a file, for its owner's
// eyes only, until the next comes or the viewer closes.
type viewer struct {
	// runtime is the user's folder for what ends with the session, in memory on most systems; empty
	// means the system's folder for temporary files.
	runtime string
	// display says that there is a desktop to open photos on.
	display bool

	folder string
}

// show writes the photo of a case, with the heatmap where there is one, and opens it on the desktop. It
// returns the file's path.
func (v *viewer) show(ctx context.Context, c deepskin.Case, photo []byte) (string, error) {
	if err := v.close(); err != nil {
		return "", err
	}
	if c.Assessment != nil && c.Assessment.Grid != nil {
		// A grid that cannot be drawn is no reason not to judge the photo.
		if marked, err := classifier.Heatmap(photo, *c.Assessment.Grid); err == nil {
			photo = marked
		}
	}
	folder, err := os.MkdirTemp(v.runtime, "deepskin-review-") // only its owner may enter
	if err != nil {
		return "", fmt.Errorf("make a folder for the photo: %w", err)
	}
	v.folder = folder
	path := filepath.Join(folder, "photo.jpg")
	if err := os.WriteFile(path, photo, 0o600); err != nil {
		return "", errors.Join(fmt.Errorf("write the photo: %w", err), v.close())
	}
	if v.display {
		v.open(ctx, path)
	}
	return path, nil
}

// open has the desktop show a file. Where that does not work, the path must do.
func (v *viewer) open(ctx context.Context, path string) {
	// The command only hands the file over, and ends.
	command := exec.CommandContext(context.WithoutCancel(ctx), "xdg-open", path)
	if command.Start() == nil {
		go func() { _ = command.Wait() }()
	}
}

// close removes the photo.
func (v *viewer) close() error {
	if v.folder == "" {
		return nil
	}
	if err := os.RemoveAll(v.folder); err != nil {
		return fmt.Errorf("remove the photo: %w", err)
	}
	v.folder = ""
	return nil
}
