package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"deepskin/internal/child"
	"deepskin/internal/servers"
)

// backlog is how many photos are on their way for each of the workers' slots at saturation.
const backlog = 4

// A trial says how the whole service is measured.
type trial struct {
	workers, slots int    // processes, and photos at a time in each
	database       string // URL; a fresh SQLite file if empty
	set            photoSet
	count, atATime int
}

// A service is what a trial measured. Processor times are in milliseconds a photo, memory in MB of 10^6 bytes.
type service struct {
	Pace      pace      `json:"pace"`
	BotPeak   float64   `json:"bot_peak_mb"`
	Workers   []process `json:"workers"`
	Redis     process   `json:"redis"`
	RedisHeld float64   `json:"redis_held_kb_a_photo"`
	// RedisCommands is how many commands a photo took, those within scripts included.
	RedisCommands float64 `json:"redis_commands_a_photo"`
}

// A process is what one of the service's processes took.
type process struct {
	CPU float64 `json:"cpu_ms_a_photo"`
	// Ready is the memory before the first photo.
	Ready float64 `json:"ready_mb"`
	Peak  float64 `json:"peak_mb"`
}

// measureService runs the whole service through a redis-server of its own.
func (b *bench) measureService(ctx context.Context, t trial) (s service, err error) {
	folder, err := os.MkdirTemp(b.folder, "service-*")
	if err != nil {
		return service{}, fmt.Errorf("make a folder for the service: %w", err)
	}
	redis, err := servers.StartRedis(ctx, folder)
	if err != nil {
		return service{}, err
	}
	defer func() { err = errors.Join(err, redis.Stop()) }()
	info, err := redisInfo(redis.Addr())
	if err != nil {
		return service{}, err
	}
	redisPID, err := number(info, "process_id")
	if err != nil {
		return service{}, err
	}
	pids := []int{redisPID}
	for range t.workers {
		worker, err := b.startWorker(ctx, redis.Addr(), t.slots)
		if err != nil {
			return service{}, err
		}
		defer func() { err = errors.Join(err, worker.Stop()) }()
		pids = append(pids, worker.PID)
	}
	before, err := takeReadings(pids)
	if err != nil {
		return service{}, err
	}
	o := order{
		Redis: "redis://" + redis.Addr(), Database: t.database, Folder: folder, Files: t.set.files,
		Count: t.count, AtATime: t.atATime, WarmUp: 2 * t.workers * t.slots, Profiles: b.profiles,
	}
	if o.Database == "" {
		o.Database = "sqlite:" + filepath.Join(folder, "bench.db")
	}
	d, err := runDesk(ctx, o)
	if err != nil {
		return service{}, err
	}
	after, err := takeReadings(pids)
	if err != nil {
		return service{}, err
	}
	total := float64(o.Count + o.WarmUp)
	s = service{Pace: d.Pace, BotPeak: d.Peak}
	for i := range pids {
		p := process{CPU: millis(after[i].cpu-before[i].cpu) / total, Ready: before[i].resident, Peak: after[i].peak}
		if i == 0 {
			s.Redis = p
		} else {
			s.Workers = append(s.Workers, p)
		}
	}
	return s, s.ask(redis.Addr(), info, total)
}

// ask fills in what Redis says of so many photos.
func (s *service) ask(addr string, before map[string]string, photos float64) error {
	after, err := redisInfo(addr)
	if err != nil {
		return err
	}
	grown := func(name string) (float64, error) {
		now, err1 := number(after, name)
		then, err2 := number(before, name)
		return float64(now-then) / photos, errors.Join(err1, err2)
	}
	held, err1 := grown("used_memory")
	commands, err2 := grown("total_commands_processed")
	s.RedisHeld, s.RedisCommands = held/1000, commands
	return errors.Join(err1, err2)
}

func (b *bench) startWorker(ctx context.Context, redis string, slots int) (*child.Service, error) {
	starting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return child.Start(starting, child.Config{
		Program: b.program, Command: "worker", Environ: b.environ, Log: b.log,
		Settings: []string{
			"REDIS_URL=redis://" + redis, "DEEPSKIN_MODEL=" + b.model, "DEEPSKIN_PROVIDER=" + b.provider,
			"DEEPSKIN_LOG_LEVEL=warn",
			fmt.Sprintf("DEEPSKIN_WORKERS=%d", slots),
		},
	})
}

// runDesk has this program carry out an order in a process of its own, so that its memory shows.
func runDesk(ctx context.Context, o order) (delivery, error) {
	self, err := os.Executable()
	if err != nil {
		return delivery{}, fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return delivery{}, fmt.Errorf("write the order: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, deskCommand)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return delivery{}, fmt.Errorf("run the desk: %w: %s", err, stderr.String())
	}
	var d delivery
	if err := json.Unmarshal(stdout.Bytes(), &d); err != nil {
		return delivery{}, fmt.Errorf("read what the desk says: %w", err)
	}
	return d, nil
}

// A usage is what a process has used.
type usage struct {
	cpu            time.Duration
	resident, peak float64
}

func takeReadings(pids []int) ([]usage, error) {
	readings := make([]usage, len(pids))
	for i, pid := range pids {
		var err1, err2 error
		readings[i].cpu, err1 = readCPU(pid)
		readings[i].resident, readings[i].peak, err2 = readMemory(pid)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
	}
	return readings, nil
}
