// Command bench measures the built program as its users see it: how long an answer takes, how
// many photos a second it judges, and how much memory it needs. It compares that with the
// project's bars, but a bar that is missed does not make it fail: machines differ.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"deepskin/internal/child"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench: failed:", err)
		os.Exit(1)
	}
}

// A plan says how much is measured.
type plan struct {
	drawings int // different photos
	warmUp   int // photos before the first that counts
	unloaded int // photos one at a time
	loaded   []int
	bars     bool // whether that is enough for the bars
}

// atATime is how many photos are on their way at once under load.
const atATime = 4

var (
	// The memory is read after each part of the load; the last one shows whether it grows.
	full  = plan{drawings: 12, warmUp: 20, unloaded: 100, loaded: []int{200, 300, 500, 500}, bars: true}
	short = plan{drawings: 2, warmUp: 2, unloaded: 6, loaded: []int{4, 4, 8, 8}}
)

// run is the whole program; tests call it as main does.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	program := flags.String("program", "./deepskin", "the built program")
	jsonFile := flags.String("json", "", "file for the figures as JSON; none if empty")
	quick := flags.Bool("short", false, "only see that measuring works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := full
	if *quick {
		p = short
	}

	machine, err := describeMachine(*program)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "Drawing %d photos...\n", p.drawings)
	photos, err := drawPhotos(p.drawings)
	if err != nil {
		return err
	}
	r := report{Machine: machine, Photos: describePhotos(photos)}
	fmt.Fprintf(stderr, "Sending %d photos one at a time...\n", p.warmUp+p.unloaded)
	err = withService(ctx, *program, environ, stderr, func(ctx context.Context, s *child.Service) (err error) {
		r.Unloaded, r.Model, err = measureUnloaded(ctx, s.URL, photos, p.warmUp, p.unloaded)
		return err
	})
	if err != nil {
		return fmt.Errorf("measure the time to an answer: %w", err)
	}
	fmt.Fprintf(stderr, "Sending %d photos %d at a time...\n", sum(p.loaded), atATime)
	err = withService(ctx, *program, environ, stderr, func(ctx context.Context, s *child.Service) (err error) {
		r.Loaded, err = measureLoaded(ctx, s, photos, p.loaded)
		return err
	})
	if err != nil {
		return fmt.Errorf("measure the memory: %w", err)
	}
	if p.bars {
		r.Bars = judge(r)
	}
	if *jsonFile != "" {
		if err := r.save(*jsonFile); err != nil {
			return err
		}
	}
	return r.print(stdout)
}

// withService runs measure against a fresh service without limits, so that what is measured does
// not depend on what was before.
func withService(
	ctx context.Context, program string, environ []string, log io.Writer,
	measure func(context.Context, *child.Service) error,
) error {
	data, err := os.MkdirTemp("", "deepskin-bench-*")
	if err != nil {
		return fmt.Errorf("make a folder for the service's data: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }()
	starting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s, err := child.Start(starting, child.Config{
		Program: program, Data: data, Environ: environ,
		Settings: []string{"DEEPSKIN_PHOTOS_PER_MINUTE=0", "DEEPSKIN_PHOTOS_PER_DAY=0", "DEEPSKIN_PHOTOS_PER_CHAT_MINUTE=0", "DEEPSKIN_LOG_LEVEL=warn"},
		Log:      log,
	})
	if err != nil {
		return err
	}
	return errors.Join(measure(ctx, s), s.Stop())
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}
