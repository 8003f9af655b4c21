package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// ErrStopped says that a model has not passed the gate.
var ErrStopped = errors.New("the gate has not let it through")

// A Gate is how a model compared with another one on one kind of photo.
type Gate struct {
	// Kind is that of the photos: lower-case letters and underscores.
	Kind string `json:"kind"`
	// SHA256 is that of the model's file, Against that of the other one's.
	SHA256  string `json:"sha256"`
	Against string `json:"against"`
	// Passed says that it was not worse where it must not be, and better where it must be.
	Passed bool `json:"passed"`
	// Better says that some figure was better.
	Better bool      `json:"better"`
	At     time.Time `json:"at"`
	// Report holds all figures.
	Report json.RawMessage `json:"report"`
}

var kinds = regexp.MustCompile(`^[a-z_]+$`)

func gateSuffix(kind string) string { return "." + kind + ".gate.json" }

// SaveGate keeps a version's comparison, in the place of an earlier one on the same kind of photo.
func (r *Registry) SaveGate(version string, g Gate) error {
	if !kinds.MatchString(g.Kind) {
		return fmt.Errorf("keep the gate's report: %q is no kind of photo", g.Kind)
	}
	if _, err := r.Model(version); err != nil {
		return err
	}
	return r.write(version+gateSuffix(g.Kind), g)
}

// Gates returns a version's comparisons, by kind of photo.
func (r *Registry) Gates(version string) ([]Gate, error) {
	names, err := r.names(".gate.json")
	if err != nil {
		return nil, fmt.Errorf("list the gate's reports: %w", err)
	}
	var gates []Gate
	for _, name := range names {
		begin := len(version) + 1
		if len(name) <= begin || name[:begin] != version+"." || !kinds.MatchString(name[begin:]) {
			continue // of another version
		}
		var g Gate
		if err := r.read(version+gateSuffix(name[begin:]), &g); err != nil {
			return nil, fmt.Errorf("read the gate's report: %w", err)
		}
		gates = append(gates, g)
	}
	return gates, nil
}

// passed returns what keeps a model from the place of the current one; SHA256 is empty where there
// is none. All its comparisons must have been passed, and one of them by being better.
func (r *Registry) passed(m Model, current Change) error {
	gates, err := r.Gates(m.Version)
	if err != nil {
		return err
	}
	better := false
	for _, g := range gates {
		switch {
		case g.SHA256 != m.SHA256:
			return fmt.Errorf("%w: the report on %s photos is of another file", ErrStopped, g.Kind)
		case current.SHA256 != "" && g.Against != current.SHA256:
			return fmt.Errorf("%w: on %s photos it was not compared with %s, which serves now", ErrStopped, g.Kind, current.Version)
		case !g.Passed:
			return fmt.Errorf("%w: it did not pass on %s photos", ErrStopped, g.Kind)
		}
		better = better || g.Better
	}
	switch {
	case len(gates) == 0:
		return fmt.Errorf("%w: it was not compared with the model that serves", ErrStopped)
	case !better:
		return fmt.Errorf("%w: it was better nowhere", ErrStopped)
	}
	return nil
}
