package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"deepskin/internal/logtest"
)

// A traceReceiver takes traces as a collector does: OTLP over HTTP, in protobuf.
type traceReceiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	spans  []receivedSpan
}

// A receivedSpan is a span, and the process that sent it.
type receivedSpan struct {
	*trace.Span
	service string
}

func newTraceReceiver(t *testing.T) *traceReceiver {
	t.Helper()
	r := &traceReceiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var batch collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &batch)
		}
		if err != nil || request.URL.Path != "/v1/traces" || request.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s of %s: %v", request.Method, request.URL, request.Header.Get("Content-Type"), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies = append(r.bodies, body)
		for _, of := range batch.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					r.spans = append(r.spans, receivedSpan{span, describeAttributes(t, of.Resource.Attributes)["service.name"]})
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// received returns the spans that have come.
func (r *traceReceiver) received() []receivedSpan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// whole returns all spans of a trace.
func (r *traceReceiver) whole(id []byte) []receivedSpan {
	return slices.DeleteFunc(r.received(), func(s receivedSpan) bool { return !bytes.Equal(s.TraceId, id) })
}

// traceOf returns the ID of a trace that has one of a name and all that the others name. It waits
// for them: they come in batches.
func (r *traceReceiver) traceOf(t *testing.T, named string, want []string) (id []byte) {
	t.Helper()
	var last string
	eventually(t, "one trace has all spans", func() bool {
		traces := map[string][]receivedSpan{}
		for _, span := range r.received() {
			id := string(span.TraceId)
			traces[id] = append(traces[id], span)
		}
		for _, spans := range traces {
			var names []string
			for _, span := range spans {
				names = append(names, span.service+": "+span.Name)
			}
			if !slices.Contains(names, named) {
				continue
			}
			missing := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(names, name) })
			if len(missing) == 0 {
				id = spans[0].TraceId
				return true
			}
			if now := strings.Join(missing, ", "); now != last {
				last = now
				t.Logf("a trace still misses %s", now)
			}
		}
		return false
	})
	return id
}

// checkTree wants a trace to have one span without another above it, and each other to be below one of
// the same trace, which began no later.
func checkTree(t *testing.T, spans []receivedSpan) {
	t.Helper()
	byID := map[string]receivedSpan{}
	for _, span := range spans {
		byID[string(span.SpanId)] = span
	}
	roots := 0
	for _, span := range spans {
		parent, ok := byID[string(span.ParentSpanId)]
		switch {
		case len(span.ParentSpanId) == 0:
			roots++
		case !ok:
			t.Errorf("%s: %s is under a span that did not come", span.service, span.Name)
		case parent.StartTimeUnixNano > span.StartTimeUnixNano && span.Name != "wait in queue": // by Redis's clock, in milliseconds
			t.Errorf("%s: %s began before %s", span.service, span.Name, parent.Name)
		}
		if span.EndTimeUnixNano < span.StartTimeUnixNano {
			t.Errorf("%s: %s ended before it began", span.service, span.Name)
		}
	}
	if roots != 1 {
		t.Errorf("the trace has %d beginnings", roots)
	}
}

// checkPrivacy looks through all that was sent for anything but what a span may tell, and for secrets.
func (r *traceReceiver) checkPrivacy(t *testing.T, secrets map[string]string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spans) == 0 {
		t.Fatal("no span came, so this proves nothing")
	}
	for name, secret := range secrets {
		for _, body := range r.bodies {
			if secret == "" || bytes.Contains(body, []byte(secret)) {
				t.Errorf("a trace holds the %s, or that is none", name)
			}
		}
	}
	allowed := []string{"deepskin.case", "deepskin.platform", "deepskin.model", "deepskin.outcome"}
	for _, span := range r.spans {
		for key, value := range describeAttributes(t, span.Attributes) {
			if !slices.Contains(allowed, key) {
				t.Errorf("%s has %s = %s", span.Name, key, value)
			}
		}
		if len(span.Events) > 0 || len(span.Links) > 0 || span.Status.GetMessage() != "" || span.TraceState != "" {
			t.Errorf("%s tells more: %v", span.Name, span)
		}
	}
	for _, body := range r.bodies {
		var batch collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &batch); err != nil {
			t.Fatal(err)
		}
		for _, of := range batch.ResourceSpans {
			for key, value := range describeAttributes(t, of.Resource.Attributes) {
				if key != "service.name" && key != "service.version" {
					t.Errorf("a process tells %s = %s", key, value)
				}
			}
		}
	}
}

func describeAttributes(t *testing.T, attributes []*common.KeyValue) map[string]string {
	t.Helper()
	described := map[string]string{}
	for _, a := range attributes {
		described[a.Key] = a.Value.GetStringValue()
	}
	return described
}

// A collector that cannot be reached, or that refuses, is told of in the log; what its URL holds is not.
func TestTracesThatAreNotTaken(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such tenant", http.StatusForbidden)
	}))
	defer refusing.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct{ url, want string }{
		"it refuses":            {refusing.URL + "/key-4711", "no such tenant"},
		"it cannot be reached":  {closed.URL + "/key-4711", "connection refused"},
		"a password in its URL": {strings.Replace(refusing.URL, "//", "//user:key-4711@", 1), "no such tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &logtest.Log{}
			tracer, flush, err := settings{Traces: c.url}.tracer(t.Context(), "bot", slog.New(slog.NewJSONHandler(log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			_, span := tracer.Start(t.Context(), "receive photo", "", "web")
			span.End(nil)
			flush()
			if said := log.String(); !strings.Contains(said, c.want) || strings.Contains(said, "4711") {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

func TestTracesNeedAnAddress(t *testing.T) {
	for _, url := range []string{"collector:4318", "http://", "ftp://collector", "%"} {
		_, _, err := settings{Traces: url}.tracer(t.Context(), "bot", slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestProfilesHaveAnAddressOfTheirOwn(t *testing.T) {
	pprofAt, opsAt := freeAddress(t), freeAddress(t)
	env := environ(t, map[string]string{"DEEPSKIN_PPROF_ADDR": pprofAt, "DEEPSKIN_OPS_ADDR": opsAt})
	i := newInstance(t, "serve", itself(t), env, "serve")
	i.start(t)
	for url, want := range map[string]int{
		pprofAt + "/debug/pprof/":             http.StatusOK,
		pprofAt + "/debug/pprof/heap?debug=1": http.StatusOK,
		pprofAt + "/metrics":                  http.StatusNotFound,
		opsAt + "/debug/pprof/":               http.StatusNotFound,
	} {
		answer, err := http.Get("http://" + url)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %s", url, answer.Status)
		}
	}
	i.stop(t)
}
