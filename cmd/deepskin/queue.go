package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/queue"
)

// showLimit is how many held jobs and dead letters are shown.
const showLimit = 1000

func queueCommand(env map[string]string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "queue",
		Short: "Show what waits, who works on what, and what was given up",
		Long: "Shows how many photos wait, for how long, which worker has which, and the dead letters: photos\n" +
			"that were given up after three tries, with the cause. It needs REDIS_URL and nothing else.",
		Example: "  deepskin queue\n  deepskin queue --json\n  deepskin queue requeue --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withQueue(cmd, env, func(_ settings, jobs *queue.Queue) error {
				report, err := lookAtQueue(cmd.Context(), jobs)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), report)
				}
				return report.print(cmd.OutOrStdout())
			})
		},
	}
	addJSON(c, &asJSON)
	c.AddCommand(queueRequeueCommand(env), queueDropCommand(env))
	return c
}

// withQueue connects to the Redis in which bots and workers meet.
func withQueue(cmd *cobra.Command, env map[string]string, run func(settings, *queue.Queue) error) (err error) {
	s, err := readSettings(env)
	if err != nil {
		return err
	}
	if err := s.needRedis("queue"); err != nil {
		return err
	}
	jobs, err := s.openOperatorsQueue(cmd.Context(), s.logger(cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, jobs.Close()) }()
	return run(s, jobs)
}

// openOperatorsQueue connects to Redis without waiting for one that is starting, and counts nobody.
func (s settings) openOperatorsQueue(ctx context.Context, log *slog.Logger) (*queue.Queue, error) {
	return queue.Open(ctx, queue.Config{URL: s.Redis, Logger: log})
}

// A queueReport is what 'queue --json' prints.
type queueReport struct {
	// Jobs are waiting or being worked on.
	Jobs int `json:"jobs"`
	// OldestSeconds is the age of the oldest of them.
	OldestSeconds float64 `json:"oldest_seconds"`
	// WaitSeconds is how long a new photo will wait; 0 where nothing is known.
	WaitSeconds float64 `json:"expected_wait_seconds"`
	Workers     int     `json:"workers"`
	Held        []held  `json:"held"`
	// DeadLetters begin with the latest.
	DeadLetters []deadLetter `json:"dead_letters"`
}

// A held job is in the hands of a worker.
type held struct {
	Case          deepskin.CaseID `json:"case"`
	Platform      string          `json:"platform"`
	Worker        string          `json:"worker"`
	Try           int             `json:"try"`
	SilentSeconds float64         `json:"silent_seconds"`
}

// A deadLetter is a photo that was given up.
type deadLetter struct {
	Case     deepskin.CaseID `json:"case"`
	Platform string          `json:"platform"`
	At       time.Time       `json:"at"`
	Tries    int             `json:"tries"`
	Cause    string          `json:"cause"`
}

func lookAtQueue(ctx context.Context, jobs *queue.Queue) (queueReport, error) {
	load, err := jobs.Load(ctx)
	if err != nil {
		return queueReport{}, err
	}
	inHand, err := jobs.Held(ctx, showLimit)
	if err != nil {
		return queueReport{}, err
	}
	letters, err := jobs.DeadLetters(ctx, showLimit)
	if err != nil {
		return queueReport{}, err
	}
	r := queueReport{
		Jobs: load.Jobs, OldestSeconds: load.Oldest.Seconds(), WaitSeconds: load.Wait.Seconds(), Workers: load.Workers,
		Held: []held{}, DeadLetters: []deadLetter{},
	}
	for _, h := range inHand {
		r.Held = append(r.Held, held{
			Case: h.Case, Platform: h.Platform, Worker: h.Worker, Try: h.Deliveries, SilentSeconds: h.Silent.Seconds(),
		})
	}
	for _, l := range letters {
		r.DeadLetters = append(r.DeadLetters, deadLetter{
			Case: l.Case, Platform: l.Platform, At: l.At.UTC(), Tries: l.Deliveries, Cause: l.Cause,
		})
	}
	return r, nil
}

func (r queueReport) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "waiting or in work:\t%d\n", r.Jobs)
	fmt.Fprintf(table, "oldest:\t%.1f s\n", r.OldestSeconds)
	fmt.Fprintf(table, "a new photo waits:\t%.1f s\n", r.WaitSeconds)
	fmt.Fprintf(table, "workers:\t%d\n", r.Workers)
	fmt.Fprintf(table, "dead letters:\t%d\n", len(r.DeadLetters))
	if len(r.Held) > 0 {
		fmt.Fprintln(table, "\nIN WORK\tPLATFORM\tTRY\tSILENT\tWORKER")
	}
	for _, h := range r.Held {
		fmt.Fprintf(table, "%s\t%s\t%d\t%.1f s\t%s\n", h.Case, h.Platform, h.Try, h.SilentSeconds, h.Worker)
	}
	if len(r.DeadLetters) > 0 {
		fmt.Fprintln(table, "\nGIVEN UP\tPLATFORM\tTRIES\tWHEN\tCAUSE")
	}
	for _, l := range r.DeadLetters {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", l.Case, l.Platform, l.Tries, l.At.Format(time.DateTime), printable(l.Cause))
	}
	return table.Flush()
}
