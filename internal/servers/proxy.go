package servers

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Proxy stands between processes and a server on this machine, and lets the network between them
// fail. Its methods may be called at the same time.
//
// It is our own because github.com/Shopify/toxiproxy, the library for this, brings six more modules
// and an HTTP server, and knows no silence in one direction that ends without loss.
type Proxy struct {
	listener net.Listener
	to       string

	mu      sync.Mutex
	changed chan struct{} // closed and replaced with each change of state
	state   State
	links   map[net.Conn]bool // both ends of all connections
	closed  bool
	running sync.WaitGroup
}

// A State is what a network does to what passes through it; the zero State is one that works.
type State struct {
	// Cut ends all connections, and all new ones at once.
	Cut bool
	// HoldRequests lets nothing through to the server, and HoldAnswers nothing back from it; what
	// is held comes through later, as after a cable was pulled and put back.
	HoldRequests, HoldAnswers bool
	// Delay is how long each piece of data takes, in each direction.
	Delay time.Duration
}

// NewProxy starts a proxy before a server at host:port, and ends it with the test.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a proxy: %v", err)
	}
	p := &Proxy{listener: listener, to: to, changed: make(chan struct{}), links: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is where clients connect to, as host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes what happens to what passes through from now on.
func (p *Proxy) Set(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
	close(p.changed)
	p.changed = make(chan struct{})
	if s.Cut {
		p.drop()
	}
}

// drop ends all connections. The caller holds mu.
func (p *Proxy) drop() {
	for link := range p.links {
		reset(link)
	}
	clear(p.links)
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	close(p.changed)
	p.changed = make(chan struct{})
	p.drop()
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.connect(client) })
	}
}

// connect joins a client and the server, for as long as both live.
func (p *Proxy) connect(client net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		reset(client) // as if nobody listened
		return
	}
	p.mu.Lock()
	if p.closed || p.state.Cut {
		p.mu.Unlock()
		reset(client)
		reset(server)
		return
	}
	p.links[client], p.links[server] = true, true
	p.mu.Unlock()

	var copying sync.WaitGroup
	copying.Go(func() { p.copy(server, client, func(s State) bool { return s.HoldRequests }) })
	copying.Go(func() { p.copy(client, server, func(s State) bool { return s.HoldAnswers }) })
	copying.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, client)
	delete(p.links, server)
	_ = client.Close()
	_ = server.Close()
}

// copy passes on what comes, until either end is closed.
func (p *Proxy) copy(to, from net.Conn, held func(State) bool) {
	data := make([]byte, 64<<10)
	for {
		n, err := from.Read(data)
		if n > 0 {
			p.pass(held)
			if _, err := to.Write(data[:n]); err != nil {
				reset(from)
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			p.pass(held) // the end does not overtake what was said before
			_ = to.(*net.TCPConn).CloseWrite()
			return
		case err != nil:
			reset(to)
			return
		}
	}
}

// pass waits for as long as what has come takes.
func (p *Proxy) pass(held func(State) bool) {
	p.mu.Lock()
	if delay := p.state.Delay; delay > 0 {
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-time.After(delay):
		case <-changed:
		}
		p.mu.Lock()
	}
	for held(p.state) && !p.closed && !p.state.Cut {
		changed := p.changed
		p.mu.Unlock()
		<-changed
		p.mu.Lock()
	}
	p.mu.Unlock()
}

// reset closes a connection so that the other side gets an error, not an end.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}
