package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"deepskin/bot"
)

// lastResults is how long the bot goes on after the workers have finished, so that what they
// found still reaches people.
const lastResults = time.Second

func serveCommand(env map[string]string) *cobra.Command {
	return processCommand(env, serve, &cobra.Command{
		Use:   "serve",
		Short: "Run everything in one process: page, chats and worker",
		Long: "Runs the web page, the chats whose tokens are set, and the worker in one process,\n" +
			"with an embedded Redis and database unless URLs are given.",
		Example: "  deepskin serve\n  TELEGRAM_TOKEN_FILE=telegram.token deepskin serve",
	})
}

// A process is one of those that run until they are told to stop.
type process func(
	ctx context.Context, s settings, o *ops, stdout io.Writer, log *slog.Logger,
) error

// processCommand completes the command that runs a process.
func processCommand(env map[string]string, run process, c *cobra.Command) *cobra.Command {
	c.Long += "\n\n" + describeSettings()
	c.Args = cobra.NoArgs
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := readSettings(env)
		if err != nil {
			return err
		}
		log := s.logger(cmd.ErrOrStderr())
		tracer, flush, err := s.tracer(cmd.Context(), cmd.Name(), log)
		if err != nil {
			return err
		}
		defer flush()
		stopPprof, err := servePprof(s.Pprof, log)
		if err != nil {
			return err
		}
		defer stopPprof()
		return withOps(cmd.Context(), s.Ops, log, func(ctx context.Context, o *ops) error {
			o.tracer = tracer
			return run(ctx, s, o, cmd.OutOrStdout(), log)
		})
	}
	return c
}

// describeSettings lists the environment variables from the settings' own tags.
func describeSettings() string {
	var text strings.Builder
	fmt.Fprintln(&text, "Environment; NAME_FILE instead of NAME names a file that holds the value:")
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for field := range reflect.TypeFor[settings]().Fields() {
		fmt.Fprintf(table, "  %s\t%s", field.Tag.Get("env"), field.Tag.Get("help"))
		if standard := field.Tag.Get("envDefault"); standard != "" {
			fmt.Fprintf(table, " (%s)", standard)
		}
		fmt.Fprintln(table)
	}
	_ = table.Flush() // a strings.Builder does not fail
	return strings.TrimRight(text.String(), "\n")
}

// serve runs everything until ctx ends, then lets the worker finish what it holds, and the bot
// deliver it.
func serve(ctx context.Context, s settings, o *ops, stdout io.Writer, log *slog.Logger) error {
	keys, err := s.keys()
	if err != nil {
		return err
	}
	kept, err := s.openStore(ctx, log)
	if err != nil {
		return err
	}
	defer closing(log, "database", kept)
	jobs, err := s.openQueue(ctx, keys.Identity, o, log)
	if err != nil {
		return err
	}
	defer closing(log, "queue", jobs)
	model, err := s.openModel(o, log)
	if err != nil {
		return err
	}
	defer closing(log, "model", model)
	b, err := s.newBot(kept, jobs, func() bot.About { return *model.about.Load() }, o, stdout, log)
	if err != nil {
		return err
	}
	defer alongside(ctx, func(ctx context.Context) { tellOfModel(ctx, jobs, model.Info, log) })()
	defer alongside(ctx, func(ctx context.Context) { keepModels(ctx, kept, jobs, log) })()
	return runBoth(ctx, b.Run, func(ctx context.Context) error {
		return work(ctx, s.workers(), jobs, model)
	})
}

// runBoth runs bot and worker until ctx ends or one of them fails. The worker stops first, so
// that the bot can still deliver what it found.
func runBoth(ctx context.Context, bot, worker func(context.Context) error) error {
	botCtx, stopBot := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBot()
	var g *errgroup.Group
	g, ctx = errgroup.WithContext(ctx)
	g.Go(func() error { return bot(botCtx) })
	g.Go(func() error {
		err := worker(ctx)
		if err == nil {
			time.Sleep(lastResults)
		}
		stopBot()
		return err
	})
	return g.Wait()
}

func closing(log *slog.Logger, name string, c io.Closer) {
	if err := c.Close(); err != nil {
		log.Error("did not close cleanly", "what", name, "error", err)
	}
}
