package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"reflect"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/classifier"
	"deepskin/queue"
	"deepskin/store"
)

// lastResults is how long the bot goes on after the workers have finished, so that what they
// found still reaches people.
const lastResults = time.Second

func serveCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run everything in one process: page, chats and worker",
		Long: "Runs the web page, the chats whose tokens are set, and the worker in one process,\n" +
			"with an embedded Redis and database unless URLs are given.\n\n" + describeSettings(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), s, cmd.OutOrStdout(), s.logger(cmd.ErrOrStderr()))
		},
	}
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
func serve(ctx context.Context, s settings, stdout io.Writer, log *slog.Logger) error {
	keys, err := s.keys()
	if err != nil {
		return err
	}
	secret, err := limitSecret(keys)
	if err != nil {
		return fmt.Errorf("derive the key of the rate limits: %w", err)
	}
	kept, err := store.Open(ctx, s.databaseURL(), keys, store.WithLogger(log))
	if err != nil {
		return err
	}
	defer closing(log, "database", kept)
	jobs, err := queue.Open(ctx, queue.Config{
		URL: s.Redis, Backlog: s.Backlog, Secret: secret, Logger: log,
		PhotosPerMinute: s.PhotosPerMinute, PhotosPerDay: s.PhotosPerDay,
	})
	if err != nil {
		return err
	}
	defer closing(log, "queue", jobs)
	model, err := s.classifier(log)
	if err != nil {
		return err
	}
	defer closing(log, "model", model)

	b := bot.New(bot.Config{
		Store: kept, Queue: jobs, Heatmap: classifier.Heatmap, Logger: log,
		Deadline: s.Deadline, ConsentWait: s.ConsentWait,
	})
	b.Connect(web.New(web.Config{
		Addr: s.Addr, Logger: log,
		OnListen: func(addr string) { greet(stdout, addr, s.TelegramToken != "") },
	}, b))
	if s.TelegramToken != "" {
		chat, err := telegram.New(telegram.Config{
			Token: s.TelegramToken, APIEndpoint: s.TelegramAPI, Logger: log,
		})
		if err != nil {
			return err
		}
		b.Connect(chat)
	}
	return runBoth(ctx, b.Run, func(ctx context.Context) error {
		return jobs.Work(ctx, s.workers(), func(
			ctx context.Context, _ deepskin.Job, photo []byte,
		) (queue.Outcome, error) {
			assessment, reduced, err := model.AssessAndCopy(ctx, photo)
			return queue.Outcome{Assessment: assessment, Copy: reduced}, err
		})
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

// workers is how many photos are assessed at the same time.
func (s settings) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// greet tells whoever started the program in a terminal where to go.
func greet(w io.Writer, addr string, telegram bool) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
			host = "localhost"
		}
		addr = net.JoinHostPort(host, port)
	}
	fmt.Fprintf(w, "DeepSkin is ready: http://%s\n", addr)
	if !telegram {
		fmt.Fprintln(w, "Telegram is off. To turn it on, get a token from @BotFather and start "+
			"again with TELEGRAM_TOKEN=<token>.")
	}
}

func closing(log *slog.Logger, name string, c io.Closer) {
	if err := c.Close(); err != nil {
		log.Error("did not close cleanly", "what", name, "error", err)
	}
}
