package team

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxFailures is how many links that do not work are taken from one address in a window.
	maxFailures = 10
	window      = time.Minute
	// maxAddresses bounds the memory. Tokens cannot be guessed: this only keeps noise down.
	maxAddresses = 10_000
)

// A throttle counts failures by address. The zero throttle has seen none.
type throttle struct {
	mu     sync.Mutex
	since  time.Time
	counts map[netip.Prefix]int
}

// wait returns how long an address has to wait before it may try; zero where it may.
func (t *throttle) wait(from netip.Prefix, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.since.Add(window).Sub(now)
	if left <= 0 || t.counts[from] < maxFailures {
		return 0
	}
	return left
}

// note counts a failure.
func (t *throttle) note(from netip.Prefix, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.since) >= window || len(t.counts) >= maxAddresses {
		t.since, t.counts = now, map[netip.Prefix]int{}
	}
	t.counts[from]++
}
