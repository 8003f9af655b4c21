// Command demo shows DeepSkin at work: it starts the built program, talks to it as a visitor of
// the page would, and prints the conversation. It ends with status 0 only if all of it really
// happened.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"deepskin/adapters/web/client"
	"deepskin/internal/child"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo: failed:", err)
		os.Exit(1)
	}
}

// run is the whole program; tests call it as main does.
func run(ctx context.Context, args, environ []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	program := flags.String("program", "./deepskin", "the built program")
	out := flags.String("out", "demo-output", "folder for the pictures and the service's log")
	timeout := flags.Duration("timeout", 2*time.Minute, "time for the whole demonstration")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := os.MkdirAll(*out, 0o700); err != nil {
		return fmt.Errorf("make a folder for the pictures: %w", err)
	}
	screen := screen{stdout}
	screen.note("Drawing photos of skin spots, and starting %s serve.", *program)
	photos, err := choosePhotos(environ)
	if err != nil {
		return err
	}

	log, err := os.Create(filepath.Join(*out, "serve.log"))
	if err != nil {
		return fmt.Errorf("open a file for the service's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	data, err := os.MkdirTemp("", "deepskin-demo-*")
	if err != nil {
		return fmt.Errorf("make a folder for the service's data: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }()
	cfg := child.Config{Program: *program, Data: data, Environ: environ, Pass: []string{"REDIS_URL"}, Log: log}
	where := "Its data is in a folder that goes when this is over."
	if isSet(environ, "DATABASE_URL") {
		// That database is read with the keys that serve would take for it.
		cfg.Data, cfg.Pass = "", append(cfg.Pass, database...)
		where = "Its data is in the database that DATABASE_URL names, and stays there."
	}
	service, err := child.Start(ctx, cfg)
	if err != nil {
		return fmt.Errorf("%w (its log is %s)", err, log.Name())
	}
	screen.note("The service is ready at %s. %s", service.URL, where)
	if isSet(environ, "REDIS_URL") {
		screen.note("Photos and answers travel through the Redis that REDIS_URL names.")
	}

	d := demo{client: client.New(service.URL), screen: screen, out: *out}
	err = errors.Join(d.talk(ctx, photos), service.Stop())
	if err != nil {
		return fmt.Errorf("%w (the service's log is %s)", err, log.Name())
	}
	screen.note("The service has stopped cleanly. All of this really happened; the pictures and the "+
		"service's log are in %s/.", filepath.Clean(*out))
	return nil
}

// database are the settings that go with a database of one's own: where it is, and its keys.
var database = []string{"DATABASE_URL", "DEEPSKIN_DATA", "DEEPSKIN_KEYS", "DEEPSKIN_IDENTITY_KEY", "DEEPSKIN_ADDRESS_KEY"}

// isSet reports whether the service gets a setting from the environment, itself or from a file.
func isSet(environ []string, name string) bool {
	return lookUp(environ, name) != "" || lookUp(environ, name+"_FILE") != ""
}

// lookUp returns what a variable is set to, empty if it is not.
func lookUp(environ []string, name string) string {
	found := ""
	for _, line := range environ {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			found = value
		}
	}
	return found
}
