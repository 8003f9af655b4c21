// Command bench measures how close the service comes to what the machine can do: the bare model, decoding,
// the classifier around both, and the whole service through a real Redis, all on the same photos. It holds the ratios
// against the project's bars, but a bar that is missed does not make it fail: machines differ.
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

	"deepskin/classifier"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if len(os.Args) == 2 && os.Args[1] == deskCommand {
		err = serveDesk(ctx, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	}
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
	sets []photoSet
	// rounds is how often each stage is measured in turn; the best counts, because other work on the
	// machine only slows.
	rounds int
	// reference is how many photos are decoded with image/jpeg, for comparison.
	reference int
	// alone is how many photos are sent one at a time.
	alone int
	// batches are the numbers of pictures in one run that the bare model is measured with as well.
	batches []int
	bars    bool // whether that is enough for the bars
}

var (
	usual = photoSet{Name: "1280x960", Width: 1280, Height: 960, Quality: 92, Count: 200}
	large = photoSet{Name: "4032x3024", Width: 4032, Height: 3024, Quality: 95, Count: 60}

	full  = plan{sets: []photoSet{usual, large}, rounds: 3, reference: 12, alone: 60, batches: []int{1, 4, 16, 64}, bars: true}
	short = plan{sets: []photoSet{usual.reduced(3), large.reduced(1)}, rounds: 1, reference: 1, alone: 2, batches: []int{2}}
)

// options are what the command line says.
type options struct {
	program, model, provider, json, photos, profiles string
	short, growth                                    bool
}

// run is the whole program; tests call it as main does.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.program, "program", "./deepskin", "the built program")
	flags.StringVar(&o.model, "model", "models/deepskin.onnx", "any compatible model")
	flags.StringVar(&o.provider, "provider", "cpu", "who computes the model: cpu or cuda")
	flags.StringVar(&o.json, "json", "", "file for the figures as JSON; none if empty")
	flags.StringVar(&o.photos, "photos", "", "folder where the drawn photos are kept for other runs; none if empty")
	flags.StringVar(&o.profiles, "profiles", "", "folder for profiles of the bot's process; none if empty")
	flags.BoolVar(&o.short, "short", false, "only see that measuring works")
	flags.BoolVar(&o.growth, "growth", false, "measure the service with 1, 2 and 4 workers and PostgreSQL instead")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := full
	if o.short {
		p = short
	}
	machine, err := describeMachine(o.program)
	if err != nil {
		return err
	}
	b := bench{options: o, plan: p, environ: environ, log: stderr}
	if b.folder, err = os.MkdirTemp("", "deepskin-bench-*"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(b.folder) }()
	if o.growth {
		return b.grow(ctx, machine, stdout)
	}
	r, err := b.measure(ctx)
	if err != nil {
		return err
	}
	r.Machine = machine
	if p.bars {
		r.Bars = judge(r)
	}
	if o.json != "" {
		if err := save(o.json, r); err != nil {
			return err
		}
	}
	return r.print(stdout)
}

// A bench is one run of this program.
type bench struct {
	options
	plan    plan
	environ []string
	log     io.Writer
	folder  string // for what lives as long as the run
}

// config is that of the classifiers in this process.
func (b *bench) config() classifier.Config {
	return classifier.Config{Model: b.model, Provider: classifier.Provider(b.provider)}
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }
