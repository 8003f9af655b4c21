package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/internal/servers"
)

// shortDeadline replaces the two minutes after which everyone has been told something. It must
// leave time for what a sweep does for cases that stand still: 15 s until it fetches a photo again,
// 30 s until it gives one up that nobody has.
const shortDeadline = time.Minute

// A deployment is bots and workers apart, with a Redis and a PostgreSQL, all of them processes.
type deployment struct {
	fake          *telegramtest.Server
	redis         *servers.Redis
	redisDir      string
	redisPassword string
	database      *pgx.Conn // the test's own connection
	bots, workers []*instance
	secrets       []string // what no log may hold
}

// deploy starts everything, with more settings for bots and workers. Each worker looks at one photo at
// a time.
func deploy(t *testing.T, program string, bots, workers int, more ...map[string]string) *deployment {
	t.Helper()
	d := &deployment{fake: telegramtest.New(t), redisDir: t.TempDir(), redisPassword: rand.Text()}
	var err error
	d.redis, err = servers.StartRedis(t.Context(), d.redisDir, "--appendonly", "yes",
		"--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--requirepass", d.redisPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.redis.Stop(); err != nil {
			t.Error(err)
		}
	})
	postgres := servers.NewPostgres(t, "-c", "fsync=off")
	if d.database, err = pgx.Connect(t.Context(), postgres.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.database.Close(context.Background()) })

	shared := map[string]string{
		"REDIS_URL":          fmt.Sprintf("redis://:%s@%s/0", d.redisPassword, d.redis.Addr()),
		"DEEPSKIN_LOG_LEVEL": "debug",
	}
	ofBots := withTelegram(d.fake, map[string]string{
		"DATABASE_URL":                    postgres.URL(),
		"DEEPSKIN_IDENTITY_KEY":           newKey(),
		"DEEPSKIN_ADDRESS_KEY":            newKey(),
		"DEEPSKIN_DEADLINE":               shortDeadline.String(),
		"DEEPSKIN_PHOTOS_PER_MINUTE":      "0",
		"DEEPSKIN_PHOTOS_PER_DAY":         "0",
		"DEEPSKIN_PHOTOS_PER_CHAT_MINUTE": "0",
	})
	ofWorkers := map[string]string{
		"DEEPSKIN_MODEL": modelFile, "DEEPSKIN_PROVIDER": "cpu", "DEEPSKIN_WORKERS": "1",
	}
	for n := range bots {
		own := map[string]string{"DEEPSKIN_ADDR": freeAddress(t), "DEEPSKIN_OPS_ADDR": freeAddress(t)}
		d.bots = append(d.bots, newInstance(t, fmt.Sprint("bot-", n+1), program, merge(shared, ofBots, merge(more...), own), "bot"))
	}
	for n := range workers {
		own := map[string]string{"DEEPSKIN_OPS_ADDR": freeAddress(t)}
		d.workers = append(d.workers,
			newInstance(t, fmt.Sprint("worker-", n+1), program, merge(shared, ofWorkers, merge(more...), own), "worker"))
	}
	d.secrets = []string{
		d.fake.Token(), d.redisPassword, d.database.Config().Password,
		ofBots["DEEPSKIN_IDENTITY_KEY"], ofBots["DEEPSKIN_ADDRESS_KEY"],
	}
	all := slices.Concat(d.bots, d.workers)
	for _, i := range all {
		i.launch(t)
	}
	for _, i := range all {
		i.awaitReady(t)
	}
	return d
}

func newKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

func merge(all ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, some := range all {
		maps.Copy(merged, some)
	}
	return merged
}

// checkLogs looks for secrets in what the processes have logged, outages and all.
func (d *deployment) checkLogs(t *testing.T) {
	t.Helper()
	for _, i := range slices.Concat(d.bots, d.workers) {
		log, err := os.ReadFile(i.log)
		if err != nil {
			t.Fatal(err)
		}
		for n, secret := range d.secrets {
			if secret == "" || bytes.Contains(log, []byte(secret)) {
				t.Errorf("the log of %s holds secret %d, or that is none", i.name, n)
			}
		}
	}
}

// pages are the addresses of the bots' pages.
func (d *deployment) pages() []string {
	var urls []string
	for _, b := range d.bots {
		urls = append(urls, "http://"+b.env["DEEPSKIN_ADDR"])
	}
	return urls
}

// restartRedis stops Redis and starts it with its append-only file.
func (d *deployment) restartRedis(t *testing.T) {
	t.Helper()
	if err := d.redis.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := d.redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// emptyRedis stops Redis and starts it without its files.
func (d *deployment) emptyRedis(t *testing.T) {
	t.Helper()
	if err := d.redis.Stop(); err != nil {
		t.Fatal(err)
	}
	files := filepath.Join(d.redisDir, "appendonlydir")
	if _, err := os.Stat(files); err != nil {
		t.Fatalf("find Redis's files: %v", err)
	}
	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	if err := d.redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// held returns the cases whose photos workers hold: the jobs that were handed out and not finished.
func (d *deployment) held(t *testing.T) []deepskin.CaseID {
	t.Helper()
	const stream = "{deepskin}:jobs"
	connection, err := net.Dial("tcp", d.redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	answers := bufio.NewReader(connection)
	ask := func(words ...string) any {
		fmt.Fprintf(connection, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(connection, "$%d\r\n%s\r\n", len(word), word)
		}
		answer, err := readAnswer(answers)
		if err != nil && strings.HasPrefix(err.Error(), "NOGROUP ") {
			return []any{} // emptied just now: nothing has been handed out
		}
		if err != nil {
			t.Fatalf("ask Redis: %s: %v", words[0], err)
		}
		return answer
	}
	ask("AUTH", d.redisPassword)
	var cases []deepskin.CaseID
	for _, pending := range ask("XPENDING", stream, "workers", "-", "+", "100").([]any) {
		id := pending.([]any)[0].(string)
		for _, entry := range ask("XRANGE", stream, id, id).([]any) { // none: finished just now
			fields := entry.([]any)[1].([]any)
			var job deepskin.Job
			if err := json.Unmarshal([]byte(fields[1].(string)), &job); err != nil {
				t.Fatalf("read a job: %v", err)
			}
			cases = append(cases, job.Case)
		}
	}
	return cases
}

// readAnswer reads what Redis says: a string, a number as a string, nil, or a list of them.
func readAnswer(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimSpace(line[1:])
	if kind == '-' {
		return nil, errors.New(rest)
	}
	if kind == '+' || kind == ':' {
		return rest, nil
	}
	length, err := strconv.Atoi(rest)
	if err != nil || length < 0 {
		return nil, err
	}
	if kind == '$' {
		text := make([]byte, length+len("\r\n"))
		_, err := io.ReadFull(r, text)
		return string(text[:length]), err
	}
	list := make([]any, length)
	for n := range list {
		if list[n], err = readAnswer(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// answered returns when the answer to a case was delivered; zero where it was not yet.
func (d *deployment) answered(t *testing.T, id deepskin.CaseID) time.Time {
	t.Helper()
	var delivered *int64
	err := d.database.QueryRow(t.Context(), "SELECT delivered FROM cases WHERE id = $1 AND status = 'answered'", id).Scan(&delivered)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && delivered == nil:
		return time.Time{}
	case err != nil:
		t.Fatal(err)
	}
	return time.UnixMilli(*delivered)
}

// count counts cases.
func (d *deployment) count(t *testing.T, where string) int {
	t.Helper()
	var n int
	if err := d.database.QueryRow(t.Context(), "SELECT count(*) FROM cases WHERE "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// holdsLease asks a bot whether it holds the conversation in Telegram.
func (i *instance) holdsLease(t *testing.T) bool {
	t.Helper()
	answer, err := http.Get("http://" + i.env["DEEPSKIN_OPS_ADDR"] + "/metrics")
	if err != nil {
		return false // it is not running
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), `deepskin_lease_held{name="telegram"} 1`)
}
