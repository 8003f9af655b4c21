// Command year plays a year of DeepSkin with real programs and public photos, and measures whether
// the service learns: it trains a first model on a part of HAM10000, sends the rest as photos of
// people who report wrong answers, has them reviewed, exported and learnt from, and lets the gate
// decide on each new model. One quarter is poisoned. What was done is kept, so that it goes on where
// it was interrupted.
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
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "year:", err)
		os.Exit(1)
	}
}

// run is the whole program; tests call it as main does, in the project's folder.
func run(ctx context.Context, args, environ []string, stdout io.Writer) (err error) {
	y := year{out: stdout}
	var runs, report string
	flags := flag.NewFlagSet("year", flag.ContinueOnError)
	flags.StringVar(&y.program, "program", "./deepskin", "the built program")
	flags.StringVar(&y.data, "data", "", "folder with HAM10000 and the other training data")
	flags.StringVar(&runs, "runs", "models/training/runs", "folder for all that is made, in year/; what is there goes on")
	flags.StringVar(&report, "report", "docs/loop.md", "the report to write, with its plot beside it")
	flags.IntVar(&y.rounds, "rounds", 1000, "bootstrap rounds of the intervals")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if y.data == "" {
		return errors.New("-data must name a folder")
	}
	for _, path := range []*string{&y.program, &y.data, &runs} {
		if *path, err = filepath.Abs(*path); err != nil {
			return fmt.Errorf("find a path: %w", err)
		}
	}
	y.folder = filepath.Join(runs, "year")
	y.environ = y.settings(environ)
	if err := os.MkdirAll(y.folder, 0o700); err != nil {
		return fmt.Errorf("make the year's folder: %w", err)
	}
	if y.lock, err = lock(y.folder); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.lock.Close()) }()
	played, err := y.play(ctx)
	if err != nil {
		return err
	}
	return played.write(report)
}
