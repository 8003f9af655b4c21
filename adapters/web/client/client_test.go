package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web/client"
)

const (
	id   = deepskin.CaseID("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	path = "/v1/cases/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// service starts a server that has only the given routes.
func service(t *testing.T, routes map[string]http.HandlerFunc) *client.Client {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return client.New(server.URL + "/")
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestSendUploadsAFormAndKeepsTheSession(t *testing.T) {
	c := service(t, map[string]http.HandlerFunc{
		"POST /v1/cases": func(w http.ResponseWriter, r *http.Request) {
			file, header, err := r.FormFile("photo")
			if err != nil {
				t.Errorf("form: %v", err)
				return
			}
			photo, _ := io.ReadAll(file)
			if header.Filename != "mole.jpg" || string(photo) != "pixels" || r.FormValue("consent") != "true" {
				t.Errorf("got %q with %q, consent %q", header.Filename, photo, r.FormValue("consent"))
			}
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "mine", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
			answer(http.StatusAccepted, `{"id":"`+string(id)+`","status":"pending"}`)(w, r)
		},
		"GET " + path: func(w http.ResponseWriter, r *http.Request) {
			if cookie, err := r.Cookie("session"); err != nil || cookie.Value != "mine" {
				t.Errorf("cookie %v, %v", cookie, err)
			}
			answer(http.StatusOK, `{"id":"`+string(id)+`","status":"answered","label":"benign","malignancy":0.1,`+
				`"confidence":0.9,"diagnoses":{"nv":0.8},"diagnosis":"mel","kind":"phone","closer":true,`+
				`"lesion":{"left":0.1,"top":0.2,"right":0.3,"bottom":0.4},"verdict":{"agrees":false,"truth":"benign","keep":true}}`)(w, r)
		},
	})
	got, err := c.Send(t.Context(), "mole.jpg", []byte("pixels"), true)
	if err != nil || got != (client.Accepted{ID: id, Status: deepskin.Pending}) {
		t.Fatalf("Send gave %+v, %v", got, err)
	}
	found, err := c.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	keep := true
	want := client.Case{
		ID: id, Status: deepskin.Answered, Label: deepskin.Benign,
		Malignancy: new(0.1), Confidence: new(0.9),
		Diagnoses: map[deepskin.Diagnosis]float64{deepskin.MelanocyticNevus: 0.8},
		Diagnosis: deepskin.Melanoma, Kind: deepskin.Phone, Closer: true,
		Lesion:  &deepskin.Box{Left: 0.1, Top: 0.2, Right: 0.3, Bottom: 0.4},
		Verdict: &deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: &keep},
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("Case gave %+v", found)
	}
}

func TestHeatmapJudgeAndForget(t *testing.T) {
	var verdict deepskin.Verdict
	var forgotten bool
	c := service(t, map[string]http.HandlerFunc{
		"GET " + path + "/heatmap": answer(http.StatusOK, strings.Repeat("picture", 5000)),
		"POST " + path + "/verdict": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("verdict comes as %q", r.Header.Get("Content-Type"))
			}
			if err := json.NewDecoder(r.Body).Decode(&verdict); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusNoContent)
		},
		"DELETE " + path: func(w http.ResponseWriter, _ *http.Request) {
			forgotten = true
			w.WriteHeader(http.StatusNoContent)
		},
	})
	picture, err := c.Heatmap(t.Context(), id)
	if err != nil || string(picture) != strings.Repeat("picture", 5000) {
		t.Errorf("Heatmap gave %d bytes, %v", len(picture), err)
	}
	keep := false
	want := deepskin.Verdict{Agrees: true, Truth: deepskin.TruthUnknown, Keep: &keep}
	if err := c.Judge(t.Context(), id, want); err != nil || !reflect.DeepEqual(verdict, want) {
		t.Errorf("Judge sent %+v, %v", verdict, err)
	}
	if err := c.Forget(t.Context(), id); err != nil || !forgotten {
		t.Errorf("Forget: %v, reached the service: %t", err, forgotten)
	}
}

func TestRefusalsKeepStatusWordsAndRetryAfter(t *testing.T) {
	for _, test := range []struct {
		name, body, retryAfter string
		status                 int
		want                   client.Error
	}{
		{
			name: "problem", status: 404, body: `{"status":404,"title":"Not Found","detail":"There is no such photo here."}`,
			want: client.Error{Status: 404, Words: "There is no such photo here."},
		},
		{
			name: "wait", status: 429, retryAfter: "17", body: `{"detail":"Too many."}`,
			want: client.Error{Status: 429, Words: "Too many.", RetryAfter: 17 * time.Second},
		},
		{
			name: "proxy", status: 502, retryAfter: "soon", body: "<html>",
			want: client.Error{Status: 502, Words: "Bad Gateway"},
		},
		{
			name: "no words", status: 503, body: `{}`,
			want: client.Error{Status: 503, Words: "Service Unavailable"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := service(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				answer(test.status, test.body)(w, nil)
			}})
			for method, call := range map[string]func() error{
				"Send":    func() error { _, err := c.Send(t.Context(), "a", nil, true); return err },
				"Case":    func() error { _, err := c.Case(t.Context(), id); return err },
				"Wait":    func() error { _, err := c.Wait(t.Context(), id); return err },
				"Heatmap": func() error { _, err := c.Heatmap(t.Context(), id); return err },
				"Judge":   func() error { return c.Judge(t.Context(), id, deepskin.Verdict{}) },
				"Forget":  func() error { return c.Forget(t.Context(), id) },
			} {
				err := call()
				var refusal *client.Error
				if !errors.As(err, &refusal) || *refusal != test.want {
					t.Errorf("%s: %v, want %+v", method, err, test.want)
				} else if !strings.Contains(err.Error(), test.want.Words) {
					t.Errorf("%s: %q hides the service's words", method, err)
				}
			}
		})
	}
}

func TestAnswersThatAreNoJSONAreErrors(t *testing.T) {
	c := service(t, map[string]http.HandlerFunc{"/": answer(http.StatusOK, "<html>")})
	if _, err := c.Case(t.Context(), id); err == nil {
		t.Error("Case took HTML for a case")
	}
	if _, err := c.Send(t.Context(), "a", nil, true); err == nil {
		t.Error("Send took HTML for a case")
	}
}

func TestWaitReadsEventsUntilSettled(t *testing.T) {
	for name, stream := range map[string]string{
		"at once":           "event: case\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\n\n",
		"after others":      "retry: 1\n\nevent: case\ndata: {\"status\":\"pending\"}\n\nevent: case\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\n\n",
		"comments between":  ": hello\n\n: still here\n\nevent: case\n: within\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\n\n",
		"other line ends":   "event: case\r\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\r\n\r\n",
		"no space":          "event:case\ndata:{\"status\":\"answered\",\"title\":\"Done\"}\n\n",
		"several lines":     "event: case\ndata: {\"status\":\"answered\",\ndata: \"title\":\"Done\"}\n\n",
		"unknown events":    "event: news\ndata: {\"status\":\"failed\"}\n\nevent: case\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\n\n",
		"nothing of before": "event: case\ndata: {\"status\":\"pending\",\"label\":\"benign\"}\n\nevent: case\ndata: {\"status\":\"answered\",\"title\":\"Done\"}\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := service(t, map[string]http.HandlerFunc{"GET " + path + "/events": answer(http.StatusOK, stream)})
			got, err := c.Wait(t.Context(), id)
			want := client.Case{Status: deepskin.Answered, Title: "Done"}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Wait gave %+v, %v", got, err)
			}
		})
	}
}

func TestWaitComesBackWhenAStreamBreaks(t *testing.T) {
	var opened atomic.Int32
	c := service(t, map[string]http.HandlerFunc{
		"GET " + path + "/events": func(w http.ResponseWriter, r *http.Request) {
			if opened.Add(1) == 1 {
				// The last event is cut off, and so does not count.
				answer(http.StatusOK, "retry: 1\n\nevent: case\ndata: {\"status\":\"failed\"}\n")(w, r)
				return
			}
			answer(http.StatusOK, "event: case\ndata: {\"status\":\"answered\"}\n\n")(w, r)
		},
	})
	got, err := c.Wait(t.Context(), id)
	if err != nil || got.Status != deepskin.Answered || opened.Load() != 2 {
		t.Errorf("Wait gave %+v, %v after %d streams", got, err, opened.Load())
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := service(t, map[string]http.HandlerFunc{
		"GET " + path + "/events": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "event: case\ndata: {\"status\":\"pending\"}\n\n")
			_ = http.NewResponseController(w).Flush()
			cancel()
			<-r.Context().Done()
		},
	})
	if _, err := c.Wait(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait gave %v", err)
	}
}

func TestWaitTellsAnEventThatIsNoCase(t *testing.T) {
	c := service(t, map[string]http.HandlerFunc{
		"GET " + path + "/events": answer(http.StatusOK, "event: case\ndata: oops\n\n"),
	})
	if _, err := c.Wait(t.Context(), id); err == nil {
		t.Error("Wait took nonsense for a case")
	}
}
