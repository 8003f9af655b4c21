package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"deepskin/internal/tracing"
)

// lastSpans is how long a process that ends may take to hand over its last spans.
const lastSpans = 3 * time.Second

// tracer returns what makes the spans of this process, and a function that hands over the last of
// them. Without an endpoint there are none. Sampling (OTEL_TRACES_SAMPLER), headers, certificates
// and batches are set by OpenTelemetry's own variables, which its library reads from the process's
// environment.
func (s settings) tracer(ctx context.Context, command string, log *slog.Logger) (tracing.Tracer, func(), error) {
	if s.Traces == "" {
		return tracing.Tracer{}, func() {}, nil
	}
	base, err := url.Parse(s.Traces)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return tracing.Tracer{}, nil, errors.New("read the settings: OTEL_EXPORTER_OTLP_ENDPOINT must be http:// or https:// with a host")
	}
	base = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.JoinPath("v1/traces").Path}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base.String()))
	if err != nil {
		return tracing.Tracer{}, nil, fmt.Errorf("prepare to export traces: %w", err)
	}
	// Not the library's default, which tells of the machine, the program's path and its arguments.
	of, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "deepskin-"+command),
		attribute.String("service.version", build()),
	), resource.WithFromEnv())
	if err != nil {
		return tracing.Tracer{}, nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(toldExporter{exporter, base.String(), log}), trace.WithResource(of))
	return tracing.New(provider.Tracer("deepskin")), func() {
		ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("the last traces may be lost", "error", err)
		}
	}, nil
}

// A toldExporter logs what fails, instead of printing it as the library would: traces that are lost
// are no reason to stop.
type toldExporter struct {
	trace.SpanExporter
	url string // which may hold a key, and is in the library's errors
	log *slog.Logger
}

// ExportSpans hands over spans. It returns no error.
func (e toldExporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.WarnContext(ctx, "traces were not exported", "spans", len(spans), "error", strings.ReplaceAll(err.Error(), e.url, "[collector]"))
	}
	return nil
}
