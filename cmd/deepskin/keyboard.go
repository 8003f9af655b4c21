package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// A keyboard reads keys: from a terminal as they are pressed, from anything else the first letter of
// each line.
type keyboard struct {
	terminal *os.File // nil where it is none
	lines    *bufio.Reader
}

func newKeyboard(in io.Reader) *keyboard {
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &keyboard{terminal: file}
	}
	return &keyboard{lines: bufio.NewReader(in)}
}

// Keys that a terminal in raw mode passes on instead of acting on them.
const (
	ctrlC = 0x03
	ctrlD = 0x04
)

// read returns the next key, in lower case: q at the end of the input, for Ctrl-C and where ctx ends.
func (k *keyboard) read(ctx context.Context) (_ byte, err error) {
	if k.terminal != nil {
		before, err := term.MakeRaw(int(k.terminal.Fd()))
		if err != nil {
			return 0, fmt.Errorf("read keys: %w", err)
		}
		defer func() { err = errors.Join(err, term.Restore(int(k.terminal.Fd()), before)) }()
	}
	type press struct {
		key byte
		err error
	}
	pressed := make(chan press, 1)
	go func() {
		key, err := k.next()
		pressed <- press{key, err}
	}()
	select {
	case <-ctx.Done():
		return 'q', nil
	case p := <-pressed:
		if errors.Is(p.err, io.EOF) || p.key == ctrlC || p.key == ctrlD {
			return 'q', nil
		}
		return p.key, p.err
	}
}

func (k *keyboard) next() (byte, error) {
	if k.terminal != nil {
		// Keys without a letter come as several bytes, digits among them.
		var keys [64]byte
		n, err := k.terminal.Read(keys[:])
		if n != 1 {
			return 0, err
		}
		return lower(keys[0]), err
	}
	line, err := k.lines.ReadString('\n')
	if line = strings.TrimSpace(line); line != "" {
		return lower(line[0]), nil
	}
	return 0, err
}

func lower(key byte) byte { return strings.ToLower(string(rune(key)))[0] }
