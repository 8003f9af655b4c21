package deploy

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// call runs a script of the project's with commands of ours before all others.
func call(t *testing.T, commands string, env []string, script string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(project, script), args...)
	cmd.Env = append([]string{"PATH=" + commands + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestDeployChangesWhatTerraformMade(t *testing.T) {
	const image = "europe-west1-docker.pkg.dev/p/deepskin/deepskin:v1.2.0"
	folder := t.TempDir()
	calls := stub(t, folder, "gcloud", "")
	where := []string{"PROJECT=p-1", "REGION=europe-west1"}
	if out, err := call(t, folder, append(where, "IMAGE="+image, "WORKER_IMAGE="), "deploy/gcp/deploy.sh"); err != nil {
		t.Fatalf("deploy: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(calls()), "\n")
	made := content(t, "deploy/gcp/run.tf")
	for i, want := range []struct{ command, resource string }{
		{"beta run worker-pools update ", "google_cloud_run_v2_worker_pool"},
		{"run services update ", "google_cloud_run_v2_service"},
	} {
		name := regexp.MustCompile(`resource "` + want.resource + `" "\w+" \{\s+name += "(\w+)"`).FindStringSubmatch(made)
		if len(lines) != 2 || name == nil || !strings.HasPrefix(lines[i], "gcloud "+want.command+name[1]+" ") {
			t.Fatalf("it calls %q, want %q of %q", lines, want.command, name)
		}
		for _, option := range []string{"--project=p-1 ", "--region=europe-west1 ", "--image=" + image + " "} {
			if !strings.Contains(lines[i]+" ", option) {
				t.Errorf("%q has no %s", lines[i], option)
			}
		}
	}
	out, err := call(t, folder, append(where, "IMAGE="+image, "WORKER_IMAGE="+image+"-cuda"), "deploy/gcp/deploy.sh")
	if err != nil || !strings.Contains(calls(), "--image="+image+"-cuda ") {
		t.Errorf("with another image for workers: %v\n%s%s", err, out, calls())
	}
	before := calls()
	for _, wrong := range [][]string{where, {"IMAGE=" + image}, append(where, "IMAGE=deepskin")} {
		if out, err := call(t, folder, wrong, "deploy/gcp/deploy.sh"); err == nil || calls() != before {
			t.Errorf("with %v it deploys: %s", wrong, out)
		}
	}
}

// TestDeployStopsAtWorkers leaves the bot as it is where workers do not come up.
func TestDeployStopsAtWorkers(t *testing.T) {
	folder := t.TempDir()
	calls := stub(t, folder, "gcloud", "exit 1")
	env := []string{"PROJECT=p-1", "REGION=europe-west1", "IMAGE=europe-west1-docker.pkg.dev/p/deepskin/deepskin:v1"}
	if _, err := call(t, folder, env, "deploy/gcp/deploy.sh"); err == nil || strings.Contains(calls(), "services") {
		t.Errorf("it goes on after a failure: %v\n%s", err, calls())
	}
}

func TestVulnerabilitiesFailAndSilenceDoesNot(t *testing.T) {
	for _, test := range []struct {
		name                    string
		reach, findings, strict bool
		fails                   bool
		says                    string
	}{
		{name: "nothing found", reach: true},
		{name: "findings", reach: true, findings: true, fails: true},
		{name: "out of reach", says: "NOT RUN: govulncheck"},
		{name: "out of reach where it must not be", strict: true, fails: true, says: "NOT RUN: govulncheck"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			status := map[bool]string{true: "exit 1", false: ""}
			stub(t, folder, "curl", status[!test.reach])
			calls := stub(t, folder, "govulncheck", status[test.findings])
			stub(t, folder, "npm", "")
			var env []string
			if test.strict {
				env = []string{"STRICT=1"}
			}
			out, err := call(t, folder, env, "deploy/vuln.sh", filepath.Join(folder, "govulncheck"))
			if (err != nil) != test.fails || !strings.Contains(out, test.says) {
				t.Errorf("it ends with %v and says %q", err, out)
			}
			if modules := strings.Count(calls(), "./..."); test.reach != (modules == 2) {
				t.Errorf("%d modules were looked at", modules)
			}
		})
	}
}

// TestLockFilesAreAudited tells findings of npm's from a registry that does not answer.
func TestLockFilesAreAudited(t *testing.T) {
	for _, test := range []struct {
		name, npm string
		fails     bool
		says      string
	}{
		{name: "nothing found", npm: "echo found 0 vulnerabilities"},
		{name: "findings", npm: "echo 1 high severity vulnerability; exit 1", fails: true},
		{name: "out of reach", npm: "echo npm error audit endpoint returned an error; exit 1", says: "NOT RUN: npm audit of page/package-lock.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder, other := t.TempDir(), t.TempDir()
			stub(t, folder, "curl", "")
			stub(t, folder, "govulncheck", "")
			calls := stub(t, folder, "npm", test.npm)
			for name, text := range map[string]string{"deploy/vuln.sh": content(t, "deploy/vuln.sh"), "page/package-lock.json": "{}"} {
				path := filepath.Join(other, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}} {
				if out, err := exec.Command("git", append([]string{"-C", other}, args...)...).CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v\n%s", args, err, out)
				}
			}
			cmd := exec.Command(filepath.Join(other, "deploy/vuln.sh"), filepath.Join(folder, "govulncheck"))
			cmd.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "HOME=" + folder}
			out, err := cmd.CombinedOutput()
			if (err != nil) != test.fails || !strings.Contains(string(out), test.says) || !strings.Contains(calls(), "audit") {
				t.Errorf("it ends with %v and says %q; npm was called so: %q", err, out, calls())
			}
		})
	}
}

// TestGPUBuildIsChecked has deploy/onnxruntime.sh fetch an archive of ours, whose sum it is given, and
// another one.
func TestGPUBuildIsChecked(t *testing.T) {
	folder := t.TempDir()
	source := filepath.Join(folder, "onnxruntime")
	if err := os.MkdirAll(filepath.Join(source, "lib"), 0o700); err != nil {
		t.Fatal(err)
	}
	libraries := map[string]string{ // where they come from, by what they are called then
		"libonnxruntime.so.1": "libonnxruntime.so.1.27.0", "libonnxruntime_providers_shared.so": "", "libonnxruntime_providers_cuda.so": "",
	}
	for name, from := range libraries {
		if err := os.WriteFile(filepath.Join(source, "lib", cmp.Or(from, name)), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(folder, "archive.tgz")
	if out, err := exec.Command("tar", "-czf", archive, "-C", folder, "onnxruntime").CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	packed, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	calls := stub(t, folder, "curl", `while [ "$1" != --output ]; do shift; done; cp '`+archive+`' "$2"`)
	script := content(t, "deploy/onnxruntime.sh")
	pinned := regexp.MustCompile(`gpu_cuda12-\$version\s+archive_sum=([0-9a-f]{64})`).FindStringSubmatch(script)
	if pinned == nil {
		t.Fatal("the GPU build has no checksum")
	}
	fetch := func(script string) (lib, output string, err error) {
		deploy := filepath.Join(t.TempDir(), "deploy")
		if err := os.MkdirAll(deploy, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(deploy, "onnxruntime.sh")
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "cuda")
		cmd.Env = []string{"PATH=" + folder + ":/usr/bin:/bin", "ONNXRUNTIME_RELEASES=http://mirror.test/ort"}
		out, err := cmd.CombinedOutput()
		return filepath.Join(deploy, "lib"), string(out), err
	}

	lib, out, err := fetch(script)
	if _, there := os.Stat(lib); err == nil || there == nil || !strings.Contains(out, "checksum") {
		t.Errorf("an archive with another checksum: %v\n%s", err, out)
	}
	if want := " http://mirror.test/ort/v1.27.0/onnxruntime-linux-x64-gpu_cuda12-1.27.0.tgz\n"; !strings.HasSuffix(calls(), want) {
		t.Errorf("it fetches %q, want %q", calls(), want)
	}
	lib, out, err = fetch(strings.Replace(script, pinned[1], fmt.Sprintf("%x", sha256.Sum256(packed)), 1))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name := range libraries {
		if got, err := os.ReadFile(filepath.Join(lib, "linux-amd64-cuda", name)); err != nil || string(got) != name {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
}
