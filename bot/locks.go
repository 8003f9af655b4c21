package bot

import (
	"context"
	"sync"

	"deepskin"
)

// caseLocks is a lock for each case; its zero value is ready.
type caseLocks struct {
	mu   sync.Mutex
	held map[deepskin.CaseID]chan struct{} // closed on release
}

// lock waits for the case's lock; false if ctx ended first.
func (l *caseLocks) lock(ctx context.Context, id deepskin.CaseID) bool {
	for {
		released := l.take(id)
		if released == nil {
			return true
		}
		select {
		case <-released:
		case <-ctx.Done():
			return false
		}
	}
}

// take takes the lock and returns nil, or returns what closes when its holder releases it.
func (l *caseLocks) take(id deepskin.CaseID) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if released, taken := l.held[id]; taken {
		return released
	}
	if l.held == nil {
		l.held = map[deepskin.CaseID]chan struct{}{}
	}
	l.held[id] = make(chan struct{})
	return nil
}

func (l *caseLocks) unlock(id deepskin.CaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[id])
	delete(l.held, id)
}

// busy reports whether somebody holds the case's lock.
func (l *caseLocks) busy(id deepskin.CaseID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, taken := l.held[id]
	return taken
}
