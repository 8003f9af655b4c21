package discord

import "sync"

// maxRecent is how many IDs are remembered.
const maxRecent = 10_000

// recent remembers the latest IDs that were added to it.
type recent struct {
	mu    sync.Mutex
	known map[string]bool
	order []string // a ring
	next  int
}

func newRecent() *recent {
	return &recent{known: map[string]bool{}, order: make([]string, maxRecent)}
}

// add remembers an ID, and reports whether it was not known.
func (r *recent) add(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[id] {
		return false
	}
	delete(r.known, r.order[r.next])
	r.order[r.next], r.known[id] = id, true
	r.next = (r.next + 1) % maxRecent
	return true
}

func (r *recent) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[id]
}
