package main

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// projectFolder is the project's folder, seen from the tests.
const projectFolder = "../.."

// A copying is one COPY of the Dockerfile.
type copying struct {
	fromBuild bool // from the stage that builds, not from the project's folder
	sources   []string
	target    string
}

// dockerfile returns what deploy/Dockerfile copies on the way to the image that it makes by itself,
// and the program that this starts.
func dockerfile(t *testing.T) (copies []copying, entrypoint string) {
	t.Helper()
	stage := ""
	for line := range strings.Lines(contentOf(t, "deploy/Dockerfile")) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "FROM":
			stage = words[3]
		case stage != "build" && stage != "app":
		case words[0] == "COPY":
			c := copying{fromBuild: words[1] == "--from=build"}
			if c.fromBuild {
				words = words[1:]
			}
			c.sources, c.target = words[1:len(words)-1], words[len(words)-1]
			copies = append(copies, c)
		case words[0] == "ENTRYPOINT":
			entrypoint = strings.Trim(words[1], `[]"`)
		}
	}
	if len(copies) == 0 || entrypoint == "" {
		t.Fatal("deploy/Dockerfile copies or starts nothing")
	}
	return copies, entrypoint
}

func contentOf(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(projectFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// buildContext tells which files of the project .dockerignore lets into the build.
func buildContext(t *testing.T) (includes func(name string) bool) {
	t.Helper()
	patterns, err := ignorefile.ReadAll(strings.NewReader(contentOf(t, ".dockerignore")))
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) bool {
		excluded, err := matcher.MatchesOrParentMatches(name)
		if err != nil {
			t.Fatal(err)
		}
		return !excluded
	}
}

// built is what the build makes itself. Everything else must be in its context.
var built = []string{"deepskin", "deploy/lib"}

func TestImageIsBuiltFromFilesThatAreThere(t *testing.T) {
	includes := buildContext(t)
	copies, entrypoint := dockerfile(t)
	check := func(name string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(projectFolder, name)); err != nil {
			t.Error(err)
		}
		if !includes(name) {
			t.Errorf("%s is needed, but .dockerignore excludes it", name)
		}
	}
	for _, c := range copies {
		for _, source := range c.sources {
			source = strings.TrimPrefix(source, "/src/")
			if source == "." || c.fromBuild && slices.Contains(built, source) {
				continue
			}
			check(source)
		}
	}
	if !slices.ContainsFunc(copies, func(c copying) bool { return c.fromBuild && c.target == entrypoint }) {
		t.Errorf("the image starts %s, which nothing is copied to", entrypoint)
	}
	for _, name := range sourceFiles(t) {
		check(name)
	}
	for _, name := range []string{ // what retrains
		"Makefile", "deploy/training/retrain.sh", "deploy/training/requirements.txt",
		"models/training/deepskin_training/model.py", "models/training/configs/deepskin-2.toml",
	} {
		check(name)
	}
	for _, name := range []string{
		".env", ".git/config", "deepskin-data/keys.json", "deepskin-data/deepskin.db", "deploy/lib/linux-amd64/libonnxruntime.so.1",
		"models/training/runs/imagenet/checkpoint.pt", "models/training/runs/eda/index.html",
	} {
		if includes(name) {
			t.Errorf("%s does not belong into an image", name)
		}
	}
}

// sourceFiles lists the files of this module that the program is compiled from.
func sourceFiles(t *testing.T) []string {
	t.Helper()
	const format = `{{if and .Module .Module.Main}}{{$dir := .Dir}}` +
		`{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}`
	cmd := exec.Command("go", "list", "-deps", "-f", format, ".")
	var said bytes.Buffer
	cmd.Stderr = &said
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &said)
	}
	folder, err := filepath.Abs(projectFolder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range strings.Fields(string(output)) {
		name, err := filepath.Rel(folder, file)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		t.Fatal("the program has no source files")
	}
	return names
}

// inImage lays out the working directory of the image as the Dockerfile does, with the program
// under test in it, and returns that program's path.
func inImage(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	copies, entrypoint := dockerfile(t)
	for _, c := range copies {
		place, inside := strings.CutPrefix(c.target, path.Dir(entrypoint)+"/")
		if !c.fromBuild || c.target == entrypoint {
			continue
		}
		source, err := filepath.Abs(filepath.Join(projectFolder, strings.TrimPrefix(c.sources[0], "/src/")))
		if err != nil || !inside {
			t.Fatalf("%s is not in the working directory, or %v", c.target, err)
		}
		place = filepath.Join(folder, place)
		if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(source, place); err != nil {
			t.Fatal(err)
		}
	}
	// A copy, no link: the program looks for its files beside the file that it really is.
	program := filepath.Join(folder, path.Base(entrypoint))
	content, err := os.ReadFile(itself(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}
