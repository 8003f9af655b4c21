package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpHasExamples looks at each command, and has each line of its examples parsed as that command.
func TestHelpHasExamples(t *testing.T) {
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			look(child)
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%q has no short help, or no examples", c.CommandPath())
		}
		for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", " ")) {
			_, call, named := strings.Cut(" "+line, " deepskin ")
			if !named {
				t.Errorf("an example of %q does not call deepskin: %q", c.CommandPath(), line)
				continue
			}
			call, _, _ = strings.Cut(call, ">")
			call, _, _ = strings.Cut(call, "<")
			root := rootCommand(nil)
			found, rest, err := root.Find(strings.Fields(call))
			if err == nil {
				found.InitDefaultHelpFlag()
				err = found.ParseFlags(rest)
			}
			help, _ := found.Flags().GetBool("help")
			if err == nil && !help {
				err = found.ValidateArgs(found.Flags().Args())
			}
			if err != nil {
				t.Errorf("an example of %q is refused: %q: %v", c.CommandPath(), line, err)
			}
		}
	}
	look(rootCommand(nil))
}

func TestCompletionKnowsTheCommands(t *testing.T) {
	for typed, want := range map[string][]string{
		"":           {"serve", "queue", "users"},
		"queue ":     {"requeue", "drop"},
		"queue drop": {"drop"},
		"users ":     {"delete"},
	} {
		args := append([]string{"__complete"}, strings.Split(typed, " ")...)
		out, _, err := program(t, nil, args...)
		if err != nil {
			t.Fatalf("complete %q: %v", typed, err)
		}
		for _, word := range want {
			if !strings.Contains("\n"+out, "\n"+word) {
				t.Errorf("%q is not completed to %q:\n%s", typed, word, out)
			}
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out, _, err := program(t, nil, "completion", shell); err != nil || !strings.Contains(out, "deepskin") {
			t.Errorf("completion %s: %v", shell, err)
		}
	}
	script, _, err := program(t, nil, "completion", "bash")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "completion.bash")
	save(t, path, []byte(script))
	out, err := exec.Command("bash", "--norc", "-c", "source '"+path+"' && complete -p deepskin").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "__start_deepskin") {
		t.Errorf("bash takes the script so: %v\n%s", err, out)
	}
}
