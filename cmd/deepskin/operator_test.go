package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/bot"
	"deepskin/internal/logtest"
	"deepskin/queue"
)

// answering runs a command of deepskin, in this process, and types into it.
func answering(t *testing.T, env map[string]string, typed string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	root := rootCommand(env)
	root.SetArgs(args)
	root.SetIn(strings.NewReader(typed))
	root.SetOut(&out)
	root.SetErr(&log)
	err = root.ExecuteContext(t.Context())
	return out.String(), log.String(), err
}

// givesUp has workers fail at jobs, each once, until n are dead letters.
func givesUp(t *testing.T, redisURL string, jobs ...deepskin.Job) {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Config{URL: redisURL, MaxDeliveries: 1})
	must(t, err)
	defer func() { must(t, q.Close()) }()
	for _, job := range jobs {
		must(t, q.PutPhoto(t.Context(), job.Case, []byte("no photo"), time.Hour))
		must(t, q.Enqueue(t.Context(), job))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	worked := make(chan error, 1)
	go func() {
		worked <- q.Work(ctx, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{}, errors.New("the disk is full")
		})
	}()
	eventually(t, "the jobs are given up", func() bool {
		letters, err := q.DeadLetters(t.Context(), 10)
		return err == nil && len(letters) == len(jobs)
	})
	stop()
	must(t, <-worked)
}

func lookedAt(t *testing.T, env map[string]string) (r queueReport) {
	t.Helper()
	out, log, err := program(t, env, "queue", "--json")
	if err != nil {
		t.Fatalf("queue: %v\n%s", err, log)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("queue --json: %v\n%s", err, out)
	}
	return r
}

func TestQueueShowsAndDropsWhatWasGivenUp(t *testing.T) {
	env := map[string]string{"REDIS_URL": startRedis(t), "DEEPSKIN_DATA": t.TempDir()}
	if r := lookedAt(t, env); r.Jobs != 0 || r.Held == nil || r.DeadLetters == nil {
		t.Errorf("an empty queue: %+v", r)
	}
	var jobs []deepskin.Job
	for range 3 {
		jobs = append(jobs, deepskin.Job{Case: deepskin.NewCaseID(), Platform: "telegram", Deadline: time.Now().Add(time.Hour)})
	}
	givesUp(t, env["REDIS_URL"], jobs...)

	q, err := queue.Open(t.Context(), queue.Config{URL: env["REDIS_URL"]})
	must(t, err)
	defer func() { must(t, q.Close()) }()
	waiting := deepskin.Job{Case: deepskin.NewCaseID(), Platform: "discord", Deadline: time.Now().Add(time.Hour)}
	must(t, q.PutPhoto(t.Context(), waiting.Case, []byte("photo"), time.Hour))
	must(t, q.Enqueue(t.Context(), waiting))
	begun, release, worked := make(chan bool, 1), make(chan bool), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		worked <- q.Work(ctx, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			begun <- true
			<-release
			return queue.Outcome{}, nil
		})
	}()
	<-begun
	eventually(t, "the worker is known", func() bool {
		load, err := q.Load(t.Context())
		return err == nil && load.Workers == 1
	})

	r := lookedAt(t, env)
	if r.Jobs != 1 || r.Workers != 1 || r.OldestSeconds < 0 || len(r.Held) != 1 || len(r.DeadLetters) != 3 {
		t.Fatalf("queue: %+v", r)
	}
	if h := r.Held[0]; h.Case != waiting.Case || h.Platform != "discord" || h.Worker == "" || h.Try != 1 {
		t.Errorf("held: %+v", h)
	}
	if l := r.DeadLetters[0]; l.Case != jobs[2].Case || l.Platform != "telegram" || l.Cause != "the disk is full" || l.Tries != 1 ||
		time.Since(l.At).Abs() > patience {
		t.Errorf("dead letter: %+v", l)
	}
	out, _, err := program(t, env, "queue")
	for _, words := range []string{r.Held[0].Worker, string(waiting.Case), string(jobs[0].Case), "the disk is full", "dead letters:        3"} {
		if err != nil || !strings.Contains(out, words) {
			t.Errorf("queue (%v) does not show %q:\n%s", err, words, out)
		}
	}
	close(release)
	stop()
	must(t, <-worked)

	one := string(jobs[1].Case)
	for _, test := range []struct {
		name, typed string
		args        []string
		fails       error // nil for any where refused is set
		refused     bool
		left        int
	}{
		{name: "no", typed: "n\n", args: []string{one}, fails: errRefused, refused: true, left: 3},
		{name: "nothing typed", args: []string{"--all"}, fails: errRefused, refused: true, left: 3},
		{name: "neither one nor all", typed: "y\n", refused: true, left: 3},
		{name: "one and all", typed: "y\n", args: []string{one, "--all"}, refused: true, left: 3},
		{name: "unknown case", typed: "y\n", args: []string{string(waiting.Case)}, refused: true, left: 3},
		{name: "one", typed: "y\n", args: []string{one}, left: 2},
		{name: "all", args: []string{"--all", "--yes"}, left: 0},
		{name: "none left", args: []string{"--all"}, left: 0},
	} {
		out, _, err := answering(t, env, test.typed, append([]string{"queue", "drop"}, test.args...)...)
		if (err != nil) != test.refused || test.fails != nil && !errors.Is(err, test.fails) {
			t.Errorf("drop, %s: %v\n%s", test.name, err, out)
		}
		if n := len(lookedAt(t, env).DeadLetters); n != test.left {
			t.Errorf("drop, %s: %d dead letters are left, want %d", test.name, n, test.left)
		}
	}
}

func TestQueueNeedsRedis(t *testing.T) {
	if _, _, err := program(t, map[string]string{}, "queue"); err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("queue without REDIS_URL: %v", err)
	}
	_, log, err := program(t, map[string]string{"REDIS_URL": "redis://:hunter2@127.0.0.1:1"}, "queue")
	if err == nil || strings.Contains(err.Error()+log, "hunter2") {
		t.Errorf("queue without a server: %v\n%s", err, log)
	}
}

// TestOperatorMendsAndErases breaks the workers' model, requeues what was given up once they work, and
// then erases its sender.
func TestOperatorMendsAndErases(t *testing.T) {
	fake := telegramtest.New(t)
	env := withTelegram(fake, environ(t, map[string]string{"REDIS_URL": startRedis(t)}))

	fake.SendPhoto(anna, anna, photo(t, 1))
	talk := startBot(t, env)
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	q, err := queue.Open(t.Context(), queue.Config{URL: env["REDIS_URL"], MaxDeliveries: 1})
	must(t, err)
	defer func() { must(t, q.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() {
		worked <- q.Work(ctx, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{}, errors.New("no model")
		})
	}()
	eventually(t, "the photo is given up", func() bool {
		letters, err := q.DeadLetters(t.Context(), 10)
		return err == nil && len(letters) == 1
	})
	stop()
	must(t, <-worked)
	shown(t, fake, anna, "No answer this time")

	lost := deepskin.Job{Case: deepskin.NewCaseID(), Platform: "telegram", Deadline: time.Now().Add(time.Hour)}
	out, log, err := program(t, env, "queue", "requeue", "--all")
	if err != nil || !strings.Contains(out, "Requeued: 1.") || len(lookedAt(t, env).DeadLetters) != 0 {
		t.Fatalf("requeue: %v\n%s%s", err, out, log)
	}
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	go func() {
		worked <- q.Work(ctx, 1, func(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
			return queue.Outcome{Assessment: deepskin.Assessment{
				Label: deepskin.Benign, Malignancy: 0.03, Confidence: 0.97, Threshold: 0.2, Model: "m1",
				Diagnoses: map[deepskin.Diagnosis]float64{deepskin.MelanocyticNevus: 1},
			}, Copy: photo(t, 1)}, nil
		})
	}()
	shown(t, fake, anna, "from one photo, not a diagnosis")
	eventually(t, "the apology is gone", func() bool {
		return !slices.ContainsFunc(fake.FromBot(anna), func(m telegramtest.Message) bool {
			return strings.Contains(m.Text, "No answer this time")
		})
	})
	stop()
	must(t, <-worked)
	givesUp(t, env["REDIS_URL"], lost)
	out, _, err = program(t, env, "queue", "requeue", string(lost.Case))
	if !errors.Is(err, errReported) || !strings.Contains(out, "was erased") || len(lookedAt(t, env).DeadLetters) != 1 {
		t.Errorf("requeue of a case that is gone: %v\n%s", err, out)
	}

	id := strconv.Itoa(anna)
	for _, typed := range []string{"telegram\n" + id + "\nn\n", "telegram\n" + id + "\n", "telegram\n\n", "smoke signals\n" + id + "\ny\n", ""} {
		out, log, err := answering(t, env, typed, "users", "delete")
		if err == nil || strings.Contains(out+log+err.Error(), id) {
			t.Errorf("after %q: %v\n%s%s", typed, err, out, log)
		}
	}
	shown(t, fake, anna, "from one photo, not a diagnosis") // still there
	out, log, err = answering(t, env, "telegram\n"+id+"\ny\n", "users", "delete", "--json")
	var erased bot.Erasure
	if err != nil || json.Unmarshal([]byte(out), &erased) != nil || erased != (bot.Erasure{Cases: 1, Messages: 1}) {
		t.Errorf("users delete: %v\n%s%s", err, out, log)
	}
	if strings.Contains(out+log+talk.String(), id) {
		t.Errorf("it says who it was:\n%s%s%s", out, log, talk)
	}
	for _, m := range fake.FromBot(anna) {
		if strings.Contains(m.Text, "diagnosis") {
			t.Errorf("the answer still stands: %q", m.Text)
		}
	}
	out, _, err = answering(t, env, "telegram\n"+id+"\n", "users", "delete", "--yes")
	if err != nil || !strings.Contains(out, "No photo of this person was held") {
		t.Errorf("users delete again: %v\n%s", err, out)
	}
}

// startBot runs a bot without workers until the test ends.
func startBot(t *testing.T, env map[string]string) *logtest.Log {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	stdout, screen := io.Pipe()
	log := &logtest.Log{}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"bot"}, env, screen, log)
		screen.Close()
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("bot ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("the bot's log:\n%s", log)
		}
	})
	awaitReady(t, stdout)
	return log
}

func TestUsersDeleteSaysWhatItCannotReach(t *testing.T) {
	fake := telegramtest.New(t)
	env := withTelegram(fake, environ(t, nil))
	s := start(t, env)
	fake.SendPhoto(anna, anna, photo(t, 1))
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	shown(t, fake, anna, "from one photo, not a diagnosis")
	must(t, s.stop())

	env["TELEGRAM_TOKEN"] = ""
	out, _, err := answering(t, env, "telegram\n"+strconv.Itoa(anna)+"\ny\n", "users", "delete")
	if !errors.Is(err, errReported) || !strings.Contains(out, "could not be removed: 1") || !strings.Contains(out, "REDIS_URL is not set") {
		t.Errorf("users delete without the token: %v\n%s", err, out)
	}
}
