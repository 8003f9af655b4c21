package main

import (
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
)

// madeEnv lets deploy/dotenv.sh write a file of variables and returns its path.
func madeEnv(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if output, err := exec.Command(filepath.Join(projectFolder, "deploy/dotenv.sh"), path).CombinedOutput(); err != nil {
		t.Fatalf("deploy/dotenv.sh: %v\n%s", err, output)
	}
	return path
}

// loadCompose reads and validates docker-compose.yml as docker compose does, with the variables of
// a file and some of its profiles.
func loadCompose(t *testing.T, envFile string, profiles ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(projectFolder, "docker-compose.yml")},
		cli.WithEnvFiles(envFile), cli.WithDotEnv, cli.WithProfiles(profiles))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func composeProject(t *testing.T, envFile string, profiles ...string) *types.Project {
	t.Helper()
	project, err := loadCompose(t, envFile, profiles...)
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// environOf is the environment that the file gives to a service.
func environOf(service types.ServiceConfig) map[string]string {
	env := map[string]string{}
	for name, value := range service.Environment {
		if value != nil {
			env[name] = *value
		}
	}
	return env
}

func TestDotenvIsMadeOnceForTheOwnerOnly(t *testing.T) {
	path := madeEnv(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := exec.Command(filepath.Join(projectFolder, "deploy/dotenv.sh"), path).Run(); err == nil {
		t.Error("a second run says that all is well")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the second run changed the file, %v", err)
	}
	ignored := exec.Command("git", "check-ignore", "--quiet", ".env")
	ignored.Dir = projectFolder
	if err := ignored.Run(); err != nil {
		t.Errorf("git does not ignore .env: %v", err)
	}

	values, err := dotenv.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := dotenv.Read(madeEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		if forTheOwner(name) {
			continue
		}
		if len(value) < 32 || value == other[name] {
			t.Errorf("%s is no secret", name)
		}
		if strings.HasSuffix(name, "PASSWORD") && url.UserPassword("", value).String() != ":"+value {
			t.Errorf("%s cannot be part of a URL as it is", name)
		}
	}
	s := settings{IdentityKey: values["DEEPSKIN_IDENTITY_KEY"], AddressKey: values["DEEPSKIN_ADDRESS_KEY"]}
	if _, err := s.keys(); err != nil {
		t.Error(err)
	}
}

// forTheOwner reports whether a variable is for the owner of the service to fill in.
func forTheOwner(name string) bool {
	return name == "DEEPSKIN_PUBLIC_URL" || name == "DEEPSKIN_KEYS" || name == "TELEGRAM_TOKEN" || strings.HasPrefix(name, "DISCORD_") ||
		strings.HasPrefix(name, "OTEL_")
}

func TestComposeMissesNoSecret(t *testing.T) {
	path := madeEnv(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, err := dotenv.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		missing := filepath.Join(t.TempDir(), ".env")
		save(t, missing, []byte(strings.ReplaceAll(string(content), name+"=", "X=")))
		_, err := loadCompose(t, missing)
		if forTheOwner(name) {
			if err != nil {
				t.Errorf("without %s: %v", name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "deploy/dotenv.sh") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// What the file itself says may be read by all, so no secret may be in it: it must be different for
// each .env.
func TestComposeKeepsItsSecretsInVariables(t *testing.T) {
	one, other := composeProject(t, madeEnv(t)), composeProject(t, madeEnv(t))
	public := map[string]string{
		"DEEPSKIN_ADDR": ":8080", "DEEPSKIN_OPS_ADDR": ":9090", "DEEPSKIN_PUBLIC_URL": "", "TELEGRAM_TOKEN": "",
		"DISCORD_TOKEN": "", "DISCORD_CHANNELS": "", "DISCORD_TEAM_CHANNEL": "", "DISCORD_REVIEWER_ROLE": "",
		"POSTGRES_USER": "deepskin", "POSTGRES_DB": "deepskin",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1",
	}
	for name, service := range one.Services {
		otherEnv := environOf(other.Services[name])
		for key, value := range environOf(service) {
			if known, ok := public[key]; value == otherEnv[key] && (!ok || value != known) {
				t.Errorf("%s: %s does not come from .env", name, key)
			}
		}
	}
	command, otherCommand := one.Services["redis"].Command, other.Services["redis"].Command
	password := slices.Index(command, "--requirepass") + 1
	if password == 0 || command[password] == otherCommand[password] {
		t.Errorf("Redis has no password from .env")
	}
}

func TestComposeGivesEachServiceOnlyWhatItNeeds(t *testing.T) {
	project := composeProject(t, madeEnv(t))
	if len(project.Services) != 4 {
		t.Fatalf("services: %v", project.ServiceNames())
	}
	for name, want := range map[string][]string{
		"bot": {
			"DATABASE_URL", "DEEPSKIN_ADDR", "DEEPSKIN_ADDRESS_KEY", "DEEPSKIN_IDENTITY_KEY", "DEEPSKIN_KEYS", "DEEPSKIN_OPS_ADDR",
			"DEEPSKIN_PUBLIC_URL", "DISCORD_CHANNELS", "DISCORD_REVIEWER_ROLE", "DISCORD_TEAM_CHANNEL", "DISCORD_TOKEN",
			"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "REDIS_URL", "TELEGRAM_TOKEN",
		},
		"worker": { // no token, no keys, no database
			"DEEPSKIN_OPS_ADDR", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "REDIS_URL",
		},
		"redis":    {"REDISCLI_AUTH"},
		"postgres": {"POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER"},
	} {
		if got := slices.Sorted(maps.Keys(environOf(project.Services[name]))); !slices.Equal(got, want) {
			t.Errorf("%s has %v in its environment, want %v", name, got, want)
		}
	}
	for name, want := range map[string][]string{
		"bot": {"outside", "queue", "store"}, "worker": {"queue"}, "redis": {"queue"}, "postgres": {"store"},
	} {
		service := project.Services[name]
		if got := slices.Sorted(maps.Keys(service.Networks)); !slices.Equal(got, want) {
			t.Errorf("%s is in the networks %v, want %v", name, got, want)
		}
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || service.MemLimit <= 0 ||
			!slices.Equal(service.SecurityOpt, []string{"no-new-privileges:true"}) || service.Privileged {
			t.Errorf("%s has more rights than it needs", name)
		}
		if service.Restart != "unless-stopped" || service.HealthCheck == nil || len(service.HealthCheck.Test) == 0 {
			t.Errorf("%s is not started again or not checked", name)
		}
		if (name == "bot") != (len(service.Ports) > 0) {
			t.Errorf("%s publishes the ports %v", name, service.Ports)
		}
	}
	if !project.Networks["queue"].Internal || !project.Networks["store"].Internal {
		t.Error("the inner networks lead outside")
	}
	bot, worker := project.Services["bot"], project.Services["worker"]
	if len(bot.Ports) != 1 || bot.Ports[0].Published != "8080" || bot.Ports[0].Target != 8080 {
		t.Errorf("the bot publishes %v", bot.Ports)
	}
	if worker.GetScale() != 2 {
		t.Errorf("%d workers", worker.GetScale())
	}
	// Longer than they take to end by themselves.
	for name, limit := range map[string]time.Duration{"bot": 15 * time.Second, "worker": 20 * time.Second} {
		if grace := project.Services[name].StopGracePeriod; grace == nil || time.Duration(*grace) <= limit {
			t.Errorf("%s gets %v to end", name, grace)
		}
	}
	for service, dependencies := range map[string][]string{"bot": {"postgres", "redis"}, "worker": {"redis"}} {
		for _, name := range dependencies {
			if d := project.Services[service].DependsOn[name]; d.Condition != types.ServiceConditionHealthy || !d.Required {
				t.Errorf("%s does not wait for %s", service, name)
			}
		}
	}
}
