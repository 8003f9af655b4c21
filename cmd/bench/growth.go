package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"deepskin/classifier"
	"deepskin/internal/servers"
)

// A growth is what the service takes as workers are added, with PostgreSQL.
type growth struct {
	Machine machine `json:"machine"`
	Model   string  `json:"model"`
	Steps   []step  `json:"steps"`
}

// A step is one number of workers, of one photo at a time each.
type step struct {
	Workers int     `json:"workers"`
	Service service `json:"service"`
	// RowsAPhoto and UpdatesAPhoto are how often rows were written, and BytesAPhoto what the tables
	// and their indexes hold.
	RowsAPhoto    float64 `json:"postgres_rows_a_photo"`
	UpdatesAPhoto float64 `json:"postgres_updates_a_photo"`
	BytesAPhoto   float64 `json:"postgres_bytes_a_photo"`
}

// grow measures the first steps of growth and prints them.
func (b *bench) grow(ctx context.Context, m machine, stdout io.Writer) (err error) {
	c, err := classifier.New(b.config())
	if err != nil {
		return err
	}
	g := growth{Machine: m, Model: c.Info().Version}
	set, err := b.prepare(ctx, b.plan.sets[0], c)
	if err := errors.Join(err, c.Close()); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "deepskin-bench-postgres-*") // where the user that it runs as may go
	if err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	postgres, err := servers.StartPostgres(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Stop()) }()
	for _, workers := range []int{1, 2, 4} {
		b.say("Sending photos to %d workers...", workers)
		database, err := postgres.Database(ctx, fmt.Sprintf("workers%d", workers))
		if err != nil {
			return err
		}
		s := step{Workers: workers}
		s.Service, err = b.measureService(ctx, trial{
			workers: workers, slots: 1, database: database, set: set, count: set.Count, atATime: backlog * workers,
		})
		if err != nil {
			return fmt.Errorf("measure %d workers: %w", workers, err)
		}
		if err := s.weigh(ctx, database); err != nil {
			return err
		}
		g.Steps = append(g.Steps, s)
	}
	if b.json != "" {
		if err := save(b.json, g); err != nil {
			return err
		}
	}
	return g.print(stdout)
}

// weigh reads what the database holds of the photos.
func (s *step) weigh(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return fmt.Errorf("look into the database: %w", err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `
		SELECT sum(n_tup_ins) / cases, sum(n_tup_upd) / cases, sum(pg_total_relation_size(relid)) / cases
		FROM pg_stat_user_tables, (SELECT count(*)::float AS cases FROM cases) counted GROUP BY cases`,
	).Scan(&s.RowsAPhoto, &s.UpdatesAPhoto, &s.BytesAPhoto)
	if err != nil {
		return fmt.Errorf("weigh the cases: %w", err)
	}
	return nil
}

func (g growth) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "machine\t%s, %d cores, load %.1f before\n", g.Machine.CPU, g.Machine.Cores, g.Machine.Load)
	fmt.Fprintf(table, "model\t%s\n", g.Model)
	fmt.Fprintf(table, "\nworkers\tphotos/s\tp50 ms\tp95 ms\tcpu ms\tbot\tRedis\tRedis commands\tRedis KB held\tPostgreSQL rows\tupdates\tbytes\tworker peak MB\n")
	for _, s := range g.Steps {
		v := s.Service
		fmt.Fprintf(table, "%d\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\t%.1f\t%.1f\t%.2f\t%.2f\t%.0f\t%.1f\n", s.Workers, v.Pace.PerSecond,
			v.Pace.P50, v.Pace.P95, v.cpu(), v.Pace.CPU, v.Redis.CPU, v.RedisCommands, v.RedisHeld,
			s.RowsAPhoto, s.UpdatesAPhoto, s.BytesAPhoto, v.Workers[0].Peak)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the growth: %w", err)
	}
	return nil
}
