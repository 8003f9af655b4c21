package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// redisInfo asks a Redis server what it says of itself. Nothing else here needs a client.
func redisInfo(addr string) (map[string]string, error) {
	info, err := askInfo(addr)
	if err != nil {
		return nil, fmt.Errorf("ask Redis about itself: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	return values, nil
}

func askInfo(addr string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, "INFO\r\n"); err != nil {
		return "", err
	}
	reply := bufio.NewReader(conn)
	head, err := reply.ReadString('\n') // "$" and the length
	if err != nil {
		return "", err
	}
	length, err := strconv.Atoi(strings.Trim(head, "$\r\n"))
	if err != nil {
		return "", fmt.Errorf("understand the answer: %w", err)
	}
	text := make([]byte, length)
	_, err = io.ReadFull(reply, text)
	return string(text), err
}

// number is a whole number that Redis says of itself.
func number(info map[string]string, name string) (int, error) {
	n, err := strconv.Atoi(info[name])
	if err != nil {
		return 0, fmt.Errorf("understand Redis's %s: %w", name, err)
	}
	return n, nil
}
