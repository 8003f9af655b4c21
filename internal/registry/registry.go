// Package registry keeps models as versioned files in a folder, says which of them serves, and
// remembers how that came about.
//
// The folder may be a bucket that is mounted as a file system: nothing in it is a link, nothing is
// locked or changed in place, and what changes is replaced as a whole.
//
//	VERSION.onnx            a model, which never changes
//	VERSION.onnx.json       what its content must hash to
//	VERSION.KIND.gate.json  how it compared with the model before it, on one kind of photo
//	current.json            every promotion and rollback; the last one says what serves
package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ErrNotFound says that there is no such version, or that none has been promoted yet.
var ErrNotFound = errors.New("not found")

// A Registry is a folder of models. Any number of processes may read it at the same time; changes
// are for one person at a time, or one of two is lost.
type Registry struct{ folder string }

// Open returns the registry in a folder, which Add makes if there is none.
func Open(folder string) *Registry { return &Registry{folder} }

// A Model is a version in the registry.
type Model struct {
	Version string `json:"version"`
	// SHA256 is what the file's content hashes to, in lower-case hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Bytes is the file's size.
	Bytes int64     `json:"bytes"`
	Added time.Time `json:"added"`
}

// versions are names that can be files' everywhere.
var versions = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Path returns where a version's file lies.
func (r *Registry) Path(version string) string { return filepath.Join(r.folder, version+modelSuffix) }

const (
	modelSuffix = ".onnx"
	noteSuffix  = ".onnx.json"
)

// Model returns a version; ErrNotFound if there is none of that name.
func (r *Registry) Model(version string) (Model, error) {
	if !versions.MatchString(version) {
		return Model{}, fmt.Errorf("find model %q: %w", version, ErrNotFound)
	}
	var m Model
	if err := r.read(version+noteSuffix, &m); err != nil {
		return Model{}, fmt.Errorf("find model %s: %w", version, err)
	}
	return m, nil
}

// Models returns all versions in the order in which they were added; none where there is no folder.
func (r *Registry) Models() ([]Model, error) {
	names, err := r.names(noteSuffix)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	models := make([]Model, 0, len(names))
	for _, version := range names {
		m, err := r.Model(version)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	slices.SortStableFunc(models, func(a, b Model) int { return a.Added.Compare(b.Added) })
	return models, nil
}

// names returns the names of the files with an ending, without it, sorted.
func (r *Registry) names(suffix string) ([]string, error) {
	entries, err := os.ReadDir(r.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), suffix); ok && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

// read reads a file of JSON; ErrNotFound if there is none.
func (r *Registry) read(name string, value any) error {
	content, err := os.ReadFile(filepath.Join(r.folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// write replaces a file of JSON.
func (r *Registry) write(name string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return r.replace(name, append(content, '\n'))
}

// replace gives a file its content in one step, so that nobody ever reads half of it.
func (r *Registry) replace(name string, content []byte) (err error) {
	file, err := os.CreateTemp(r.folder, ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(content)
	// Workers may run as somebody else.
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(r.folder, name))
}
