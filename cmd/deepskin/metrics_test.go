package main

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// exportedMetrics asks a process for its metrics and returns the names of ours, each with its
// labels.
func exportedMetrics(t *testing.T, address string) map[string]string {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	exported := map[string]string{}
	for name, family := range families {
		if !strings.HasPrefix(name, "deepskin_") {
			continue
		}
		var labels []string
		for _, label := range family.Metric[0].Label {
			labels = append(labels, label.GetName())
		}
		slices.Sort(labels)
		exported[name] = strings.Join(labels, ", ")
	}
	return exported
}

// A metric's row of the page: its name, perhaps with labels, and the rest.
var metricRow = regexp.MustCompile("(?m)^\\| `(deepskin_[a-z_]+)(?:\\{([a-z, ]+)\\})?` \\| .+ \\|$")

// checkMetricsPage compares docs/metrics.md with what bots and workers export.
func checkMetricsPage(t *testing.T, exported map[string]string) {
	t.Helper()
	described := map[string]string{}
	for _, row := range metricRow.FindAllStringSubmatch(contentOf(t, "docs/metrics.md"), -1) {
		labels := strings.Split(row[2], ", ")
		slices.Sort(labels)
		described[row[1]] = strings.Join(labels, ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		labels, ok := described[name]
		if !ok {
			t.Errorf("docs/metrics.md does not describe %s", name)
		} else if labels != exported[name] {
			t.Errorf("%s has the labels {%s}, docs/metrics.md says {%s}", name, exported[name], labels)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		if _, ok := exported[name]; !ok {
			t.Errorf("docs/metrics.md describes %s, which nothing exports", name)
		}
	}
}
