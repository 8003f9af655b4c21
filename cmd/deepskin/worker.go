package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/queue"
)

// startTime is for how long a process waits for a Redis that is starting, too.
const startTime = 30 * time.Second

func workerCommand(env map[string]string) *cobra.Command {
	return processCommand(env, workAlone, &cobra.Command{
		Use:   "worker",
		Short: "Run the model, for bots elsewhere",
		Long: "Takes photos from the Redis that REDIS_URL names, runs the model and puts the answers back.\n" +
			"It needs no token, no database and no keys. Any number may run, on this machine or others;\n" +
			"told to stop (SIGTERM), it finishes what it holds.",
		Example: "  REDIS_URL=redis://localhost:6379/0 deepskin worker\n" +
			"  REDIS_URL=redis://localhost:6379/0 DEEPSKIN_PROVIDER=cuda deepskin worker",
	})
}

// workAlone runs a worker until ctx ends, and lets it finish what it holds.
func workAlone(ctx context.Context, s settings, o *ops, stdout io.Writer, log *slog.Logger) error {
	if err := s.needRedis("worker"); err != nil {
		return err
	}
	if s.TelegramToken != "" || s.Database != "" || s.IdentityKey != "" || s.AddressKey != "" || s.Keys != "" {
		log.Warn("a worker needs no token, database or keys: better not to give it any")
	}
	model, err := s.openModel(o, log)
	if err != nil {
		return err
	}
	defer closing(log, "model", model)
	jobs, err := s.openQueue(ctx, nil, o, log)
	if err != nil {
		return err
	}
	defer closing(log, "queue", jobs)
	defer alongside(ctx, func(ctx context.Context) { tellOfModel(ctx, jobs, model.Info, log) })()
	o.started(need{"Redis", jobs.Ping})
	fmt.Fprintf(stdout, "The worker is ready: %s, computed by %s\n", model.Info().Version, model.Info().Provider)
	return work(ctx, s.workers(), jobs, model)
}

// work assesses photos until ctx ends, and finishes those that it has begun. The model follows the
// registry meanwhile.
func work(ctx context.Context, atATime int, jobs *queue.Queue, model *servedModel) error {
	var following sync.WaitGroup
	defer following.Wait()
	following.Go(func() { model.follow(ctx) })
	return jobs.Work(ctx, atATime, func(
		ctx context.Context, _ deepskin.Job, photo []byte,
	) (queue.Outcome, error) {
		assessment, reduced, err := model.AssessAndCopy(ctx, photo)
		return queue.Outcome{Assessment: assessment, Copy: reduced}, err
	})
}

// needRedis says so where a process that cannot be alone has nowhere to meet the others.
func (s settings) needRedis(command string) error {
	if s.Redis == "" {
		return fmt.Errorf("'deepskin %s' needs REDIS_URL, where bots and workers meet; "+
			"'deepskin serve' runs everything in one process", command)
	}
	return nil
}

// openQueue connects to Redis. Identity is the key from which that of the rate limits is derived;
// a process that counts nobody needs none.
func (s settings) openQueue(
	ctx context.Context, identity []byte, o *ops, log *slog.Logger,
) (*queue.Queue, error) {
	config := queue.Config{
		URL: s.Redis, Backlog: s.Backlog, Logger: log, Metrics: o.metrics, Tracer: o.tracer, StartTimeout: startTime,
	}
	if identity != nil {
		config.PhotosPerMinute, config.PhotosPerDay = s.PhotosPerMinute, s.PhotosPerDay
		config.PhotosPerChatMinute, config.PhotosPerMinuteInAll = s.PhotosPerChatMinute, s.PhotosPerMinuteInAll
		config.PhotosPerNetworkMinute, config.PhotosPerNetworkDay = s.PhotosPerAddressMinute, s.PhotosPerAddressDay
		var err error
		if config.Secret, err = limitSecret(identity); err != nil {
			return nil, fmt.Errorf("derive the key of the rate limits: %w", err)
		}
	}
	return queue.Open(ctx, config)
}

// workers is how many photos are assessed at the same time.
func (s settings) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}
