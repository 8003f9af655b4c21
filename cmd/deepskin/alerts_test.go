package main

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Alerts about metrics that nothing exports would never fire.
func TestAlertsAreAboutOurMetrics(t *testing.T) {
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(contentOf(t, "deploy/alerts.yml")), &rules); err != nil {
		t.Fatal(err)
	}
	described := map[string]string{}
	for _, row := range metricRow.FindAllStringSubmatch(contentOf(t, "docs/metrics.md"), -1) {
		described[row[1]] = row[2]
	}
	metric := regexp.MustCompile(`(deepskin_[a-z_]+)(?:\{([a-z]+)=)?`)
	count := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			count++
			if rule.Alert == "" || rule.Annotations["summary"] == "" || rule.Annotations["remedy"] == "" || rule.Labels["severity"] == "" {
				t.Errorf("a rule of %s lacks its name, severity, summary or remedy: %+v", group.Name, rule)
			}
			if strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
				t.Errorf("%s: unbalanced: %s", rule.Alert, rule.Expr)
			}
			found := metric.FindAllStringSubmatch(rule.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%s is about no metric of ours: %s", rule.Alert, rule.Expr)
			}
			for _, m := range found {
				labels, ok := described[m[1]]
				if !ok || !strings.Contains(labels, m[2]) {
					t.Errorf("%s: docs/metrics.md describes no %s with the label %q", rule.Alert, m[1], m[2])
				}
			}
		}
	}
	if count < 5 {
		t.Errorf("%d rules were read", count)
	}
}
