package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A dialogue asks whoever sits at the terminal, or reads what is piped in.
type dialogue struct {
	in  *bufio.Reader
	out io.Writer
}

func newDialogue(in io.Reader, out io.Writer) *dialogue {
	return &dialogue{in: bufio.NewReader(in), out: out}
}

// ask returns the next line without blanks around it; an error where there is none, or ctx ends.
func (d *dialogue) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(d.out, question)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // which ends with the process where nothing comes
		text, err := d.in.ReadString('\n')
		read <- line{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case l := <-read:
		if l.text == "" && errors.Is(l.err, io.EOF) {
			return "", errors.New("the input ended before the answer")
		}
		if l.err != nil && !errors.Is(l.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", l.err)
		}
		return l.text, nil
	}
}

// errRefused ends a command that was not confirmed.
var errRefused = errors.New("nothing was done: it was not confirmed with y or --yes")

// confirm returns nil only for a clear yes.
func (d *dialogue) confirm(ctx context.Context, question string) error {
	answer, err := d.ask(ctx, question+" [y/N] ")
	if err != nil {
		return fmt.Errorf("%w (%w)", errRefused, err)
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return errRefused
	}
	return nil
}
