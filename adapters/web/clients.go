package web

import (
	"net/netip"
	"sync"
)

// clients count what is under way from each network, uploads or event streams, so that nobody alone
// takes all the room that there is, slowly.
type clients struct {
	most int
	mu   sync.Mutex
	now  map[netip.Prefix]int
}

// enter reports whether one more may begin. It ends with leave.
func (c *clients) enter(network netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now[network] >= c.most {
		return false
	}
	c.now[network]++
	return true
}

func (c *clients) leave(network netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now[network]--; c.now[network] == 0 {
		delete(c.now, network)
	}
}
