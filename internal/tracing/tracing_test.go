package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"deepskin/internal/tracing"
)

// recorded returns a tracer, and what it has recorded.
func recorded() (tracing.Tracer, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	return tracing.New(provider.Tracer("test")), spans
}

func TestSpansOfTwoProcessesAreOneTrace(t *testing.T) {
	bot, botSpans := recorded()
	worker, workerSpans := recorded()

	ctx, receive := bot.Start(t.Context(), "receive", "", "telegram")
	receive.Case("CASE")
	ctx, enqueue := tracing.Child(ctx, "enqueue")
	carried := tracing.Carry(ctx)
	enqueue.End(nil)
	receive.End(nil)

	there := tracing.Join(context.Background(), carried)
	begin := time.Now()
	worker.Took(there, "wait", "CASE", begin.Add(-time.Minute), begin)
	_, span := worker.Start(there, "work", "CASE", "telegram")
	span.Outcome("assessed")
	span.Model("m1")
	span.End(errors.New("token 4711"))

	all := append(botSpans.Ended(), workerSpans.Ended()...)
	var names []string
	for _, s := range all {
		names = append(names, s.Name())
		if s.SpanContext().TraceID() != all[0].SpanContext().TraceID() {
			t.Errorf("%s is of another trace", s.Name())
		}
	}
	if got := strings.Join(names, ", "); got != "enqueue, receive, wait, work" {
		t.Fatalf("spans: %s", got)
	}
	wait, work := all[2], all[3]
	if d := wait.EndTime().Sub(wait.StartTime()); d != time.Minute {
		t.Errorf("the wait took %v", d)
	}
	if work.Parent().SpanID() != all[0].SpanContext().SpanID() || !work.Parent().IsRemote() {
		t.Error("the work is not under the enqueueing")
	}
	attributes := attribute.NewSet(work.Attributes()...)
	want := attribute.NewSet(
		attribute.String("deepskin.case", "CASE"), attribute.String("deepskin.platform", "telegram"),
		attribute.String("deepskin.outcome", "assessed"), attribute.String("deepskin.model", "m1"))
	if !attributes.Equals(&want) {
		t.Errorf("attributes: %v", work.Attributes())
	}
	if status := work.Status(); status.Code != codes.Error || status.Description != "" || len(work.Events()) > 0 {
		t.Errorf("of the error it tells %+v, %v", status, work.Events())
	}
}

func TestWhatOutlastsItsCauseStaysInTheTrace(t *testing.T) {
	tracer, spans := recorded()
	ctx, event := tracer.Start(t.Context(), "event", "", "web")
	event.End(nil)
	_, later := tracer.Start(tracing.Under(context.Background(), ctx), "later", "", "web")
	later.End(nil)
	ended := spans.Ended()
	if len(ended) != 2 || ended[1].Parent().SpanID() != ended[0].SpanContext().SpanID() {
		t.Errorf("spans: %v", ended)
	}
}

func TestNoTracerNoSpans(t *testing.T) {
	var none tracing.Tracer
	ctx, span := none.Start(t.Context(), "event", "CASE", "web")
	span.Case("CASE")
	span.Outcome("assessed")
	ctx, child := tracing.Child(ctx, "child")
	none.Took(ctx, "wait", "CASE", time.Now(), time.Now())
	child.End(errors.New("broken"))
	span.End(nil)
	if ctx != t.Context() {
		t.Error("the context has changed")
	}
	if carried := tracing.Carry(ctx); carried != nil {
		t.Errorf("carried: %v", carried)
	}
}

func TestWhatCannotBeReadIsNoSpan(t *testing.T) {
	tracer, spans := recorded()
	for i, carried := range []map[string]string{
		nil, {}, {"traceparent": ""}, {"traceparent": "00-x-y-01"}, {"traceparent": strings.Repeat("0", 10_000)}, {"other": "x"},
	} {
		_, span := tracer.Start(tracing.Join(t.Context(), carried), fmt.Sprint(i), "", "web")
		span.End(nil)
		if last := spans.Ended()[i]; last.Parent().IsValid() {
			t.Errorf("%v has become %v", carried, last.Parent())
		}
	}
}

// Without traces, which is the default, a span must cost next to nothing.
func BenchmarkNone(b *testing.B) {
	var none tracing.Tracer
	b.ReportAllocs()
	for b.Loop() {
		ctx, span := none.Start(b.Context(), "event", "CASE", "web")
		_, child := tracing.Child(ctx, "child")
		child.Outcome("assessed")
		child.End(nil)
		span.End(nil)
	}
}
