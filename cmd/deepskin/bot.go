package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"deepskin/adapters/telegram"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/classifier"
	"deepskin/queue"
	"deepskin/store"
)

func botCommand(env map[string]string) *cobra.Command {
	return processCommand(env, converse, &cobra.Command{
		Use:   "bot",
		Short: "Run the page and the chats, for workers elsewhere",
		Long: "Runs the web page and the chats whose tokens are set. Workers in other processes, on this\n" +
			"machine or others, look at the photos; they meet in the Redis that REDIS_URL names. Any\n" +
			"number of bots may share a PostgreSQL database; of these, one at a time serves each chat\n" +
			"platform, and another takes over when it stops or dies.",
		Example: "  REDIS_URL=redis://localhost:6379/0 DEEPSKIN_OPS_ADDR=:9090 deepskin bot",
	})
}

// converse runs the bot until ctx ends, and lets it finish what it holds.
func converse(ctx context.Context, s settings, o *ops, stdout io.Writer, log *slog.Logger) error {
	if err := s.needRedis("bot"); err != nil {
		return err
	}
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
	b, err := s.newBot(kept, jobs, nil, o, stdout, log) // the workers know the model
	if err != nil {
		return err
	}
	defer alongside(ctx, func(ctx context.Context) { keepModels(ctx, kept, jobs, log) })()
	return b.Run(ctx)
}

// openStore opens the database with its keys.
func (s settings) openStore(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	keys, err := s.keys()
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, s.databaseURL(), keys, store.WithLogger(log))
}

// newBot puts the bot together with its platforms. About returns what it tells of the model; nil
// where this process does not know it.
func (s settings) newBot(
	kept *store.Store, jobs *queue.Queue, about func() bot.About, o *ops, stdout io.Writer, log *slog.Logger,
) (*bot.Bot, error) {
	board := newDashboard(kept, jobs, log)
	o.metrics.MustRegister(board)
	b := bot.New(bot.Config{
		TeamLink: s.teamLink(kept),
		Store:    kept, Queue: jobs, Heatmap: classifier.Heatmap, Chart: classifier.Chart, About: about,
		Logger: log, Metrics: o.metrics, Tracer: o.tracer, Deadline: s.Deadline, ConsentWait: s.ConsentWait,
		Retention: s.Retention, PhotoRetention: s.PhotoRetention, TeamLanguage: s.TeamLanguage,
	})
	b.Connect(web.New(web.Config{
		UploadsPerNetwork: s.UploadsPerAddress, UploadMemory: s.UploadMemory << 20, UploadTimeout: s.UploadTime,
		Addr: s.Addr, Logger: log, Team: s.teamPages(kept, b, board, log),
		OnListen: func(addr string) {
			o.started(need{"Redis", jobs.Ping}, need{"database", kept.Ping})
			s.greet(stdout, addr)
		},
	}, b))
	if s.TelegramToken != "" {
		c := s.telegram()
		c.Logger, c.Metrics = log, o.metrics
		chat, err := telegram.New(c)
		if err != nil {
			return nil, err
		}
		b.Connect(chat)
	}
	if s.DiscordToken != "" {
		chat, err := s.discord(o.metrics, log)
		if err != nil {
			return nil, err
		}
		b.Connect(chat)
	}
	return b, nil
}

// telegram is how the settings say to reach Telegram.
func (s settings) telegram() telegram.Config {
	return telegram.Config{
		Token: s.TelegramToken, APIEndpoint: s.TelegramAPI,
		WebhookURL: s.TelegramWebhookURL, WebhookSecret: s.TelegramWebhookSecret, WebhookAddr: s.TelegramWebhookAddr,
	}
}

// greet tells whoever started the program in a terminal where to go.
func (s settings) greet(w io.Writer, addr string) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
			host = "localhost"
		}
		addr = net.JoinHostPort(host, port)
	}
	fmt.Fprintf(w, "DeepSkin is ready: http://%s\n", addr)
	if s.TelegramToken == "" {
		fmt.Fprintln(w, "Telegram is off. To turn it on, get a token from @BotFather and start "+
			"again with TELEGRAM_TOKEN=<token>.")
	}
	if s.DiscordToken == "" {
		fmt.Fprintln(w, "Discord is off. To turn it on, get a token from Discord's developer portal and start "+
			"again with DISCORD_TOKEN=<token>.")
	}
}
