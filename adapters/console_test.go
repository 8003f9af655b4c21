package adapters_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"deepskin"
	"deepskin/bot"
)

// A console is a whole adapter. Its platform is a terminal with one person at it, who types commands
// ("/help"), names of photos ("spot.jpg") and the data of buttons ("!agree:...").
type console struct {
	in  io.Reader
	out io.Writer
}

var _ bot.Adapter = console{}

func (console) Name() string    { return "console" }
func (console) Exclusive() bool { return false } // several processes may each have a terminal

func (c console) Run(ctx context.Context, h bot.Handler) error {
	typist := deepskin.Sender{Platform: c.Name(), ID: "typist"}
	for lines := bufio.NewScanner(c.in); lines.Scan(); {
		at := deepskin.Address{Platform: c.Name(), Chat: "terminal", Message: rand.Text()}
		if data, pressed := strings.CutPrefix(lines.Text(), "!"); pressed {
			p, err := h.Press(ctx, bot.Press{Sender: typist, At: at, Data: data})
			if err != nil {
				return fmt.Errorf("hand over a press: %w", err)
			}
			c.show(&bot.Reply{Title: p.Notice}, p.Edit, p.Send)
			continue
		}
		m := bot.Message{Sender: typist, At: at, Event: at.Message}
		if command, ok := strings.CutPrefix(lines.Text(), "/"); ok {
			m.Command = command
		} else {
			m.Photo = &bot.Photo{Source: lines.Text()}
		}
		reply, err := h.Message(ctx, m)
		if err != nil {
			return fmt.Errorf("hand over a message: %w", err)
		}
		c.show(&reply)
	}
	<-ctx.Done() // answers still come, through Send and Edit
	return nil
}

func (c console) show(replies ...*bot.Reply) {
	for _, r := range replies {
		if r == nil {
			continue
		}
		fmt.Fprint(c.out, strings.TrimLeft(r.Title+"\n"+r.Text+"\n", "\n"))
		for _, button := range slices.Concat(r.Buttons...) {
			fmt.Fprintf(c.out, "[%s: !%s]\n", button.Label, button.Data)
		}
	}
}

func (c console) Send(_ context.Context, to deepskin.Address, r bot.Reply) (deepskin.Address, error) {
	c.show(&r)
	return to, nil
}

func (c console) Edit(_ context.Context, _ deepskin.Address, r bot.Reply) error {
	c.show(&r) // anew: what stands on a terminal stays
	return nil
}

func (console) Delete(context.Context, deepskin.Address) error { return nil }

func (console) Fetch(_ context.Context, source string) ([]byte, error) { return os.ReadFile(source) }
