// Command deepskin is the whole service: the bot with its web page and chats, the workers, and
// the tools of whoever runs them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], environment(os.Environ()), os.Stdout, os.Stderr)
	stop()
	if err != nil {
		if !errors.Is(err, errReported) {
			fmt.Fprintln(os.Stderr, "deepskin:", err)
		}
		os.Exit(1)
	}
}

// errReported ends the program with status 1 after all has been said.
var errReported = errors.New("reported already")

// run is the whole program; tests call it as main does.
func run(
	ctx context.Context, args []string, env map[string]string, stdout, stderr io.Writer,
) error {
	root := rootCommand(env)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

// rootCommand is deepskin with all its commands.
func rootCommand(env map[string]string) *cobra.Command {
	root := &cobra.Command{
		Use:   "deepskin",
		Short: "Triage of skin-lesion photos by chat and web page. It is not a diagnosis.",
		Long: "DeepSkin answers photos of skin lesions with a risk label and a confidence, in\n" +
			"Telegram, in Discord and on a web page. It is no diagnosis and no medical device.\n\n" +
			"Settings come from the environment; 'deepskin serve --help' lists them.",
		Example:       "  deepskin serve\n  deepskin classify lesion.jpg\n  deepskin queue --help",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(env), botCommand(env), workerCommand(env), classifyCommand(env),
		evaluateCommand(env), reviewCommand(env), exportCommand(env), modelCommand(env), migrateCommand(env), keysCommand(env),
		loginLinkCommand(env), queueCommand(env), usersCommand(env), doctorCommand(env), probeCommand(env),
		versionCommand(env))
	return root
}
