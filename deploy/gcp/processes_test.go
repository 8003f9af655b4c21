package gcp

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// settings are the names of all environment variables that the program reads.
func settings(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../cmd/deepskin/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`env:"([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, match[1])
	}
	if !slices.Contains(names, "REDIS_URL") {
		t.Fatalf("the program's settings are not where they were: %v", names)
	}
	return append(names, "DEEPSKIN_MODELS") // the model registry's
}

// keys are the literal keys by which an expression, or all in a block, picks of secrets.
func keys(node hclsyntax.Node) []string {
	var found []string
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok && strings.HasPrefix(e.Traversal.RootName(), "google_secret_manager_secret") {
			for _, step := range e.Traversal {
				if index, ok := step.(hcl.TraverseIndex); ok {
					found = append(found, index.Key.AsString())
				}
			}
		}
		return nil
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// text is an attribute as it is written.
func text(t *testing.T, b *hclsyntax.Block, name string) string {
	t.Helper()
	attribute, ok := b.Body.Attributes[name]
	if !ok {
		return ""
	}
	source := attribute.Expr.Range()
	return string(source.SliceBytes(files(t)[source.Filename]))
}

// process returns the template and the container of the bot or of a worker.
func process(t *testing.T, kind, name string) (template, container *hclsyntax.Block) {
	t.Helper()
	b := block(t, "resource", kind, name)
	templates, containers := inside(b, "template"), inside(b, "template", "containers")
	if len(templates) != 1 || len(containers) != 1 {
		t.Fatalf("%s has %d templates and %d containers", name, len(templates), len(containers))
	}
	return templates[0], containers[0]
}

// environment are the names and values that a container's env blocks spell out.
func environment(container *hclsyntax.Block) map[string]string {
	env := map[string]string{}
	for _, e := range inside(container, "env") {
		if name := literal(e, "name"); name != "" {
			env[name] = literal(e, "value")
		}
	}
	return env
}

// checkProbes holds a container's probes to what the program answers.
func checkProbes(t *testing.T, container *hclsyntax.Block) {
	t.Helper()
	_, port, _ := strings.Cut(environment(container)["DEEPSKIN_OPS_ADDR"], ":")
	for probe, path := range map[string]string{"startup_probe": "/readyz", "liveness_probe": "/healthz"} {
		get := inside(container, probe, "http_get")
		if len(get) != 1 || literal(get[0], "path") != path || literal(get[0], "port") != port {
			t.Errorf("the %s does not ask for %s at port %s", probe, path, port)
		}
	}
	known := settings(t)
	for name := range environment(container) {
		if !slices.Contains(known, name) {
			t.Errorf("the program does not read %s", name)
		}
	}
}

func TestBotAlwaysRuns(t *testing.T) {
	template, container := process(t, "google_cloud_run_v2_service", "bot")
	if least := inside(template, "scaling"); len(least) != 1 || literal(least[0], "min_instance_count") != "1" {
		t.Error("nobody asks Telegram for messages when the page is not looked at")
	}
	if r := inside(container, "resources"); len(r) != 1 || literal(r[0], "cpu_idle") != "false" {
		t.Error("it has a CPU only while the page is looked at")
	}
	if got := text(t, template, "service_account"); got != "google_service_account.bot.email" {
		t.Errorf("it runs as %s", got)
	}
	if got := text(t, container, "args"); got != `["bot"]` {
		t.Errorf("it runs %s", got)
	}
	checkProbes(t, container)

	known := settings(t)
	for _, b := range blocks(t) {
		if b.Type != "locals" || b.Body.Attributes["secrets"] == nil {
			continue
		}
		items := b.Body.Attributes["secrets"].Expr.(*hclsyntax.ObjectConsExpr).Items
		for _, item := range items {
			if name := hcl.ExprAsKeyword(item.KeyExpr); !slices.Contains(known, name) {
				t.Errorf("the program does not read the secret %q", name)
			}
		}
		if len(items) != 6 {
			t.Errorf("%d secrets", len(items))
		}
	}
}

func TestWorkersHoldTheModelAndNothingElse(t *testing.T) {
	template, container := process(t, "google_cloud_run_v2_worker_pool", "worker")
	if got := keys(container.Body); !slices.Equal(got, []string{"REDIS_URL"}) {
		t.Errorf("they are given the secrets %v", got)
	}
	if len(environment(container)) != len(inside(container, "env")) {
		t.Error("they are given more than is spelt out")
	}
	if got := text(t, template, "service_account"); got != "google_service_account.worker.email" {
		t.Errorf("they run as %s", got)
	}
	if got := text(t, container, "args"); got != `["worker"]` {
		t.Errorf("they run %s", got)
	}
	grants := 0
	for _, b := range blocks(t) {
		if b.Type != "resource" || !strings.Contains(b.Labels[0], "_iam_") || !strings.Contains(text(t, b, "member"), "google_service_account.worker") {
			continue
		}
		grants++
		got := literal(b, "role") + " " + text(t, b, "secret_id") + text(t, b, "bucket")
		if !slices.Contains([]string{
			`roles/secretmanager.secretAccessor google_secret_manager_secret.all["REDIS_URL"].id`,
			`roles/storage.objectViewer google_storage_bucket.models.name`,
		}, got) {
			t.Errorf("they have the right %s", got)
		}
	}
	if grants != 2 {
		t.Errorf("they have %d rights", grants)
	}
	if out := inside(template, "vpc_access"); len(out) != 1 || literal(out[0], "egress") != "ALL_TRAFFIC" {
		t.Error("they have a way to the internet")
	}
	wall := block(t, "resource", "google_compute_firewall", "worker_without_database")
	if tags := inside(template, "vpc_access", "network_interfaces"); len(tags) != 1 || text(t, tags[0], "tags") != text(t, wall, "target_tags") {
		t.Error("the firewall does not keep them from the database")
	}
	checkProbes(t, container)
}

func TestModelsAreMountedForReading(t *testing.T) {
	template, container := process(t, "google_cloud_run_v2_worker_pool", "worker")
	bucket := inside(template, "volumes", "gcs")
	if len(bucket) != 1 || literal(bucket[0], "read_only") != "true" || text(t, bucket[0], "bucket") != "google_storage_bucket.models.name" {
		t.Error("the registry is not mounted, or to be written to")
	}
	mounts := inside(container, "volume_mounts")
	if len(mounts) != 1 || literal(mounts[0], "mount_path") != environment(container)["DEEPSKIN_MODELS"] {
		t.Error("the registry is not where workers look for it")
	}
}

func TestPoolHasAnL4(t *testing.T) {
	pool := block(t, "resource", "google_cloud_run_v2_worker_pool", "worker")
	selectors := inside(pool, "template", "node_selector")
	if len(selectors) != 1 || text(t, selectors[0], "accelerator") != "node_selector.value" {
		t.Fatal("no GPU is asked for")
	}
	for _, b := range blocks(t) {
		if b.Type != "locals" || b.Body.Attributes["worker_limits"] == nil {
			continue
		}
		with := b.Body.Attributes["worker_limits"].Expr.(*hclsyntax.ConditionalExpr).TrueResult
		got := string(with.Range().SliceBytes(files(t)[with.Range().Filename]))
		if got != `tomap({ cpu = "4", memory = "16Gi", "nvidia.com/gpu" = "1" })` { // the least that Cloud Run has beside one
			t.Errorf("with a GPU a worker gets %s", got)
		}
	}
}
