package telegramtest

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"syscall"
)

// A poll is a request for updates that has not been answered.
type poll struct {
	request *http.Request
	ended   chan struct{} // closed when another poll takes its place
}

// connection is the key under which a request's context holds its net.Conn.
type connection struct{}

// Polling reports whether a request for updates is being held open.
func (s *Server) Polling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropGone()
	return len(s.polls) > 0
}

// MaxPollers returns how many requests for updates were ever open at the same time. The request
// with which a bot that stops confirms its last updates counts like any other; one whose connection
// the bot had closed before the next began does not.
func (s *Server) MaxPollers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxPollers
}

// Conflicts returns how many requests for updates were ended by another one.
func (s *Server) Conflicts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conflicts
}

// beginPoll makes a request the one that is served; false where its connection is closed already.
// The caller holds mu.
func (s *Server) beginPoll(r request) (*poll, bool) {
	if gone(r.http) {
		return nil, false
	}
	s.dropGone()
	for _, other := range s.polls {
		select {
		case <-other.ended: // its 409 is on the way
		default:
			close(other.ended)
			s.conflicts++
		}
	}
	p := &poll{request: r.http, ended: make(chan struct{})}
	s.polls = append(s.polls, p)
	s.maxPollers = max(s.maxPollers, len(s.polls))
	s.change()
	return p, true
}

// endPoll notes that a poll is about to be answered. The caller holds mu.
func (s *Server) endPoll(p *poll) {
	s.polls = slices.DeleteFunc(s.polls, func(other *poll) bool { return other == p })
	s.change()
}

// dropGone forgets the polls whose connection the bot has closed. The caller holds mu.
func (s *Server) dropGone() {
	s.polls = slices.DeleteFunc(s.polls, func(p *poll) bool { return gone(p.request) })
}

// gone reports whether the other side has closed the request's connection. The request's context
// ends then too, but some time later: here that would make one poller after the other look like
// two at once.
func gone(r *http.Request) bool {
	raw, err := r.Context().Value(connection{}).(*net.TCPConn).SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = raw.Control(func(fd uintptr) {
		var peeked [1]byte
		n, _, err := syscall.Recvfrom(int(fd), peeked[:], syscall.MSG_PEEK)
		closed = err == nil && n == 0 || errors.Is(err, syscall.ECONNRESET)
	})
	return err != nil || closed
}
