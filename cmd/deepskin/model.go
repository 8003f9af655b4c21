package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"deepskin/bot"
	"deepskin/classifier"
	"deepskin/internal/registry"
)

// A modelSource is a file with a model, and what is known of it before it is opened.
type modelSource struct {
	path string
	want classifier.Identity
}

// fileOf is a version's file in the registry.
func fileOf(r *registry.Registry, version, sha256 string) modelSource {
	return modelSource{r.Path(version), classifier.Identity{Version: version, SHA256: sha256}}
}

// servedFile is the model that serves: what was promoted in the registry, or else DEEPSKIN_MODEL.
func (s settings) servedFile() (modelSource, error) {
	if s.Models == "" {
		return modelSource{path: s.Model}, nil
	}
	models := registry.Open(s.Models)
	current, err := models.Current()
	if errors.Is(err, registry.ErrNotFound) {
		return modelSource{path: s.Model}, nil
	}
	if err != nil {
		return modelSource{}, fmt.Errorf("ask the registry what serves: %w", err)
	}
	return fileOf(models, current.Version, current.SHA256), nil
}

// find returns the file of a name: a version in the registry, or else a path; or, if it is empty, the
// one that serves.
func (s settings) find(name string) (modelSource, error) {
	if name == "" {
		return s.servedFile()
	}
	if s.Models == "" {
		return modelSource{path: name}, nil
	}
	models := registry.Open(s.Models)
	m, err := models.Model(name)
	if errors.Is(err, registry.ErrNotFound) {
		return modelSource{path: name}, nil
	}
	if err != nil {
		return modelSource{}, err
	}
	return fileOf(models, m.Version, m.SHA256), nil
}

// classifier loads the model that serves.
func (s settings) classifier(log *slog.Logger) (*classifier.Classifier, error) {
	file, err := s.servedFile()
	if err != nil {
		return nil, err
	}
	return s.open(file, log)
}

// open loads a model.
func (s settings) open(file modelSource, log *slog.Logger) (*classifier.Classifier, error) {
	return classifier.New(classifier.Config{
		Model: file.path, Want: file.want, Library: s.Library, Provider: s.Provider,
		Concurrency: s.Workers, IntraOpThreads: s.Threads, Batch: s.Batch, BatchWait: s.BatchWait,
		MaxDecodedBytes: s.DecodedMemory << 20, Logger: log,
	})
}

// A servedModel is the model of a running process, which follows the registry.
type servedModel struct {
	*classifier.Classifier
	settings settings
	log      *slog.Logger
	sha256   string // of the file that it was opened from; empty where it is not from the registry
	about    atomic.Pointer[bot.About]

	info    *prometheus.GaugeVec
	changes *prometheus.CounterVec
}

const (
	changeDone   = "done"
	changeFailed = "failed"
)

// openModel loads the model and runs it once, so that the first photo finds it warm.
func (s settings) openModel(o *ops, log *slog.Logger) (*servedModel, error) {
	file, err := s.servedFile()
	if err != nil {
		return nil, err
	}
	model, err := s.open(file, log)
	if err != nil {
		return nil, err
	}
	metrics := promauto.With(o.metrics)
	m := &servedModel{
		Classifier: model, settings: s, log: log, sha256: file.want.SHA256,
		info: metrics.NewGaugeVec(prometheus.GaugeOpts{
			Name: "deepskin_model_info", Help: "1; the labels say which model is served and who computes it.",
		}, []string{"version", "provider"}),
		changes: metrics.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_model_changes_total", Help: "Models that were promoted while this process ran: done, it serves; failed, it could not be used, and the one before serves on.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{changeDone, changeFailed} {
		m.changes.WithLabelValues(outcome)
	}
	if err := m.describe(); err != nil {
		return nil, errors.Join(err, model.Close())
	}
	return m, nil
}

// describe takes what the process tells of its model from the one that serves.
func (m *servedModel) describe() error {
	info := m.Info()
	about, err := aboutModel(info)
	m.about.Store(&about)
	m.info.Reset()
	m.info.WithLabelValues(info.Version, string(info.Provider)).Set(1)
	return err
}

// follow has the promoted model serve, until ctx ends. It returns at once where there is no registry.
func (m *servedModel) follow(ctx context.Context) {
	if m.settings.Models == "" {
		return
	}
	models := registry.Open(m.settings.Models)
	models.Follow(ctx, m.sha256, func(c registry.Change) error {
		file := fileOf(models, c.Version, c.SHA256)
		if err := m.Replace(file.path, file.want); err != nil {
			return err
		}
		m.changes.WithLabelValues(changeDone).Inc()
		m.log.Info("another model serves", "version", c.Version)
		if err := m.describe(); err != nil {
			m.log.Error("the model's figures cannot be told", "version", c.Version, "error", err)
		}
		return nil
	}, func(err error) {
		m.changes.WithLabelValues(changeFailed).Inc()
		m.log.Error("the promoted model cannot be used; the one before serves on", "version", m.Info().Version, "error", err)
	})
}
