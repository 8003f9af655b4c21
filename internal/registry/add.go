package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"
)

// Add takes a model's file into the registry under its version, which letters, digits, dots, hyphens
// and underscores make up. What is in the registry never changes: the same content may be added
// again, which does nothing, but other content of the same version is an error.
func (r *Registry) Add(version string, content []byte, at time.Time) (Model, error) {
	if !versions.MatchString(version) {
		return Model{}, fmt.Errorf("add model: %q cannot be a file's name", version)
	}
	added := Model{Version: version, SHA256: hashOf(content), Bytes: int64(len(content)), Added: at.UTC()}
	known, err := r.Model(version)
	switch {
	case err == nil && known.SHA256 == added.SHA256:
		return known, nil
	case err == nil:
		return Model{}, fmt.Errorf("add model %s: the registry has another file of that version", version)
	case !errors.Is(err, ErrNotFound):
		return Model{}, err
	}
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		return Model{}, fmt.Errorf("make the registry's folder: %w", err)
	}
	// The note comes last: until it is there, there is no such version.
	if err := r.replace(version+modelSuffix, content); err != nil {
		return Model{}, err
	}
	return added, r.write(version+noteSuffix, added)
}

// check reads a version's file and holds it to what was added.
func (r *Registry) check(m Model) error {
	content, err := os.ReadFile(r.Path(m.Version))
	if err != nil {
		return fmt.Errorf("check model %s: %w", m.Version, err)
	}
	if got := hashOf(content); got != m.SHA256 {
		return fmt.Errorf("check model %s: the file's SHA-256 is %s, it was added with %s", m.Version, got, m.SHA256)
	}
	return nil
}

func hashOf(content []byte) string {
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:])
}
