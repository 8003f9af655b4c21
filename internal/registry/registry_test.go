package registry_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin/internal/registry"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// filled returns a registry with three models, of which none serves, and its folder.
func filled(t *testing.T) (*registry.Registry, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "models")
	r := registry.Open(folder)
	for i, version := range []string{"c-1", "b.2", "a_3"} {
		if _, err := r.Add(version, []byte("content of "+version), noon.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return r, folder
}

// gate keeps a comparison of a version with another one, which may be empty, and changes it before.
func gate(t *testing.T, r *registry.Registry, version, against, kind string, change func(*registry.Gate)) {
	t.Helper()
	g := registry.Gate{Kind: kind, SHA256: model(t, r, version).SHA256, Passed: true, Better: true, At: noon, Report: json.RawMessage(`{"a": 1}`)}
	if against != "" {
		g.Against = model(t, r, against).SHA256
	}
	if change != nil {
		change(&g)
	}
	if err := r.SaveGate(version, g); err != nil {
		t.Fatal(err)
	}
}

func model(t *testing.T, r *registry.Registry, version string) registry.Model {
	t.Helper()
	m, err := r.Model(version)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// serves fails unless that version serves; empty is none.
func serves(t *testing.T, r *registry.Registry, want string) {
	t.Helper()
	current, err := r.Current()
	if current.Version != want || want == "" && !errors.Is(err, registry.ErrNotFound) || want != "" && err != nil {
		t.Errorf("%q serves (%v), want %q", current.Version, err, want)
	}
}

func force(t *testing.T, r *registry.Registry, versions ...string) {
	t.Helper()
	for _, version := range versions {
		if err := r.Promote(version, "a test", noon); err != nil {
			t.Fatal(err)
		}
	}
}

func TestModelsNeverChange(t *testing.T) {
	r, folder := filled(t)
	again, err := r.Add("b.2", []byte("content of b.2"), noon.Add(time.Minute))
	if err != nil || again != model(t, r, "b.2") {
		t.Errorf("the same content again gives %+v, %v", again, err)
	}
	if _, err := r.Add("b.2", []byte("other content"), noon); err == nil || !strings.Contains(err.Error(), "another file") {
		t.Errorf("other content gives %v", err)
	}
	content, err := os.ReadFile(r.Path("b.2"))
	if err != nil || string(content) != "content of b.2" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	models, err := r.Models()
	if err != nil || len(models) != 3 || models[0].Version != "c-1" || models[2].Version != "a_3" || models[0].Bytes != 14 {
		t.Errorf("the models are %+v, %v; want them in the order in which they came", models, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 6 {
		t.Errorf("the folder holds %v, %v; want a file and a note of each", entries, err)
	}
	for _, version := range []string{"", "../evil", ".hidden", "a/b", "a b", strings.Repeat("x", 101)} {
		if _, err := r.Add(version, []byte("x"), noon); err == nil {
			t.Errorf("%q can be a version", version)
		}
		if _, err := r.Model(version); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the model %q gives %v", version, err)
		}
	}
}

func TestNothingServesInAnEmptyRegistry(t *testing.T) {
	r := registry.Open(filepath.Join(t.TempDir(), "missing"))
	serves(t, r, "")
	models, err := r.Models()
	if err != nil || len(models) != 0 {
		t.Errorf("the models are %v, %v", models, err)
	}
	if err := r.Promote("a", "why not", noon); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("what is not there is promoted: %v", err)
	}
	if _, err := r.Rollback(noon); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("rolled back to nothing: %v", err)
	}
}

func TestThePromotionNeedsThePassedGate(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*testing.T, *registry.Registry)
		want    string // empty if it is promoted
	}{
		"passed": {func(t *testing.T, r *registry.Registry) { gate(t, r, "b.2", "c-1", "dermoscopy", nil) }, ""},
		"better on one kind, not worse on the other": {func(t *testing.T, r *registry.Registry) {
			gate(t, r, "b.2", "c-1", "dermoscopy", nil)
			gate(t, r, "b.2", "c-1", "phone", func(g *registry.Gate) { g.Better = false })
		}, ""},
		"no report": {func(*testing.T, *registry.Registry) {}, "not compared"},
		"another version's report": {func(t *testing.T, r *registry.Registry) {
			gate(t, r, "a_3", "c-1", "dermoscopy", nil)
		}, "not compared"},
		"failed on one kind": {func(t *testing.T, r *registry.Registry) {
			gate(t, r, "b.2", "c-1", "dermoscopy", nil)
			gate(t, r, "b.2", "c-1", "phone", func(g *registry.Gate) { g.Passed = false })
		}, "did not pass on phone"},
		"better nowhere": {func(t *testing.T, r *registry.Registry) {
			gate(t, r, "b.2", "c-1", "not_skin", func(g *registry.Gate) { g.Better = false })
		}, "better nowhere"},
		"compared with another one": {func(t *testing.T, r *registry.Registry) { gate(t, r, "b.2", "a_3", "dermoscopy", nil) }, "with c-1, which serves now"},
		"another file": {func(t *testing.T, r *registry.Registry) {
			gate(t, r, "b.2", "c-1", "dermoscopy", func(g *registry.Gate) { g.SHA256 = "0" })
		}, "of another file"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := filled(t)
			force(t, r, "c-1")
			test.prepare(t, r)
			err := r.Promote("b.2", "", noon)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				serves(t, r, "b.2")
				return
			}
			if !errors.Is(err, registry.ErrStopped) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the promotion ends with %v, want %q in it", err, test.want)
			}
			serves(t, r, "c-1")
			force(t, r, "b.2")
			serves(t, r, "b.2")
		})
	}
}

func TestRollbackGoesToTheOneBefore(t *testing.T) {
	r, _ := filled(t)
	back := func(want string) {
		t.Helper()
		if m, err := r.Rollback(noon.Add(time.Hour)); err != nil || m.Version != want {
			t.Errorf("rolled back to %+v, %v, want %s", m, err, want)
		}
		serves(t, r, want)
	}
	force(t, r, "c-1", "b.2", "a_3")
	back("b.2")
	back("c-1")
	if _, err := r.Rollback(noon); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("rolled back behind the first one: %v", err)
	}
	force(t, r, "a_3", "b.2")
	back("a_3")
	if err := r.Promote("a_3", "again", noon); err == nil {
		t.Error("what serves already is promoted")
	}
	changes, err := r.History()
	if err != nil || len(changes) != 8 {
		t.Fatalf("the history is %+v, %v", changes, err)
	}
	want := registry.Change{At: noon.Add(time.Hour), Action: registry.Rollback, Version: "b.2", SHA256: model(t, r, "b.2").SHA256}
	if changes[3] != want || changes[2].Reason != "a test" || changes[2].Action != registry.Promotion {
		t.Errorf("the history is %+v, want %+v in it", changes, want)
	}
}

func TestDamagedFilesAreNotPromoted(t *testing.T) {
	r, _ := filled(t)
	force(t, r, "c-1", "b.2")
	for _, version := range []string{"c-1", "a_3"} {
		if err := os.WriteFile(r.Path(version), []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Promote("a_3", "why not", noon); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a damaged file is promoted: %v", err)
	}
	if _, err := r.Rollback(noon); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("rolled back to a damaged file: %v", err)
	}
	serves(t, r, "b.2")
}

func TestGatesAreThoseOfTheVersion(t *testing.T) {
	r, _ := filled(t)
	if _, err := r.Add("b", []byte("another"), noon); err != nil {
		t.Fatal(err)
	}
	gate(t, r, "b.2", "", "dermoscopy", nil)
	gate(t, r, "b.2", "", "phone", nil)
	gate(t, r, "b.2", "", "phone", func(g *registry.Gate) { g.Passed = false }) // in its place
	gates, err := r.Gates("b.2")
	if err != nil || len(gates) != 2 || gates[0].Kind != "dermoscopy" || gates[1].Passed {
		t.Errorf("the comparisons are %+v, %v", gates, err)
	}
	if gates, err := r.Gates("b"); err != nil || len(gates) != 0 {
		t.Errorf("b has the comparisons of b.2: %+v, %v", gates, err)
	}
	if err := r.SaveGate("b.2", registry.Gate{Kind: "../phone"}); err == nil {
		t.Error("a kind may be any path")
	}
	if err := r.SaveGate("b.4", registry.Gate{Kind: "phone"}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("what is not there has a comparison: %v", err)
	}
}
