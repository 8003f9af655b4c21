package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A rule is one of deploy/alerts.yml.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

// rules reads deploy/alerts.yml.
func rules(t *testing.T) []rule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(contentOf(t, "deploy/alerts.yml")), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 10 {
		t.Fatalf("%d rules were read", len(all))
	}
	return all
}

// Rules about metrics that nothing exports would never fire.
func TestRulesAreAboutOurMetrics(t *testing.T) {
	described := map[string]string{}
	for _, row := range metricRow.FindAllStringSubmatch(contentOf(t, "docs/metrics.md"), -1) {
		described[row[1]] = row[2]
	}
	metric := regexp.MustCompile(`(deepskin_[a-z_]+?)(?:_bucket|_count)?(?:[^a-z_{]|$|\{([a-z]+)[=!])`)
	recorded := regexp.MustCompile(`deepskin:[a-z0-9_:]+`)
	var names []string
	for _, r := range rules(t) {
		names = append(names, r.Record)
	}
	for _, r := range rules(t) {
		found := metric.FindAllStringSubmatch(r.Expr, -1)
		from := recorded.FindAllString(r.Expr, -1)
		if len(found) == 0 && len(from) == 0 && !strings.HasPrefix(r.Expr, "up{") {
			t.Errorf("%s%s is about no metric of ours: %s", r.Alert, r.Record, r.Expr)
		}
		for _, m := range found {
			labels, ok := described[m[1]]
			if !ok || !strings.Contains(labels, m[2]) {
				t.Errorf("%s%s: docs/metrics.md describes no %s with the label %q", r.Alert, r.Record, m[1], m[2])
			}
		}
		for _, name := range from {
			if !slices.Contains(names, name) {
				t.Errorf("%s: no rule records %s", r.Alert, name)
			}
		}
	}
}

// Whoever is called at night must find what to do.
func TestEachAlertHasItsEntryInTheRunbook(t *testing.T) {
	runbook := contentOf(t, "docs/runbook.md")
	tests := contentOf(t, "deploy/alerts_test.yml") + contentOf(t, "deploy/alerts_days_test.yml")
	var alerts []string
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		alerts = append(alerts, r.Alert)
		a := r.Annotations
		if a["summary"] == "" || a["remedy"] == "" || a["runbook"] != "docs/runbook.md#"+strings.ToLower(r.Alert) ||
			!slices.Contains([]string{"page", "ticket", "info"}, r.Labels["severity"]) {
			t.Errorf("%s lacks its severity, summary, remedy or place in the runbook: %+v", r.Alert, r)
		}
		if !strings.Contains(tests, "alertname: "+r.Alert+"\n        exp_alerts:") {
			t.Errorf("no test has %s fire", r.Alert)
		}
	}
	var entries []string
	for entry := range strings.SplitSeq(runbook, "\n## ") {
		name, text, _ := strings.Cut(entry, "\n")
		if !strings.HasPrefix(name, "DeepSkin") {
			continue
		}
		entries = append(entries, name)
		for _, part := range []string{"**Means:**", "**Look at:**", "**Do:**"} {
			if !strings.Contains(text, part) {
				t.Errorf("the runbook's entry %s lacks %s", name, part)
			}
		}
	}
	slices.Sort(alerts)
	slices.Sort(entries)
	if !slices.Equal(alerts, entries) {
		t.Errorf("the alerts are %v, the runbook's entries %v", alerts, entries)
	}
}

func TestPrometheusTakesTheRules(t *testing.T) {
	deploy := filepath.Join(projectFolder, "deploy")
	for _, args := range [][]string{
		{"check", "rules", "alerts.yml"},
		{"check", "config", "prometheus.yml"},
		{"test", "rules", "alerts_test.yml", "alerts_days_test.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), installed(t, "promtool"), args...)
		cmd.Dir = deploy
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
