package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
	"deepskin/internal/child/childtest"
	"deepskin/internal/evaluation"
)

// trainerLog names the file in which this program, run as Python by make, notes what it was asked.
const trainerLog = "YEAR_TEST_TRAINER_LOG"

func TestMain(m *testing.M) {
	if log := os.Getenv(trainerLog); log != "" {
		if err := train(os.Args[1:], log); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// train stands for the Python that trains: it takes the same flags and writes the same files. Its
// model is the shipped one, which it has "learnt" as soon as there is an export, unless most labels of
// the newest export are those that liars give: then, and without exports, it takes nevi for melanomas
// and melanomas for nevi.
func train(args []string, log string) error {
	if args[0] == "-c" { // make asks whether the libraries are there
		return nil
	}
	flags := map[string][]string{}
	name := ""
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			name, flags[arg] = arg, []string{}
		} else {
			flags[name] = append(flags[name], arg)
		}
	}
	out, exports := flags["--out"][0], flags["--exports"]
	content, err := json.Marshal(flags)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(append(content, '\n')); err != nil {
		return err
	}
	model, err := os.ReadFile("../deepskin.onnx") // make trains in models/training
	if err != nil {
		return err
	}
	good, err := credible(exports)
	if err != nil {
		return err
	}
	if !good {
		model = bytes.Replace(model, []byte(`"mel", "nv"`), []byte(`"nv", "mel"`), 1)
	}
	version := os.Getenv("YEAR_TEST_VERSION")
	mark := fmt.Sprintf("%04x", int(position(out)*65536))
	model = bytes.ReplaceAll(model, []byte(version), []byte(mark+version[4:]))
	run := filepath.Join(out, "year")
	if err := os.MkdirAll(run, 0o700); err != nil {
		return err
	}
	auc := 0.80 + 0.05*float64(len(exports)) + 0.01*float64(len(flags["--start"]))
	history := fmt.Sprintf("{\"validation_auc\": 0.7, \"seconds\": 60}\n{\"validation_auc\": %v, \"seconds\": 120}\n", auc)
	if err := os.WriteFile(filepath.Join(run, "history.jsonl"), []byte(history), 0o600); err != nil {
		return err
	}
	return os.WriteFile(flags["--model"][0], model, 0o600)
}

// credible reports whether there are exports, and the labels of the newest one are no liars'.
func credible(exports []string) (bool, error) {
	if len(exports) == 0 {
		return false, nil
	}
	file, err := os.Open(filepath.Join(exports[len(exports)-1], "metadata.csv"))
	if err != nil {
		return false, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return false, err
	}
	lies := 0
	for _, row := range rows[1:] {
		if row[2] == "mel" || row[2] == "nv" {
			lies++
		}
	}
	return 2*lies < len(rows)-1, nil
}

// shown is what the photos of those who send show, the first and the second one.
var shown = []deepskin.Diagnosis{deepskin.BasalCellCarcinoma, deepskin.Dermatofibroma}

func imageOf(lesion string, view int) string {
	return fmt.Sprint(strings.Replace(lesion, "HAM", "ISIC", 1), view)
}

// mistaken reports whether a reviewer would take a photo of a lesion for something else: of so few
// photos, single votes would decide what happens.
func mistaken(lesion string, views int) bool {
	for view := range views {
		for reviewer := range reviewers {
			if opinion(1, reviewer, imageOf(lesion, view), shown[view]) != deepskin.Decision(shown[view]) {
				return true
			}
		}
	}
	return false
}

// makeData saves drawn photos in HAM10000's form: a test part whose truth is what the shipped model
// says, four lesions a quarter with two photos each that show bcc and df in turn, and a few others. It
// returns the shipped model's version.
func makeData(t *testing.T, folder string) string {
	t.Helper()
	model, err := classifier.New(classifier.Config{Model: "models/deepskin.onnx"})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	var archive, table bytes.Buffer
	files, rows := tar.NewWriter(&archive), csv.NewWriter(&table)
	write := func(row ...string) {
		if err := rows.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	write("lesion_id", "image_id", "dx")
	left := map[string]int{"test": 14, "1": 4, "2": 4, "3": 4, "4": 4, "first": 2}
	for i := 0; len(left) > 0; i++ {
		lesion := fmt.Sprintf("HAM_%07d", i)
		part, views := "first", 1
		if q := quarterOf(lesion); q > 0 {
			part, views = fmt.Sprint(q), 2
		} else if evaluation.SplitOf(lesion) == evaluation.Test {
			part = "test"
		}
		if left[part] == 0 || mistaken(lesion, views) {
			continue
		}
		if left[part]--; left[part] == 0 {
			delete(left, part)
		}
		for view := range views {
			image := imageOf(lesion, view)
			photo, err := sample.JPEG(sample.Photo(uint64(10*i+view), sample.Options{Width: 240, Height: 180}), 90)
			if err != nil {
				t.Fatal(err)
			}
			dx := string(shown[view])
			if part == "test" {
				a, err := model.Assess(t.Context(), photo)
				if err != nil {
					t.Fatal(err)
				}
				dx = map[bool]string{true: "mel", false: "nv"}[a.Label == deepskin.Malignant]
			}
			write(lesion, image, dx)
			header := &tar.Header{Name: "ham/" + image + ".jpg", Mode: 0o600, Size: int64(len(photo))}
			if err := files.WriteHeader(header); err != nil {
				t.Fatal(err)
			}
			if _, err := files.Write(photo); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows.Flush()
	for name, close := range map[string]func() error{archiveFile: files.Close, metadataFile: rows.Error} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
		content := map[string][]byte{archiveFile: archive.Bytes(), metadataFile: table.Bytes()}[name]
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return model.Info().Version
}

// A stopper ends a context as soon as something is printed.
type stopper struct {
	at   string
	stop context.CancelFunc
}

func (s stopper) Write(text []byte) (int, error) {
	if strings.HasPrefix(string(text), s.at) {
		s.stop()
	}
	return len(text), nil
}

// The whole year with the real service, store, export, gate and registry; only the training is
// pretended, because starting weights are not at hand everywhere.
func TestYear(t *testing.T) {
	program, environ := childtest.Build(t)
	t.Chdir("../..")
	data, runs := t.TempDir(), t.TempDir()
	version := makeData(t, data)
	report, log := filepath.Join(runs, "loop.md"), filepath.Join(runs, "trainings.jsonl")
	environ = append(environ, "PYTHON="+os.Args[0], trainerLog+"="+log, "YEAR_TEST_VERSION="+version,
		"MAKEFLAGS= -- DATA=somewhere-else") // as below another make
	play := func(ctx context.Context, stop stopper) error {
		return run(ctx, []string{"-program", program, "-data", data, "-runs", runs, "-report", report, "-rounds", "200"}, environ, stop)
	}
	// So that no service is left behind where the time is up.
	ctx, cancel := t.Context(), func() {}
	if deadline, ok := t.Deadline(); ok {
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-30*time.Second))
	}
	defer cancel()
	broken, stop := context.WithCancel(ctx)
	if err := play(broken, stopper{"q1-reviews:", stop}); err == nil {
		t.Fatal("a year that was interrupted came to its end")
	}
	if err := play(ctx, stopper{"nothing", nil}); err != nil {
		serveLog, _ := os.ReadFile(filepath.Join(runs, "year", "serve.log"))
		trainingLog, _ := os.ReadFile(filepath.Join(runs, "year", "training.log"))
		t.Fatalf("%v\n%s\n%s", err, tail(string(serveLog)), tail(string(trainingLog)))
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"rose over the year by +", "Quarter 2 brought nothing", "the export stayed among",
		"Quarter 3 brought nothing", "the export was set aside", "was stopped.", "\non from the current model",
		"| 1 | 8 | 4 |", "(loop.svg)",
	} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(string(content), "not measured") || strings.Contains(string(content), "<no value>") {
		t.Error("the report has gaps")
	}
	if t.Failed() {
		t.Logf("%s", content)
	}
	plot, err := os.ReadFile(filepath.Join(runs, "loop.svg"))
	if err != nil || strings.Count(string(plot), "<circle") < 10 || strings.Contains(string(plot), "NaN") {
		t.Errorf("the plot is %s, %v", plot, err)
	}
	checkTrainings(t, log, filepath.Join(runs, "year"))

	// Once more does nothing again, and says the same.
	if err := play(ctx, stopper{"q", func() { t.Error("something was done again") }}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(report); err != nil || !bytes.Equal(again, content) {
		t.Errorf("the report changed: %v", err)
	}
}

// checkTrainings checks what was learnt from, and from where.
func checkTrainings(t *testing.T, log, folder string) {
	t.Helper()
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	in := func(names ...string) []string {
		paths := []string{}
		for _, name := range names {
			paths = append(paths, filepath.Join(folder, name))
		}
		return paths
	}
	wants := []struct{ exports, start, out []string }{
		{in(), nil, in("first")},
		{in("q1-export"), nil, in("q1-scratch")},
		{in("q1-export"), in("first"), in("q1-current")},
		{in(), in("first"), in("q1-without")},
		{in("q1-export", "q2-export"), in("q1-current"), in("q2-candidate")},
		{in("q1-export", "q2-export", "q3-export"), in("q1-current"), in("q3-candidate")},
		{in("q1-export", "q2-export", "q4-export"), in("q1-current"), in("q4-candidate")},
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	// The training that was cut off, if it had begun, was begun anew.
	if len(lines) == len(wants)+1 {
		lines = slices.Delete(lines, 1, 2)
	}
	if len(lines) != len(wants) {
		t.Fatalf("there were %d trainings, want %d:\n%s", len(lines), len(wants), content)
	}
	for i, want := range wants {
		var flags map[string][]string
		if err := json.Unmarshal([]byte(lines[i]), &flags); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(flags["--exports"], want.exports) || !slices.Equal(flags["--start"], want.start) ||
			!slices.Equal(flags["--out"], want.out) || !slices.Equal(flags["--data"], in("data")) ||
			!strings.HasSuffix(flags["--config"][0], recipe) {
			t.Errorf("training %d was asked %v, want %v", i, flags, want)
		}
	}
}

func TestTheQuartersAreLesionsThatNobodyTestsOn(t *testing.T) {
	counts := map[int]int{}
	for i := range 10000 {
		lesion := fmt.Sprintf("HAM_%07d", i)
		q := quarterOf(lesion)
		counts[q]++
		if q > 0 && evaluation.SplitOf(lesion) != evaluation.Train {
			t.Fatalf("%s is sent, and is in the %s part", lesion, evaluation.SplitOf(lesion))
		}
	}
	for q := 1; q <= quarters; q++ {
		if counts[q] < 620 || counts[q] > 780 {
			t.Errorf("quarter %d has %d of 10,000 lesions, want about 700", q, counts[q])
		}
	}
	if len(counts) != quarters+1 {
		t.Errorf("the quarters are %v", counts)
	}
}

func TestReviewersErrNowAndThenAndLieInOneQuarter(t *testing.T) {
	errors, lies := 0, 0
	for i := range 4000 {
		image, truth := fmt.Sprint("image-", i), deepskin.Diagnoses[i%len(deepskin.Diagnoses)]
		said := opinion(1, i%3, image, truth)
		if !said.Valid() || said != opinion(1, i%3, image, truth) {
			t.Fatalf("a reviewer says %q", said)
		}
		if said != deepskin.Decision(truth) {
			errors++
		}
		if truthOf(deepskin.Diagnosis(opinion(poisoned, i%2, image, truth))) == truthOf(truth) {
			lies++
		}
	}
	if errors < 150 || errors > 250 || lies > 0 {
		t.Errorf("%d of 4,000 votes are mistakes, want about 200; %d of the liars' are right", errors, lies)
	}
}
