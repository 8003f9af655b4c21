package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/adapters/web/client"
	"deepskin/classifier/sample"
	"deepskin/internal/servers"
)

// A stack runs the services of docker-compose.yml as plain processes: the same commands with the
// same environment, except that host names and ports are those of this machine.
type stack struct {
	project *types.Project
	// program is ours, in a folder that is laid out as the image's working directory.
	program string
	// entrypoint is the program's path in the image.
	entrypoint string
	// extra is what the services get besides: where Telegram is.
	extra map[string]string
	// addresses are where the servers are, by the address that the file has for them.
	addresses map[string]string
	// traces is where Jaeger would be.
	traces *traceReceiver
	// running are the containers that were started, in that order.
	running []*container
}

// A container is what a container would be: one process of a service.
type container struct {
	name    string
	service types.ServiceConfig
	env     map[string]string
	port    string // of Redis, PostgreSQL and Prometheus
	// stop asks for a clean end and waits for it.
	stop func()
}

// up starts a service once those that it depends on are healthy, and waits until it is so itself.
func (s *stack) up(t *testing.T, name string) {
	t.Helper()
	if slices.ContainsFunc(s.running, func(c *container) bool { return c.service.Name == name }) {
		return
	}
	service := s.project.Services[name]
	for _, dependency := range slices.Sorted(maps.Keys(service.DependsOn)) {
		s.up(t, dependency)
	}
	var started []*container
	for i := range service.GetScale() {
		c := &container{name: fmt.Sprintf("%s-%d", name, i+1), service: service, env: environOf(service)}
		switch name {
		case "redis":
			s.startRedis(t, c)
		case "postgres":
			s.startPostgres(t, c)
		case "prometheus":
			s.startPrometheus(t, c)
		default:
			s.startProgram(t, c)
		}
		started = append(started, c)
	}
	s.running = append(s.running, started...)
	for _, c := range started {
		eventually(t, c.name+" is healthy", func() bool { return s.check(t, c) == nil })
	}
}

// down stops everything in the order in which docker compose does: the last first.
func (s *stack) down(t *testing.T) {
	t.Helper()
	for _, c := range slices.Backward(s.running) {
		c.stop()
		if s.check(t, c) == nil {
			t.Errorf("%s has ended, but its health check says that it is well", c.name)
		}
	}
}

func (s *stack) startRedis(t *testing.T, c *container) {
	t.Helper()
	if c.service.Command[0] != "redis-server" {
		t.Fatalf("Redis is started by %s", c.service.Command[0])
	}
	server := servers.NewRedis(t, c.service.Command[1:]...)
	c.stop = ending(t, c, server)
	c.port = s.reachable(t, "redis:6379", server.Addr())
}

// startPostgres starts a PostgreSQL with the user, the password and the database that the image
// makes from its environment.
func (s *stack) startPostgres(t *testing.T, c *container) {
	t.Helper()
	server := servers.NewPostgres(t, "-c", "fsync=off")
	c.stop = ending(t, c, server)
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	c.port = s.reachable(t, "postgres:5432", u.Host)
	if c.env["POSTGRES_USER"] != u.User.Username() || "/"+c.env["POSTGRES_DB"] != u.Path {
		t.Fatalf("user and database are %s and %s", c.env["POSTGRES_USER"], c.env["POSTGRES_DB"])
	}
	connection, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = connection.Exec(t.Context(), fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'",
		pgx.Identifier{u.User.Username()}.Sanitize(), c.env["POSTGRES_PASSWORD"]))
	if err := errors.Join(err, connection.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// ending stops a server.
func ending(t *testing.T, c *container, server interface{ Stop() error }) func() {
	return func() {
		if err := server.Stop(); err != nil {
			t.Errorf("%s did not end cleanly: %v", c.name, err)
		}
	}
}

// reachable notes where a server is and returns its port.
func (s *stack) reachable(t *testing.T, name, address string) string {
	t.Helper()
	s.addresses[name] = address
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// startProgram starts a process of ours, with the environment of the file and nothing else.
func (s *stack) startProgram(t *testing.T, c *container) {
	t.Helper()
	for name, value := range c.env {
		switch {
		case strings.HasPrefix(value, ":"): // a port of its own
			c.env[name] = freeAddress(t)
		case strings.HasSuffix(name, "_URL"):
			for host, address := range s.addresses {
				value = strings.Replace(value, "@"+host, "@"+address, 1)
			}
			c.env[name] = value
		case name == "OTEL_EXPORTER_OTLP_ENDPOINT":
			c.env[name] = strings.Replace(value, "jaeger:4318", s.addresses["jaeger:4318"], 1)
		}
	}
	if c.service.Name == "bot" {
		maps.Copy(c.env, s.extra)
	}
	i := newInstance(t, c.name, s.program, c.env, c.service.Command...)
	i.launch(t)
	c.stop = func() { i.stop(t) }
}

// check runs the service's health check, once.
func (s *stack) check(t *testing.T, c *container) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	test := c.service.HealthCheck.Test
	if test[0] != "CMD" {
		t.Fatalf("the health check of %s needs a shell: %v", c.service.Name, test)
	}
	program, args := test[1], test[2:]
	var cmd *exec.Cmd
	switch program {
	case s.entrypoint:
		cmd = exec.CommandContext(ctx, s.program, args...)
	case "redis-cli":
		cmd = exec.CommandContext(ctx, installed(t, program), append([]string{"-p", c.port}, args...)...)
	case "wget":
		there := strings.Replace(args[len(args)-1], "localhost:9090", s.addresses["prometheus:9090"], 1)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, there, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	case "pg_isready":
		cmd = exec.CommandContext(ctx, installed(t, program), args...)
		cmd.Env = append(cmd.Env, "PGPORT="+c.port)
	default:
		t.Fatalf("the image of %s does not have %s", c.service.Name, program)
	}
	cmd.Env = append(cmd.Env, asProgram+"=1")
	for name, value := range c.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd.Run()
}

// installed finds a program of Redis, PostgreSQL or Prometheus. Debian puts some of these outside the PATH.
func installed(t *testing.T, name string) string {
	t.Helper()
	if program, err := exec.LookPath(name); err == nil {
		return program
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is missing: 'make test' installs it (%v)", name, err)
	}
	return found[len(found)-1]
}

// composeUp starts all services, with Telegram. In place of Jaeger there is a receiver of traces; Grafana
// cannot be had here.
func composeUp(t *testing.T, fake *telegramtest.Server) *stack {
	t.Helper()
	envFile := madeEnv(t)
	content, err := os.ReadFile(envFile)
	if err != nil {
		t.Fatal(err)
	}
	save(t, envFile, []byte(strings.NewReplacer("\nTELEGRAM_TOKEN=", "\nTELEGRAM_TOKEN="+fake.Token(),
		"\nOTEL_EXPORTER_OTLP_ENDPOINT=", "\nOTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318").Replace(string(content))))
	traces := newTraceReceiver(t)
	_, entrypoint := dockerfile(t)
	s := &stack{
		project: composeProject(t, envFile, "observability"), traces: traces, program: inImage(t), entrypoint: entrypoint,
		extra: map[string]string{"TELEGRAM_API": fake.Endpoint()}, addresses: map[string]string{"jaeger:4318": strings.TrimPrefix(traces.URL, "http://")},
	}
	for _, name := range s.project.ServiceNames() {
		if name != "grafana" && name != "jaeger" && name != "prometheus" {
			s.up(t, name)
		}
	}
	s.up(t, "prometheus") // which asks the others
	return s
}

// of returns the first container of a service.
func (s *stack) of(t *testing.T, service string) *container {
	t.Helper()
	i := slices.IndexFunc(s.running, func(c *container) bool { return c.service.Name == service })
	if i < 0 {
		t.Fatalf("%s does not run", service)
	}
	return s.running[i]
}

func TestComposeRuns(t *testing.T) {
	fake := telegramtest.New(t)
	s := composeUp(t, fake)
	if len(s.running) != 6 {
		t.Fatalf("%d containers", len(s.running))
	}
	s.checkRedis(t)

	visitor := client.New("http://" + s.of(t, "bot").env["DEEPSKIN_ADDR"])
	answer := ask(t, visitor, photo(t, 1))
	if answer.Status != deepskin.Answered || len(answer.Diagnoses) != 7 {
		t.Errorf("the page's answer: %+v", answer)
	}
	if err := visitor.Judge(t.Context(), answer.ID, deepskin.Verdict{Truth: deepskin.TruthBenign}); err != nil {
		t.Error(err)
	}
	fake.SendPhoto(anna, anna, photo(t, 2))
	tap(t, fake, anna, shown(t, fake, anna, "photos?"), "Yes")
	shown(t, fake, anna, "from one photo, not a diagnosis")
	before := s.measure(t)
	second := photo(t, 3)
	fake.SendPhoto(anna, anna, second)
	s.checkMoves(t, before)
	trace := s.traces.traceOf(t, "deepskin-bot: fetch photo", []string{
		"deepskin-bot: receive photo", "deepskin-bot: store case", "deepskin-bot: advance case", "deepskin-bot: acknowledge",
		"deepskin-bot: hold photo", "deepskin-bot: enqueue", "deepskin-worker: wait in queue", "deepskin-worker: work on job",
		"deepskin-worker: get photo", "deepskin-worker: assess photo", "deepskin-worker: decode", "deepskin-worker: run model",
		"deepskin-worker: look closer", "deepskin-worker: hand over", "deepskin-bot: take result", "deepskin-bot: deliver",
	})
	blurred := drawn(t, 1, sample.Options{Width: 400, Height: 300, Fault: sample.Blurred})
	if answer := ask(t, visitor, blurred); answer.Label != deepskin.Inconclusive {
		t.Errorf("the answer to a blurred photo: %+v", answer)
	}
	exported := map[string]string{}
	for _, c := range s.running {
		if address, ok := c.env["DEEPSKIN_OPS_ADDR"]; ok {
			maps.Copy(exported, exportedMetrics(t, address))
		}
	}
	checkMetricsPage(t, exported)
	s.checkDashboard(t)
	s.checkRules(t)

	s.down(t)
	checkTree(t, s.traces.whole(trace))
	s.traces.checkPrivacy(t, map[string]string{
		"token": fake.Token(), "token's secret part": fake.Token()[len(fake.Token())-12:], "photo": string(second[200:220]),
		"chat ID": strconv.Itoa(anna), "password of Redis": s.of(t, "redis").env["REDISCLI_AUTH"], "key": s.of(t, "bot").env["DEEPSKIN_IDENTITY_KEY"],
		"answer": "not a diagnosis", "address of Telegram": strings.TrimPrefix(fake.Endpoint(), "http://"),
	})
}

// checkRedis asks Redis what its command line made of it.
func (s *stack) checkRedis(t *testing.T) {
	t.Helper()
	c := s.of(t, "redis")
	cli := func(password string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), installed(t, "redis-cli"), append([]string{"-e", "-p", c.port}, args...)...)
		cmd.Env = []string{"REDISCLI_AUTH=" + password}
		output, err := cmd.Output()
		return strings.TrimSpace(string(output)), err
	}
	if said, err := cli("", "ping"); err == nil {
		t.Errorf("without the password Redis says %q", said)
	}
	for name, want := range map[string]string{
		"appendonly": "yes", "save": "", "maxmemory-policy": "noeviction", "maxmemory": fmt.Sprint(1 << 30),
	} {
		said, err := cli(c.env["REDISCLI_AUTH"], "--raw", "config", "get", name)
		if err != nil || strings.TrimSpace(strings.TrimPrefix(said, name)) != want {
			t.Errorf("Redis has %q, want %q: %v", said, want, err)
		}
	}
	if c.service.MemLimit < 2<<30 {
		t.Error("Redis may need twice its data while it rewrites the append-only file")
	}
}
