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

// A release is .goreleaser.yaml, with the keys that we use; 'make release-check' knows all of them.
type release struct {
	Version int    `json:"version"`
	Name    string `json:"project_name"`
	Builds  []struct {
		Main      string   `json:"main"`
		Env       []string `json:"env"`
		OS        []string `json:"goos"`
		Processor []string `json:"goarch"`
		Flags     []string `json:"flags"`
		Timestamp string   `json:"mod_timestamp"`
	} `json:"builds"`
	Archives []struct {
		Formats []string `json:"formats"`
		Wrap    bool     `json:"wrap_in_directory"`
		Files   []string `json:"files"`
	} `json:"archives"`
	Checksum struct {
		Name      string `json:"name_template"`
		Algorithm string `json:"algorithm"`
	} `json:"checksum"`
	SBOMs []struct {
		Artifacts string `json:"artifacts"`
		Command   string `json:"cmd"`
	} `json:"sboms"`
	Changelog struct {
		Use string `json:"use"`
	} `json:"changelog"`
}

func TestReleaseHoldsWhatTheProgramNeeds(t *testing.T) {
	var r release
	if err := yaml.UnmarshalStrict([]byte(content(t, ".goreleaser.yaml")), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Builds) != 1 || len(r.Archives) != 1 || len(r.SBOMs) != 1 || r.Checksum.Algorithm != "sha256" {
		t.Fatalf("a release is %+v", r)
	}
	if b := r.Builds[0]; !slices.Equal(b.OS, []string{"linux"}) || !slices.Equal(b.Processor, []string{"amd64"}) ||
		!slices.Contains(b.Env, "CGO_ENABLED=1") {
		t.Errorf("built is %+v", b)
	}
	there(t, ".goreleaser.yaml", filepath.Join(r.Builds[0].Main, "main.go"))
	files := r.Archives[0].Files
	for _, file := range files {
		there(t, ".goreleaser.yaml", file)
	}
	// What the image takes from the project, the archive needs as well.
	for _, match := range regexp.MustCompile(`COPY --from=build /src/(\S+)`).FindAllStringSubmatch(content(t, "deploy/Dockerfile"), -1) {
		if file := match[1]; file != "deepskin" && file != "deploy/lib" && !slices.Contains(files, file) {
			t.Errorf("the image has %s, the archive has not", file)
		}
	}
	// It has to be the same C library.
	_, from, _ := strings.Cut(content(t, "deploy/Dockerfile"), "\nARG GO_IMAGE=")
	builder, _, _ := strings.Cut(from, "\n")
	if !strings.Contains(content(t, ".github/workflows/release.yml"), "container: "+builder+" ") {
		t.Errorf("the image is built in %s, the archive elsewhere", builder)
	}
}

// stub puts a command into a folder that leaves what it was called with in a file, and ends like this.
func stub(t *testing.T, folder, command, ending string) (calls func() string) {
	t.Helper()
	log := filepath.Join(folder, command+".calls")
	script := "#!/bin/sh\necho " + command + " \"$@\" >>'" + log + "'\n" + ending + "\n"
	if err := os.WriteFile(filepath.Join(folder, command), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return func() string {
		called, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(called)
	}
}
