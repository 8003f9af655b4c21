package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"deepskin/internal/tracing"
)

// readyTime bounds the checks behind one answer of /readyz.
const readyTime = 3 * time.Second

// ops tells operators and their tools how this process is doing: /healthz says that it lives,
// /readyz whether it can do its work, /metrics what it has done.
type ops struct {
	metrics *prometheus.Registry
	// tracer begins this process' spans.
	tracer tracing.Tracer
	// needs are what has to answer; set once the process has started.
	needs atomic.Pointer[[]need]
	// stopping ends when the process has been told to stop.
	stopping context.Context
}

// A need is something that this process cannot work without.
type need struct {
	name  string
	check func(ctx context.Context) error
}

// withOps runs a process between the start and the end of its answers to operators.
func withOps(
	ctx context.Context, addr string, log *slog.Logger, run func(context.Context, *ops) error,
) error {
	o := &ops{metrics: prometheus.NewRegistry(), stopping: ctx}
	o.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	if addr == "" {
		return run(ctx, o)
	}
	stop, err := serveOperators(addr, "DEEPSKIN_OPS_ADDR", o.routes(log), log)
	if err != nil {
		return err
	}
	defer stop()
	return run(ctx, o)
}

// serveOperators serves on an address that a setting names, until stop is called.
func serveOperators(addr, setting string, routes http.Handler, log *slog.Logger) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for operators, as %s says: %w", setting, err)
	}
	server := &http.Server{Handler: routes, ReadHeaderTimeout: readyTime}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("operators are not served any more", "setting", setting, "error", err)
		}
	}()
	log.Info("operators are served", "setting", setting, "url", "http://"+listener.Addr().String())
	return func() { server.Close() }, nil
}

// started says that the process works as long as what it needs answers.
func (o *ops) started(needs ...need) { o.needs.Store(&needs) }

func (o *ops) routes(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := o.ready(r.Context()); err != nil {
			log.Warn("not ready", "error", err)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.metrics, promhttp.HandlerOpts{}))
	return mux
}

// ready returns what keeps this process from its work.
func (o *ops) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	needs := o.needs.Load()
	switch {
	case o.stopping.Err() != nil:
		return errors.New("stopping")
	case needs == nil:
		return errors.New("starting")
	}
	var errs []error
	for _, n := range *needs {
		if err := n.check(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.name, err))
		}
	}
	return errors.Join(errs...)
}
