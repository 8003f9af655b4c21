// Package deploy tests the pipelines in .github and what they call.
package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// project is the project's folder, seen from the tests.
const project = ".."

// A workflow is what these tests look at in a file of .github/workflows; actionlint knows the rest.
type workflow struct {
	Permissions map[string]string `json:"permissions"`
	Concurrency map[string]any    `json:"concurrency"`
	Jobs        map[string]job    `json:"jobs"`
}

type job struct {
	Uses        string            `json:"uses"`
	Needs       any               `json:"needs"` // a name or several
	Timeout     int               `json:"timeout-minutes"`
	Environment string            `json:"environment"`
	Permissions map[string]string `json:"permissions"`
	Steps       []step            `json:"steps"`
}

type step struct {
	Uses string            `json:"uses"`
	Run  string            `json:"run"`
	If   string            `json:"if"`
	With map[string]any    `json:"with"`
	Env  map[string]string `json:"env"`
}

func content(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(project, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// workflows returns all of them by the name of their file.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(project, ".github/workflows/*"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("workflows %v, %v; want four or more", paths, err)
	}
	all := map[string]workflow{}
	for _, path := range paths {
		var w workflow
		name := filepath.Base(path)
		if err := yaml.Unmarshal([]byte(content(t, ".github/workflows/"+name)), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = w
	}
	return all
}

// eachStep calls f for all steps, with the name of their job.
func eachStep(t *testing.T, f func(name string, j job, s step)) {
	t.Helper()
	for file, w := range workflows(t) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				f(file+", "+name, j, s)
			}
		}
	}
}

// preparations are what steps may run beside make: they make the machine ready and pass things on.
var preparations = []string{
	"git config --global --add safe.directory ",
	"gcloud auth configure-docker ",
	"mkdir data && gcloud storage rsync ",
	`echo "::notice `,
	`echo "version=`,
}

func TestStepsCallMake(t *testing.T) {
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^\.PHONY: (\S+)$`).FindAllStringSubmatch(content(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	called := map[string]bool{}
	eachStep(t, func(name string, _ job, s step) {
		for line := range strings.Lines(s.Run) {
			line = strings.TrimSpace(line)
			words := strings.Fields(line)
			if words[0] != "make" {
				if !slices.ContainsFunc(preparations, func(p string) bool { return strings.HasPrefix(line, p) }) {
					t.Errorf("%s runs %q; it should be a target of the Makefile", name, line)
				}
				continue
			}
			for _, word := range words[1:] {
				if word == "#" {
					break
				}
				if strings.Contains(word, "=") {
					continue
				}
				called[word] = true
				if !targets[word] {
					t.Errorf("%s makes %q, which the Makefile does not know", name, word)
				}
			}
		}
	})
	for _, target := range []string{
		"test", "lint", "test-training", "vuln", "image", "image-scan", "image-push", "release", "deploy",
		"chaos", "evaluate", "export", "retrain", "gate", "promote",
	} {
		if !called[target] {
			t.Errorf("no pipeline makes %s", target)
		}
	}
}

var (
	pinned  = regexp.MustCompile(`^[\w-]+/[\w./-]+@[0-9a-f]{40}$`)
	comment = regexp.MustCompile(`(?m)uses: [\w-]+/\S+@[0-9a-f]{40}(.*)$`)
)

func TestActionsArePinned(t *testing.T) {
	versions := map[string]string{} // of actions, by name
	eachStep(t, func(name string, _ job, s step) {
		if s.Uses == "" {
			return
		}
		if !pinned.MatchString(s.Uses) {
			t.Errorf("%s uses %s, which is not pinned to a commit", name, s.Uses)
		}
		action, commit, _ := strings.Cut(s.Uses, "@")
		if before, known := versions[action]; known && before != commit {
			t.Errorf("%s uses another commit of %s than others", name, action)
		}
		versions[action] = commit
		if action == "actions/checkout" && s.With["persist-credentials"] != false {
			t.Errorf("%s leaves GitHub's token in the working copy", name)
		}
	})
	for file := range workflows(t) {
		for _, match := range comment.FindAllStringSubmatch(content(t, ".github/workflows/"+file), -1) {
			if !regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`).MatchString(match[1]) {
				t.Errorf("%s does not say which version %q is", file, match[0])
			}
		}
	}
}

func TestJobsMayDoLittleAndEnd(t *testing.T) {
	for file, w := range workflows(t) {
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s begins with the permissions %v, want to read and nothing else", file, w.Permissions)
		}
		if w.Concurrency["group"] == nil {
			t.Errorf("%s does not say what runs at the same time", file)
		}
		for name, j := range w.Jobs {
			if j.Uses != "" {
				if _, err := os.Stat(filepath.Join(project, j.Uses)); err != nil {
					t.Errorf("%s, %s: %v", file, name, err)
				}
				continue
			}
			if j.Timeout == 0 {
				t.Errorf("%s, %s may run for ever", file, name)
			}
			for what, level := range j.Permissions {
				publishes := file == "release.yml" && name == "files" && what == "contents"
				if level == "write" && what != "id-token" && !publishes {
					t.Errorf("%s, %s may write %s", file, name, what)
				}
			}
			// Who is somebody at Google is so by an environment, which access there is bound to.
			if j.Permissions["id-token"] == "write" && j.Environment == "" {
				t.Errorf("%s, %s has an identity and no environment", file, name)
			}
		}
	}
}

func TestSomebodyApproves(t *testing.T) {
	for _, want := range []struct{ file, job, environment, target string }{
		{"release.yml", "deploy", "production", "make deploy"},
		{"retrain.yml", "promote", "models", "make promote"},
	} {
		for file, w := range workflows(t) {
			for name, j := range w.Jobs {
				calls := slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Run, want.target) })
				if here := file == want.file && name == want.job; calls != here || here && j.Environment != want.environment {
					t.Errorf("%s, %s calls %q: %v, in the environment %q", file, name, want.target, calls, j.Environment)
				}
			}
		}
	}
}

func TestNamedFilesAreThere(t *testing.T) {
	for file := range workflows(t) {
		text := content(t, ".github/workflows/"+file)
		for _, call := range regexp.MustCompile(`hashFiles\((.*?)\)`).FindAllStringSubmatch(text, -1) {
			for _, name := range regexp.MustCompile(`'(.*?)'`).FindAllStringSubmatch(call[1], -1) {
				there(t, file, name[1])
			}
		}
		for _, name := range regexp.MustCompile(`(?:go-version-file: |docs/)(\S+\w)`).FindAllStringSubmatch(text, -1) {
			there(t, file, strings.TrimPrefix(name[0], "go-version-file: "))
		}
	}
	eachStep(t, func(name string, _ job, s step) {
		if !strings.HasPrefix(s.Uses, "actions/upload-artifact@") {
			return
		}
		for path := range strings.FieldsSeq(s.With["path"].(string)) {
			if !strings.HasPrefix(path, "models/training/runs/") { // which the step before makes
				there(t, name, path)
			}
		}
	})
}

func there(t *testing.T, who, pattern string) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join(project, pattern)); err != nil || len(found) == 0 {
		t.Errorf("%s names %s, which is not there", who, pattern)
	}
}

// TestAccountsAreThose compares what the pipelines are at Google with what Terraform makes.
func TestAccountsAreThose(t *testing.T) {
	made := content(t, "deploy/gcp/github.tf")
	seen := 0
	eachStep(t, func(name string, j job, s step) {
		if !strings.HasPrefix(s.Uses, "google-github-actions/auth@") {
			return
		}
		seen++
		account, _, _ := strings.Cut(s.With["service_account"].(string), "@")
		if s.With["credentials_json"] != nil {
			t.Errorf("%s has a key", name)
		}
		if !regexp.MustCompile(`\b` + j.Environment + ` += "` + account + `"`).MatchString(made) {
			t.Errorf("%s is %s in the environment %s, which deploy/gcp does not make so", name, account, j.Environment)
		}
	})
	if seen != 3 {
		t.Errorf("%d jobs are somebody at Google, want 3", seen)
	}
}
