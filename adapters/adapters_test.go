// Package adapters_test holds what is true of all adapters, and an example of one.
package adapters_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"deepskin/bot"
)

// module is the beginning of the paths of all packages here.
const module = "deepskin/"

// dependencies returns what a package depends on, other than itself.
func dependencies(t *testing.T, folder string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "./"+folder).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", folder, err)
	}
	all := strings.Fields(string(out))
	return all[:len(all)-1] // it comes last, after what it needs
}

// An adapter knows the bot, its platform, and what all adapters share, and nothing of other platforms.
// The bot knows no adapter, and what adapters share knows neither.
func TestImports(t *testing.T) {
	const shared = "internal/remote"
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var adapters []string
	for _, file := range files {
		adapters = append(adapters, filepath.Dir(file))
	}
	if adapters = slices.Compact(adapters); len(adapters) < 3 {
		t.Fatalf("found only the adapters %v", adapters)
	}
	for _, name := range adapters {
		all := dependencies(t, name)
		for _, d := range all {
			if strings.HasPrefix(d, module+"adapters/") && d != module+"adapters/"+shared {
				t.Errorf("%s imports %s", name, d)
			}
		}
		if !slices.Contains(all, module+"bot") {
			t.Errorf("%s does not import the bot: is the module's name still %q?", name, module)
		}
	}
	for _, name := range []string{shared, "../bot"} {
		for _, d := range dependencies(t, name) {
			if strings.HasPrefix(d, module+"adapters/") || d == module+"bot" {
				t.Errorf("%s imports %s", name, d)
			}
		}
	}
}

// A listener is a bot that repeats what it hears.
type listener struct{ fail error }

func (l listener) Message(_ context.Context, m bot.Message) (bot.Reply, error) {
	if m.Photo != nil {
		return bot.Reply{Text: "photo " + m.Photo.Source}, l.fail
	}
	return bot.Reply{
		Title: "command " + m.Command, Text: "Choose.",
		Buttons: [][]bot.Button{{{Label: "Yes", Data: "yes"}}, {{Label: "No", Data: "no"}}},
	}, l.fail
}

func (l listener) Press(_ context.Context, p bot.Press) (bot.PressReply, error) {
	return bot.PressReply{Notice: "pressed " + p.Data, Edit: &bot.Reply{Text: "chosen"}}, l.fail
}

func TestConsole(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what has been typed is heard all the same
	var out bytes.Buffer
	c := console{in: strings.NewReader("/start\nspot.jpg\n!yes\n"), out: &out}
	if err := c.Run(ctx, listener{}); err != nil {
		t.Fatal(err)
	}
	want := "command start\nChoose.\n[Yes: !yes]\n[No: !no]\nphoto spot.jpg\npressed yes\n\nchosen\n"
	if out.String() != want {
		t.Errorf("the terminal shows\n%s\nwant\n%s", out.String(), want)
	}
	broken := errors.New("no store")
	c.in = strings.NewReader("/start\n")
	if err := c.Run(ctx, listener{fail: broken}); !errors.Is(err, broken) {
		t.Errorf("with a broken bot: %v", err)
	}
}
