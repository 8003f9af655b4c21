package dashboard

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"deepskin/internal/evaluation"
)

const (
	// metricDays is the span of time of the metrics.
	metricDays = 7
	// scrapeTime bounds how long a scrape waits for the store.
	scrapeTime = 2 * time.Second
)

var (
	psi = prometheus.NewDesc("deepskin_drift_psi",
		"Population stability index of a feature of the last 7 days' photos, by kind of photo; NaN where there are too few.",
		[]string{"kind", "feature"}, nil)
	watched = prometheus.NewDesc("deepskin_drift_photos",
		"Photos of the last 7 days that the current model looked at, by kind of photo.", []string{"kind"}, nil)
	down = prometheus.NewDesc("deepskin_thumbs_down_share",
		"Share of verdicts on answers to the last 7 days' photos that disagree, by model: value, and the bounds of the 95% interval, low and high; NaN where there are none.",
		[]string{"version", "bound"}, nil)
)

// Describe implements prometheus.Collector.
func (d *Dashboard) Describe(c chan<- *prometheus.Desc) { c <- psi; c <- watched; c <- down }

// Collect implements prometheus.Collector. It leaves out what the store does not tell.
func (d *Dashboard) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	f, err := d.watch(ctx, metricDays)
	if err != nil {
		d.Logger.WarnContext(ctx, "drift could not be measured", "error", err)
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, kind := range kinds {
		for _, s := range f.shifts(kind) {
			value := math.NaN()
			if s.known {
				value = s.PSI
			}
			gauge(psi, value, string(kind), s.Name)
		}
		gauge(watched, float64(f.total.Features[f.card.Version][kind]["label"].Total()), string(kind))
	}
	for _, v := range f.versions() {
		low, high := evaluation.Wilson(v.Down, v.Up+v.Down)
		gauge(down, float64(v.Down)/float64(v.Up+v.Down), v.Version, "value")
		gauge(down, low, v.Version, "low")
		gauge(down, high, v.Version, "high")
	}
}
