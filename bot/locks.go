package bot

import (
	"context"
	"sync"
)

// locks is a lock for each case, or whatever else has a name; its zero value is ready.
type locks[Name comparable] struct {
	mu   sync.Mutex
	held map[Name]chan struct{} // closed on release
}

// lock waits for the lock of that name; false if ctx ended first.
func (l *locks[Name]) lock(ctx context.Context, name Name) bool {
	for {
		released := l.take(name)
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
func (l *locks[Name]) take(name Name) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if released, taken := l.held[name]; taken {
		return released
	}
	if l.held == nil {
		l.held = map[Name]chan struct{}{}
	}
	l.held[name] = make(chan struct{})
	return nil
}

func (l *locks[Name]) unlock(name Name) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[name])
	delete(l.held, name)
}

// busy reports whether somebody holds the lock of that name.
func (l *locks[Name]) busy(name Name) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, taken := l.held[name]
	return taken
}
