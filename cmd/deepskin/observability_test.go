package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"deepskin/internal/servers"
)

// startPrometheus starts a Prometheus with the files that the container would have. In place of
// Docker's name server, the configuration gets the addresses of the processes.
func (s *stack) startPrometheus(t *testing.T, c *container) {
	t.Helper()
	folder := t.TempDir()
	for _, volume := range c.service.Volumes {
		if volume.Type != "bind" {
			continue
		}
		content, err := os.ReadFile(volume.Source)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(volume.Target) == "prometheus.yml" {
			content = s.withAddresses(t, content)
		}
		save(t, filepath.Join(folder, filepath.Base(volume.Target)), content)
	}
	args := slices.DeleteFunc(slices.Clone(c.service.Command), func(arg string) bool {
		return strings.HasPrefix(arg, "--config.file=/etc/prometheus/") || strings.HasPrefix(arg, "--storage.tsdb.path=")
	})
	server := servers.NewPrometheus(t, filepath.Join(folder, "prometheus.yml"), args...)
	c.stop = ending(t, c, server)
	c.port = s.reachable(t, "prometheus:9090", server.Addr())
}

// withAddresses is Prometheus' configuration with the addresses of what runs here, and in a hurry.
func (s *stack) withAddresses(t *testing.T, content []byte) []byte {
	t.Helper()
	var config map[string]any
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	config["global"] = map[string]any{"scrape_interval": "1s", "evaluation_interval": "1s"}
	for _, job := range config["scrape_configs"].([]any) {
		job := job.(map[string]any)
		byName := job["dns_sd_configs"].([]any)[0].(map[string]any)
		name := byName["names"].([]any)[0].(string)
		if own := environOf(s.project.Services[name])["DEEPSKIN_OPS_ADDR"]; own != fmt.Sprintf(":%v", byName["port"]) {
			t.Errorf("Prometheus asks %s on port %v, but it listens on %q", name, byName["port"], own)
		}
		var targets []string
		for _, c := range s.running {
			if c.service.Name == name {
				targets = append(targets, c.env["DEEPSKIN_OPS_ADDR"])
			}
		}
		delete(job, "dns_sd_configs")
		job["static_configs"] = []any{map[string]any{"targets": targets}}
	}
	changed, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// askPrometheus asks Prometheus' API for something.
func (s *stack) askPrometheus(t *testing.T, path string, answer any) error {
	t.Helper()
	response, err := http.Get("http://" + s.addresses["prometheus:9090"] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	return json.Unmarshal(text, answer)
}

// query has Prometheus compute an expression and returns the values of its series.
func (s *stack) query(t *testing.T, expr string) []float64 {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := s.askPrometheus(t, "/api/v1/query?query="+url.QueryEscape(expr), &answer); err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var values []float64
	for _, series := range answer.Data.Result {
		value, err := strconv.ParseFloat(series.Value[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	return values
}

// stages are what each stage of a photo on a chat platform moves.
var stages = []string{
	`sum(deepskin_platform_updates_total)`,
	`sum(deepskin_bot_stage_seconds_count{stage="fetch"})`,
	`sum(deepskin_worker_stage_seconds_count{stage="queued"})`,
	`sum(deepskin_worker_stage_seconds_count{stage="assess"})`,
	`sum(deepskin_worker_stage_seconds_count{stage="hand_over"})`,
	`sum(deepskin_jobs_total{outcome="assessed"})`,
	`sum(deepskin_photos_total{platform="telegram",outcome=~"answered|refused"})`,
	`sum(deepskin_bot_stage_seconds_count{stage="deliver"})`,
	`sum(deepskin_bot_stage_seconds_count{stage="answer"})`,
}

// measure returns what Prometheus knows of each stage, once it knows all.
func (s *stack) measure(t *testing.T) []float64 {
	t.Helper()
	var values []float64
	for _, expr := range stages {
		eventually(t, "Prometheus knows "+expr, func() bool {
			found := s.query(t, expr)
			if len(found) == 1 {
				values = append(values, found[0])
			}
			return len(found) == 1
		})
	}
	return values
}

// checkMoves waits until Prometheus has seen each stage of one more photo.
func (s *stack) checkMoves(t *testing.T, before []float64) {
	t.Helper()
	for i, expr := range stages {
		eventually(t, "Prometheus sees a move of "+expr, func() bool {
			now := s.query(t, expr)
			return len(now) == 1 && now[0] > before[i]
		})
	}
}

// checkDashboard wants series for each expression of the dashboard.
func (s *stack) checkDashboard(t *testing.T) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title      string
			Datasource struct{ UID string }
			Targets    []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(contentOf(t, "deploy/grafana/dashboards/deepskin.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	if len(dashboard.Panels) < 10 {
		t.Fatalf("the dashboard has %d panels", len(dashboard.Panels))
	}
	for _, panel := range dashboard.Panels {
		if panel.Datasource.UID != "prometheus" || len(panel.Targets) == 0 {
			t.Errorf("the panel %q asks nothing of Prometheus", panel.Title)
		}
		for _, target := range panel.Targets {
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")
			eventually(t, fmt.Sprintf("%q has series: %s", panel.Title, expr), func() bool { return len(s.query(t, expr)) > 0 })
		}
	}
}

// checkRules wants Prometheus to have evaluated all rules without an error.
func (s *stack) checkRules(t *testing.T) {
	t.Helper()
	want := len(rules(t))
	eventually(t, "Prometheus has evaluated all rules", func() bool {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, LastError string }
				}
			}
		}
		if err := s.askPrometheus(t, "/api/v1/rules", &answer); err != nil {
			t.Fatal(err)
		}
		well := 0
		for _, group := range answer.Data.Groups {
			for _, r := range group.Rules {
				if r.LastError != "" {
					t.Fatalf("%s: %s", r.Name, r.LastError)
				}
				if r.Health == "ok" {
					well++
				}
			}
		}
		return well == want
	})
}

// What Grafana is given must be where it looks for it.
func TestGrafanaFindsItsFiles(t *testing.T) {
	project := composeProject(t, madeEnv(t), "observability")
	grafana := project.Services["grafana"]
	inContainer := func(path string) string {
		for _, v := range grafana.Volumes {
			if rest, ok := strings.CutPrefix(path, v.Target); ok && v.ReadOnly {
				return v.Source + rest
			}
		}
		t.Fatalf("%s is in no volume", path)
		return ""
	}
	var source struct {
		Datasources []struct{ UID, Type, URL string }
	}
	var provider struct {
		Providers []struct{ Options struct{ Path string } }
	}
	for path, into := range map[string]any{
		"/etc/grafana/provisioning/datasources/prometheus.yml": &source,
		"/etc/grafana/provisioning/dashboards/deepskin.yml":    &provider,
	} {
		content, err := os.ReadFile(inContainer(path))
		if err == nil {
			err = yaml.Unmarshal(content, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(source.Datasources) != 1 || source.Datasources[0].UID != "prometheus" || source.Datasources[0].URL != "http://prometheus:9090" {
		t.Errorf("data sources: %+v", source)
	}
	for _, path := range []string{
		provider.Providers[0].Options.Path + "/deepskin.json", environOf(grafana)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"],
	} {
		if _, err := os.Stat(inContainer(path)); err != nil {
			t.Error(err)
		}
	}
	for name, networks := range map[string][]string{
		"prometheus": {"observability", "queue"}, "grafana": {"observability", "outside"}, "jaeger": {"outside", "queue"},
	} {
		service := project.Services[name]
		for network := range service.Networks {
			if !slices.Contains(networks, network) {
				t.Errorf("%s is in the network %s", name, network)
			}
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s shows port %s to other machines", name, port.Published)
			}
		}
		_, version, pinned := strings.Cut(service.Image, ":")
		if !pinned || version == "latest" || !service.ReadOnly || service.MemLimit <= 0 || !slices.Equal(service.CapDrop, []string{"ALL"}) {
			t.Errorf("%s has no version, or more rights than it needs", name)
		}
	}
}
