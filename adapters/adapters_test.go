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

// An adapter knows the bot and its platform, and nothing of other platforms; the bot knows none.
func TestImports(t *testing.T) {
	const module = "deepskin/"
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, file := range files {
		folders = append(folders, filepath.Dir(file))
	}
	if folders = slices.Compact(folders); len(folders) < 3 {
		t.Fatalf("found only the adapters %v", folders)
	}
	for _, name := range append(folders, "../bot") {
		out, err := exec.Command("go", "list", "-deps", "./"+name).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", name, err)
		}
		self := module + "adapters/" + name
		for _, dependency := range strings.Fields(string(out)) {
			if strings.HasPrefix(dependency, module+"adapters/") && dependency != self {
				t.Errorf("%s imports %s", name, dependency)
			}
		}
		if name != "../bot" && !slices.Contains(strings.Fields(string(out)), module+"bot") {
			t.Errorf("%s does not import the bot: is the module's name still %q?", name, module)
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
