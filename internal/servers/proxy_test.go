package servers_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"deepskin/internal/servers"
)

// A line is a connection to a server that repeats what it is told.
type line struct {
	net.Conn
	answers *bufio.Reader
}

func (l line) say(t *testing.T, words string) {
	t.Helper()
	_, err := fmt.Fprintln(l, words)
	ok(t, err)
}

func (l line) hear() (string, error) { return l.answers.ReadString('\n') }

// parrot starts a server that repeats each line, and tells of each by a channel.
func parrot(t *testing.T) (addr string, heard chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	heard = make(chan string, 10)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					heard <- lines.Text()
					fmt.Fprintln(c, lines.Text())
				}
			}()
		}
	}()
	return listener.Addr().String(), heard
}

func call(t *testing.T, addr string) line {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	ok(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return line{c, bufio.NewReader(c)}
}

// nobody wants a new connection to bring nothing; it may even be reset before it is there.
func nobody(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	if got, err := bufio.NewReader(c).ReadString('\n'); err == nil {
		t.Errorf("a new connection heard %q where nobody answers", got)
	}
}

func TestProxyPassesHoldsDelaysAndCuts(t *testing.T) {
	t.Parallel()
	addr, heard := parrot(t)
	p := servers.NewProxy(t, addr)
	l := call(t, p.Addr())
	answered := func(want string) {
		t.Helper()
		if got, err := l.hear(); err != nil || got != want+"\n" {
			t.Errorf("heard %q, %v; want %q", got, err, want)
		}
	}
	// quiet reports what comes in a moment in which nothing should.
	quiet := func() {
		t.Helper()
		ok(t, l.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		if got, err := l.hear(); err == nil {
			t.Errorf("heard %q through a network that holds it", got)
		}
		ok(t, l.SetReadDeadline(time.Time{}))
	}
	l.say(t, "one")
	<-heard
	answered("one")

	p.Set(servers.State{HoldRequests: true})
	l.say(t, "two")
	quiet()
	if len(heard) > 0 {
		t.Error("a held request came through")
	}
	p.Set(servers.State{HoldAnswers: true})
	if got := <-heard; got != "two" {
		t.Errorf("the server heard %q", got)
	}
	quiet()
	p.Set(servers.State{})
	answered("two")

	const delay = 20 * time.Millisecond
	p.Set(servers.State{Delay: delay})
	begun := time.Now()
	l.say(t, "three")
	answered("three")
	if took := time.Since(begun); took < 2*delay {
		t.Errorf("there and back took %v through a delay of %v each way", took, delay)
	}

	p.Set(servers.State{Cut: true})
	if got, err := l.hear(); err == nil {
		t.Errorf("heard %q through a cut", got)
	}
	nobody(t, p.Addr())
	p.Set(servers.State{})
	l = call(t, p.Addr())
	l.say(t, "four")
	answered("four")
}

func TestProxyEndsWithItsServer(t *testing.T) {
	t.Parallel()
	r := servers.NewRedis(t)
	p := servers.NewProxy(t, r.Addr())
	l := call(t, p.Addr())
	l.say(t, "PING")
	if got, err := l.hear(); err != nil || got != "+PONG\r\n" {
		t.Fatalf("heard %q, %v", got, err)
	}
	ok(t, r.Kill())
	if got, err := l.hear(); err == nil {
		t.Errorf("heard %q of a server that was killed", got)
	}
	nobody(t, p.Addr())
}
