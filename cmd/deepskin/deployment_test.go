package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/internal/servers"
)

// shortDeadline replaces the two minutes after which everyone has been told something. It must
// leave time for what a sweep does for cases that stand still: 15 s until it fetches a photo again,
// 30 s until it gives one up that nobody has.
const shortDeadline = time.Minute

// fullMemory is how much Redis may hold.
const fullMemory = "256mb"

// A deployment is bots and workers apart, with a Redis and a PostgreSQL, all of them processes.
type deployment struct {
	fake          *telegramtest.Server
	discord       *discordtest.Server // nil where nobody is there
	redis         *servers.Redis
	redisDir      string
	redisPassword string
	postgres      *servers.Postgres
	database      *pgxpool.Pool // the test's own connections
	// What stands between the processes.
	botsToRedis, workersToRedis, botsToDatabase *servers.Proxy

	bots, workers []*instance
	secrets       []string // what no log may hold
}

// A plan says what is deployed.
type plan struct {
	// program is the path of the program; this test's own if empty.
	program       string
	bots, workers int
	// deadline is when everybody has been told something; zero means shortDeadline.
	deadline time.Duration
	// discord says whether the bots are on Discord, too.
	discord bool
	// more are settings for bots and workers.
	more map[string]string
	// model is the file of the model; the shipped one if empty.
	model string
}

// deploy starts everything. Each worker looks at one photo at a time.
func deploy(t *testing.T, p plan) *deployment {
	t.Helper()
	if p.program == "" {
		p.program = itself(t)
	}
	d := &deployment{fake: telegramtest.New(t)}
	d.startServers(t)
	d.botsToRedis, d.workersToRedis = servers.NewProxy(t, d.redis.Addr()), servers.NewProxy(t, d.redis.Addr())
	url, err := url.Parse(d.postgres.URL())
	if err != nil {
		t.Fatal(err)
	}
	d.botsToDatabase = servers.NewProxy(t, url.Host)
	url.Host = d.botsToDatabase.Addr()

	ofBots := withTelegram(d.fake, map[string]string{
		"DEEPSKIN_LOG_LEVEL":              "debug",
		"REDIS_URL":                       d.redisURL(d.botsToRedis.Addr()),
		"DATABASE_URL":                    url.String(),
		"DEEPSKIN_IDENTITY_KEY":           newKey(),
		"DEEPSKIN_ADDRESS_KEY":            newKey(),
		"DEEPSKIN_DEADLINE":               cmp.Or(p.deadline, shortDeadline).String(),
		"DEEPSKIN_PHOTOS_PER_MINUTE":      "0",
		"DEEPSKIN_PHOTOS_PER_DAY":         "0",
		"DEEPSKIN_PHOTOS_PER_CHAT_MINUTE": "0",
	})
	d.secrets = []string{
		d.fake.Token(), d.redisPassword, d.database.Config().ConnConfig.Password,
		ofBots["DEEPSKIN_IDENTITY_KEY"], ofBots["DEEPSKIN_ADDRESS_KEY"],
	}
	if p.discord {
		d.discord = discordtest.New(t)
		d.discord.SetPatience(patience)
		ofBots = withDiscord(d.discord, ofBots)
		d.secrets = append(d.secrets, d.discord.Token())
	}
	ofWorkers := map[string]string{
		"DEEPSKIN_LOG_LEVEL": "debug",
		"REDIS_URL":          d.redisURL(d.workersToRedis.Addr()),
		"DEEPSKIN_MODEL":     cmp.Or(p.model, modelFile), "DEEPSKIN_PROVIDER": "cpu", "DEEPSKIN_WORKERS": "1",
	}
	for n := range p.bots {
		own := map[string]string{"DEEPSKIN_ADDR": freeAddress(t), "DEEPSKIN_OPS_ADDR": freeAddress(t)}
		d.bots = append(d.bots, newInstance(t, fmt.Sprint("bot-", n+1), p.program, merge(ofBots, p.more, own), "bot"))
	}
	for n := range p.workers {
		own := map[string]string{"DEEPSKIN_OPS_ADDR": freeAddress(t)}
		d.workers = append(d.workers,
			newInstance(t, fmt.Sprint("worker-", n+1), p.program, merge(ofWorkers, p.more, own), "worker"))
	}
	for _, i := range d.processes() {
		i.launch(t)
	}
	for _, i := range d.processes() {
		i.awaitReady(t)
	}
	return d
}

// startServers starts Redis and PostgreSQL.
func (d *deployment) startServers(t *testing.T) {
	t.Helper()
	d.redisDir, d.redisPassword = t.TempDir(), rand.Text()
	var err error
	d.redis, err = servers.StartRedis(t.Context(), d.redisDir, "--appendonly", "yes",
		"--maxmemory", fullMemory, "--maxmemory-policy", "noeviction", "--requirepass", d.redisPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.redis.Stop(); err != nil {
			t.Error(err)
		}
	})
	d.postgres = servers.NewPostgres(t, "-c", "fsync=off")
	if d.database, err = pgxpool.New(t.Context(), d.postgres.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.database.Close)
}

func (d *deployment) processes() []*instance { return slices.Concat(d.bots, d.workers) }

func (d *deployment) redisURL(addr string) string {
	return fmt.Sprintf("redis://:%s@%s/0", d.redisPassword, addr)
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
	for _, i := range d.processes() {
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

// logged reports whether some bot has logged a text.
func (d *deployment) logged(t *testing.T, text string) bool {
	t.Helper()
	return slices.ContainsFunc(d.bots, func(b *instance) bool {
		log, err := os.ReadFile(b.log)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(log, []byte(text))
	})
}

// traces are what a photo looks like in a log.
func traces(photo []byte) []string {
	return []string{
		string(photo[200:220]), base64.StdEncoding.EncodeToString(photo[:300])[40:80], hex.EncodeToString(photo[200:220]),
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

// ask sends Redis a command and returns the answer: a string, a number as a string, nil, or a list of
// them.
func (d *deployment) ask(t *testing.T, words ...string) any {
	t.Helper()
	answer, err := d.tryAsk(words...)
	if err != nil {
		t.Fatalf("ask Redis: %s: %v", words[0], err)
	}
	return answer
}

func (d *deployment) tryAsk(words ...string) (any, error) {
	connection, err := net.Dial("tcp", d.redis.Addr())
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	answers := bufio.NewReader(connection)
	var answer any
	for _, words := range [][]string{{"AUTH", d.redisPassword}, words} {
		fmt.Fprintf(connection, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(connection, "$%d\r\n%s\r\n", len(word), word)
		}
		if answer, err = readAnswer(answers); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// held returns how many jobs workers hold: those that were handed out and not finished. It is zero
// where Redis cannot tell.
func (d *deployment) held() int {
	answer, err := d.tryAsk("XPENDING", "{deepskin}:jobs", "workers")
	summary, ok := answer.([]any)
	if err != nil || !ok || len(summary) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fmt.Sprint(summary[0]))
	return n
}

// length returns how many entries a stream has, zero where Redis cannot tell.
func (d *deployment) length(stream string) int {
	answer, err := d.tryAsk("XLEN", "{deepskin}:"+stream)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(fmt.Sprint(answer))
	return n
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

// count counts rows of the database, from "cases WHERE status = 'failed'" say.
func (d *deployment) count(t *testing.T, from string, args ...any) int {
	t.Helper()
	var n int
	if err := d.database.QueryRow(t.Context(), "SELECT count(*) FROM "+from, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// holdsLease asks a bot whether it holds the conversation in Telegram. One that does not answer holds
// none.
func (i *instance) holdsLease(t *testing.T) bool {
	t.Helper()
	return strings.Contains(i.metrics(t), `deepskin_lease_held{name="telegram"} 1`)
}

// metrics returns what a process tells operators in numbers; nothing where it is not running, or stands
// still.
func (i *instance) metrics(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.env["DEEPSKIN_OPS_ADDR"]+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return ""
	}
	return string(text)
}
