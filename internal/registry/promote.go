package registry

import (
	"errors"
	"fmt"
	"time"
)

// An Action is what changed the model that serves.
type Action string

// The actions.
const (
	Promotion Action = "promote"
	Rollback  Action = "rollback"
)

// A Change is a promotion or a rollback.
type Change struct {
	At     time.Time `json:"at"`
	Action Action    `json:"action"`
	// Version serves from then on, if its file's content hashes to SHA256.
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	// Reason says why a promotion was forced past the gate; empty where it was not.
	Reason string `json:"reason,omitempty"`
}

const historyFile = "current.json"

type history struct {
	Changes []Change `json:"changes"`
}

// History returns all changes, the first one first.
func (r *Registry) History() ([]Change, error) {
	var h history
	if err := r.read(historyFile, &h); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("read the history of promotions: %w", err)
	}
	return h.Changes, nil
}

// Current returns the change that says which model serves; ErrNotFound where none has been promoted.
func (r *Registry) Current() (Change, error) {
	changes, err := r.History()
	if err != nil {
		return Change{}, err
	}
	if len(changes) == 0 {
		return Change{}, fmt.Errorf("find the model that serves: %w", ErrNotFound)
	}
	return changes[len(changes)-1], nil
}

// Promote has a version serve that has passed the gate against the one that serves. A reason forces
// it past the gate, and is kept in the history; empty means no force. ErrNotFound says that there is
// no such version, and ErrStopped that the gate is in the way.
func (r *Registry) Promote(version, reason string, at time.Time) error {
	m, err := r.Model(version)
	if err != nil {
		return err
	}
	changes, err := r.History()
	if err != nil {
		return err
	}
	var current Change
	if len(changes) > 0 {
		current = changes[len(changes)-1]
	}
	if current.SHA256 == m.SHA256 {
		return fmt.Errorf("promote model %s: it serves already", version)
	}
	if reason == "" {
		if err := r.passed(m, current); err != nil {
			return fmt.Errorf("promote model %s: %w", version, err)
		}
	}
	return r.change(changes, m, Change{Action: Promotion, Reason: reason, At: at.UTC()})
}

// Rollback has the version serve again that served before the present one was promoted, and returns
// it. Rolled back once more, it goes to the one before that. ErrNotFound says that there is none.
func (r *Registry) Rollback(at time.Time) (Model, error) {
	changes, err := r.History()
	if err != nil {
		return Model{}, err
	}
	var served []string // up to the present one, without what was rolled back
	for _, c := range changes {
		if c.Action == Promotion {
			served = append(served, c.Version)
		} else if len(served) > 0 {
			served = served[:len(served)-1]
		}
	}
	if len(served) < 2 {
		return Model{}, fmt.Errorf("roll back: no model served before: %w", ErrNotFound)
	}
	m, err := r.Model(served[len(served)-2])
	if err != nil {
		return Model{}, err
	}
	return m, r.change(changes, m, Change{Action: Rollback, At: at.UTC()})
}

// change adds a change to the history, if the version's file is what was added.
func (r *Registry) change(before []Change, m Model, c Change) error {
	if err := r.check(m); err != nil {
		return err
	}
	c.Version, c.SHA256 = m.Version, m.SHA256
	return r.write(historyFile, history{append(before, c)})
}
