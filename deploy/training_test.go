package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// retraining is a project with the Makefile and the entry point of the training image, where the
// program and Python are stand-ins and there is no Go, as in the image.
type retraining struct {
	folder, run, models string
	// deepskin and python tell what was called.
	deepskin, python func() string
}

// newRetraining makes one. The gate ends as gate says.
func newRetraining(t *testing.T, gate string) retraining {
	t.Helper()
	folder := t.TempDir()
	r := retraining{folder: folder, run: filepath.Join(folder, "runs/one"), models: filepath.Join(folder, "registry")}
	for _, name := range []string{"Makefile", "deploy/training/retrain.sh"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content(t, name)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"models/training", "data", "bin"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.deepskin = stub(t, folder, "deepskin", `case $2 in
add) mkdir -p "$DEEPSKIN_MODELS"; echo '{"version": "tiny-1"}' ;;
gate) echo "{}" >"$DEEPSKIN_MODELS/tiny-1.$5.gate.json"; `+gate+` ;;
esac`)
	// It writes the candidate where it is told to.
	r.python = stub(t, folder, "python", `case $2 in
*version*) echo tiny-1 ;;
deepskin_training.model) while [ "$1" != --model ]; do shift; done; echo model >"$2" ;;
esac`)
	return r
}

// start runs the entry point.
func (r retraining) start(t *testing.T) (output string, err error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(r.folder, "deploy/training/retrain.sh"))
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "PYTHON=" + filepath.Join(r.folder, "python"), "RUN=" + r.run,
		"DATA=" + filepath.Join(r.folder, "data"), "EXPORTS=/exported /other", "DEEPSKIN_MODELS=" + r.models,
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestRetrainingStopsForApproval(t *testing.T) {
	r := newRetraining(t, "")
	out, err := r.start(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, "make promote VERSION=tiny-1") {
		t.Errorf("nobody is told how to approve:\n%s", out)
	}
	if called := r.python(); !strings.Contains(called, "--exports /exported /other ") ||
		!strings.Contains(called, "--out "+r.run+" ") || !strings.Contains(called, "--data "+r.folder+"/data ") {
		t.Errorf("it trains with %s", called)
	}
	called := r.deepskin()
	if !strings.Contains(called, "model add --json "+r.run+"/candidate.onnx\n") || strings.Count(called, "model gate tiny-1 ") != 2 ||
		strings.Contains(called, "promote") {
		t.Errorf("it calls %s", called)
	}
	for _, name := range []string{"candidate.onnx", "version", "tiny-1.dermoscopy.gate.json", "tiny-1.phone.gate.json"} {
		if _, err := os.Stat(filepath.Join(r.run, name)); err != nil {
			t.Errorf("the run lacks something: %v", err)
		}
	}
}

func TestRetrainingFailsAtTheGate(t *testing.T) {
	r := newRetraining(t, "exit 1")
	out, err := r.start(t)
	if err == nil || !strings.Contains(out, "tiny-1 did not pass the gate") || strings.Contains(out, "promote") {
		t.Errorf("it ends with %v:\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(r.run, "tiny-1.dermoscopy.gate.json")); err != nil {
		t.Errorf("the report is not kept: %v", err)
	}
}

// A customJob is what we use of Vertex AI's CustomJobSpec.
type customJob struct {
	ServiceAccount string `json:"serviceAccount"`
	Scheduling     struct {
		Timeout string `json:"timeout"`
		Restart bool   `json:"restartJobOnWorkerRestart"`
	} `json:"scheduling"`
	Pools []struct {
		Replicas int `json:"replicaCount"`
		Machine  struct {
			Type  string `json:"machineType"`
			GPU   string `json:"acceleratorType"`
			Count int    `json:"acceleratorCount"`
		} `json:"machineSpec"`
		Container struct {
			Image string `json:"imageUri"`
			Env   []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"env"`
		} `json:"containerSpec"`
	} `json:"workerPoolSpecs"`
}

func TestJobIsHandedIn(t *testing.T) {
	const image = "europe-west1-docker.pkg.dev/p-1/deepskin/deepskin-training:1"
	folder := t.TempDir()
	calls := stub(t, folder, "gcloud", `for last; do :; done; cp "${last#--config=}" '`+folder+`/job.yaml'`)
	env := []string{"PROJECT=p-1", "REGION=europe-west1", "IMAGE=" + image, "RUN=spring-1.2"}
	if out, err := call(t, folder, env, "deploy/gcp/retrain.sh"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := calls(); !strings.HasPrefix(got, "gcloud ai custom-jobs create --project=p-1 --region=europe-west1 --display-name=retrain-spring-1.2 ") {
		t.Errorf("it calls %q", got)
	}
	text, err := os.ReadFile(filepath.Join(folder, "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var job customJob
	if err := yaml.UnmarshalStrict(text, &job); err != nil {
		t.Fatal(err)
	}
	made := content(t, "deploy/gcp/training.tf") + content(t, "deploy/gcp/data.tf")
	account, _, _ := strings.Cut(job.ServiceAccount, "@")
	if !strings.Contains(made, `account_id   = "`+account+`"`) || !strings.HasSuffix(job.ServiceAccount, "@p-1.iam.gserviceaccount.com") {
		t.Errorf("it runs as %s, which deploy/gcp does not make", job.ServiceAccount)
	}
	if len(job.Pools) != 1 || job.Pools[0].Container.Image != image || job.Pools[0].Machine.Count != 1 || !job.Scheduling.Restart {
		t.Fatalf("it is %+v", job)
	}
	got := map[string]string{}
	for _, e := range job.Pools[0].Container.Env {
		got[e.Name] = e.Value
		bucket := regexp.MustCompile(`^/gcs/p-1-(\w+)(/|$)`).FindStringSubmatch(e.Value)
		if bucket == nil || !strings.Contains(made, `"${var.project}-`+bucket[1]+`"`) {
			t.Errorf("%s is %s, no bucket that deploy/gcp makes", e.Name, e.Value)
		}
	}
	if got["RUN"] != "/gcs/p-1-training/runs/spring-1.2" {
		t.Errorf("the run goes to %s", got["RUN"])
	}
	for _, name := range regexp.MustCompile(`\$\{(\w+):\?`).FindAllStringSubmatch(content(t, "deploy/training/retrain.sh"), -1) {
		if got[name[1]] == "" {
			t.Errorf("it is not told %s", name[1])
		}
	}

	before := calls()
	for _, wrong := range []string{"RUN=a b", "RUN=../x", "IMAGE=deepskin", "PROJECT="} {
		if out, err := call(t, folder, append(env, wrong), "deploy/gcp/retrain.sh"); err == nil || calls() != before {
			t.Errorf("with %q it hands something in: %s", wrong, out)
		}
	}
}

// TestTrainingCannotPromote holds the right to write models to the file that says which serves.
func TestTrainingCannotPromote(t *testing.T) {
	file := regexp.MustCompile(`historyFile = "(.+)"`).FindStringSubmatch(content(t, "internal/registry/promote.go"))
	blocks := strings.Split(content(t, "deploy/gcp/training.tf"), "\nresource ")
	writes := 0
	for _, b := range blocks {
		if !strings.Contains(b, "google_storage_bucket.models") || !strings.Contains(b, "google_service_account.training") ||
			strings.Contains(b, "roles/storage.objectViewer") {
			continue
		}
		writes++
		if file == nil || !strings.Contains(b, `expression = "!resource.name.endsWith(\"/objects/`+file[1]+`\")"`) {
			t.Errorf("training may change what serves: %s", b)
		}
	}
	if writes != 1 {
		t.Errorf("training has %d rights to write models, want 1", writes)
	}
}
