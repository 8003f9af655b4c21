// Package tracing says what the spans of a trace may tell, and carries traces from one process to
// another. A span holds nothing but the case's ID, the platform's name, the model's version and how it
// ended: no person, no chat, no text, no photo, and no error's words, which are in the log with the
// case's ID.
package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"deepskin"
)

// All that a span may tell.
const (
	caseKey     = attribute.Key("deepskin.case")
	platformKey = attribute.Key("deepskin.platform")
	modelKey    = attribute.Key("deepskin.model")
	outcomeKey  = attribute.Key("deepskin.outcome")
)

// A Tracer begins the spans that have no span of this process above them. The zero value begins none.
type Tracer struct{ tracer trace.Tracer }

// New returns a Tracer whose spans go where OpenTelemetry's do.
func New(t trace.Tracer) Tracer { return Tracer{t} }

// Start begins a span under the one in ctx, or else a new trace, and returns it with the context for
// what happens within it. The case may be empty where it is not known yet.
func (t Tracer) Start(ctx context.Context, name string, id deepskin.CaseID, platform string) (context.Context, Span) {
	if t.tracer == nil {
		return ctx, Span{noop.Span{}}
	}
	ctx, span := t.tracer.Start(ctx, name)
	s := Span{span}
	s.Case(id)
	s.span.SetAttributes(platformKey.String(platform))
	return ctx, s
}

// Took adds a span that has ended, under the one in ctx.
func (t Tracer) Took(ctx context.Context, name string, id deepskin.CaseID, begin, end time.Time) {
	if t.tracer == nil {
		return
	}
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(begin), trace.WithAttributes(caseKey.String(string(id))))
	span.End(trace.WithTimestamp(end))
}

// Child begins a span under the one in ctx, in the same process. Without one, there is none.
func Child(ctx context.Context, name string) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{noop.Span{}}
	}
	ctx, span := parent.TracerProvider().Tracer("deepskin").Start(ctx, name)
	return ctx, Span{span}
}

// Under returns ctx with the span of another context, for what outlasts that one.
func Under(ctx, other context.Context) context.Context {
	return trace.ContextWithSpan(ctx, trace.SpanFromContext(other))
}

// Carry returns what takes the span in ctx to another process, in the form of W3C's trace context; nil
// without a span.
func Carry(ctx context.Context) map[string]string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	carried := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carried)
	return carried
}

// Join returns ctx with the span that another process carried here. What cannot be read is no span.
func Join(ctx context.Context, carried map[string]string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(carried))
}

// A Span is a part of a trace that has begun.
type Span struct{ span trace.Span }

// Case says which case the span is about; empty says nothing.
func (s Span) Case(id deepskin.CaseID) {
	if id != "" {
		s.span.SetAttributes(caseKey.String(string(id)))
	}
}

// Model says which version of the model was at work.
func (s Span) Model(version string) { s.span.SetAttributes(modelKey.String(version)) }

// Outcome says how it ended, in one of a few words.
func (s Span) Outcome(word string) { s.span.SetAttributes(outcomeKey.String(word)) }

// End ends the span. Of an error it tells only that there was one.
func (s Span) End(err error) {
	if err != nil {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}
