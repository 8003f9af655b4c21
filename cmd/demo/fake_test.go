package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deepskin"
)

// A fault is what is wrong with a fake service.
type fault string

// A fakeService answers as the API is documented to, by the name of the photo instead of the
// photo, and with one fault. Its JSON is its own.
type fakeService struct {
	fault fault
	cases map[string]map[string]any
	// seen are the names of the photos that came in.
	seen []string
}

func startFake(t *testing.T, f fault) (*fakeService, string) {
	t.Helper()
	s := &fakeService{fault: f, cases: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/cases", s.upload)
	mux.HandleFunc("GET /v1/cases/{id}", s.one)
	mux.HandleFunc("GET /v1/cases/{id}/events", func(w http.ResponseWriter, r *http.Request) {
		data, _ := json.Marshal(s.cases[r.PathValue("id")])
		_, _ = fmt.Fprintf(w, "event: case\ndata: %s\n\n", data)
	})
	mux.HandleFunc("GET /v1/cases/{id}/heatmap", s.heatmap)
	mux.HandleFunc("POST /v1/cases/{id}/verdict", s.verdict)
	mux.HandleFunc("DELETE /v1/cases/{id}", func(_ http.ResponseWriter, r *http.Request) {
		if s.fault != "keeps what is deleted" {
			delete(s.cases, r.PathValue("id"))
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *fakeService) upload(w http.ResponseWriter, r *http.Request) {
	_, header, err := r.FormFile("photo")
	if err != nil || r.FormValue("consent") != "true" {
		refuse(w, http.StatusUnprocessableEntity, "No photo, or no consent.")
		return
	}
	name := header.Filename
	s.seen = append(s.seen, name)
	if name == "own-huge.jpg" {
		refuse(w, http.StatusRequestEntityTooLarge, "The photo is larger than 20 MB.")
		return
	}
	id := string(deepskin.NewCaseID())
	c := map[string]any{"id": id, "status": "answered", "title": "Lower risk", "text": "It looks harmless."}
	problem := ""
	switch {
	case s.fault == "gives no answer":
		c["status"], c["title"] = "failed", "No answer this time"
	case strings.HasPrefix(name, "own-refused"), s.fault == "refuses every drawn photo" && name == "mole.jpg":
		problem = "not_a_lesion"
	case name == "blurred.jpg" && s.fault != "judges the blurred photo":
		problem = "blurred"
	case name == "notes.jpg" && s.fault == "calls the text file corrupt":
		problem = "corrupt"
	case name == "notes.jpg":
		problem = "unknown_format"
	}
	if problem != "" {
		c["label"], c["problems"], c["title"] = "inconclusive", []string{problem}, "I cannot judge this photo"
	} else {
		c["label"], c["malignancy"], c["confidence"] = "benign", 0.1, 0.9
		if s.fault != "offers no heatmap" {
			c["heatmap"] = "/v1/cases/" + id + "/heatmap"
		}
	}
	s.cases[id] = c
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "status": "pending"})
}

func (s *fakeService) one(w http.ResponseWriter, r *http.Request) {
	c, ok := s.cases[r.PathValue("id")]
	if !ok {
		refuse(w, http.StatusNotFound, "There is no such photo here.")
		return
	}
	_ = json.NewEncoder(w).Encode(c)
}

func (s *fakeService) heatmap(w http.ResponseWriter, _ *http.Request) {
	var picture bytes.Buffer
	_ = jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30)), nil)
	if s.fault == "cuts the heatmap off" {
		picture.Truncate(picture.Len() / 2)
	}
	_, _ = w.Write(picture.Bytes())
}

func (s *fakeService) verdict(w http.ResponseWriter, r *http.Request) {
	var v map[string]any
	body, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(body, &v); err != nil {
		refuse(w, http.StatusBadRequest, "That is no verdict.")
		return
	}
	c := s.cases[r.PathValue("id")]
	switch s.fault {
	case "loses verdicts":
		return
	case "loses consent":
		delete(v, "keep")
	}
	c["verdict"] = v
	c["text"] = "It looks harmless.\n\nYou said: " + string(body)
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "detail": words})
}
