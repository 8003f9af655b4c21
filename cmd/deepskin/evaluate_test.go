package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deepskin"
	"deepskin/classifier/sample"
	"deepskin/internal/evaluation"
)

// drawnSet saves twelve drawn photos and made-up labels for them: every third is said to be a
// melanoma, whatever it looks like. Two are too blurred to judge.
func drawnSet(t *testing.T) (folder, labels string) {
	t.Helper()
	folder = t.TempDir()
	rows := "lesion_id,image_id,dx,sex\n"
	for i := range 12 {
		options := sample.Options{Width: 320, Height: 240}
		if i%6 == 5 {
			options.Fault = sample.Blurred
		}
		name := fmt.Sprintf("drawn%02d", i)
		save(t, filepath.Join(folder, name+".jpg"), drawn(t, uint64(i), options))
		rows += fmt.Sprintf("L%d,%s,%s,%s\n", i/2, name, []string{"mel", "nv", "nv"}[i%3], []string{"female", "male"}[i%2])
	}
	labels = filepath.Join(folder, "labels.csv")
	save(t, labels, []byte(rows+"L99,gone,nv,male\n"))
	return folder, labels
}

// The figures must be those of what classify says of the same photos.
func TestEvaluateMeasuresWhatClassifySays(t *testing.T) {
	folder, labels := drawnSet(t)
	out, log, err := program(t, environ(t, nil), "classify", "--format", "jsonl", folder)
	if err != nil {
		t.Fatalf("classify: %v\n%s", err, log)
	}
	malignant, benign := []float64{}, []float64{}
	refused, photos := 0, 0
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); photos++ {
		var a deepskin.Assessment
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if a.Diagnoses == nil { // the labels' file is no photo
			photos--
			continue
		}
		if a.Refused() {
			refused++
		}
		if photos%3 == 0 {
			malignant = append(malignant, a.Malignancy)
		} else {
			benign = append(benign, a.Malignancy)
		}
	}
	won := 0.0 // of all pairs of a malignant and a benign photo
	for _, m := range malignant {
		for _, b := range benign {
			switch {
			case m > b:
				won++
			case m == b:
				won += 0.5
			}
		}
	}
	want := won / float64(len(malignant)*len(benign))

	reports := t.TempDir()
	jsonFile, htmlFile := filepath.Join(reports, "report.json"), filepath.Join(reports, "report.html")
	table, log, err := program(t, environ(t, nil), "evaluate", "--data", folder, "--labels", labels,
		"--rounds", "50", "--json", jsonFile, "--html", htmlFile)
	if err != nil {
		t.Fatalf("evaluate: %v\n%s", err, log)
	}
	var report evaluation.Report
	if err := json.Unmarshal(read(t, jsonFile), &report); err != nil {
		t.Fatal(err)
	}
	auc, _ := report.Figure("malignant_auc")
	share, _ := report.Figure("refused")
	if math.Abs(auc.Value-want) > 1e-9 || refused < 2 || math.Abs(share.Value-float64(refused)/12) > 1e-9 {
		t.Errorf("AUC %v, want %v; refused %v, want %d of 12", auc, want, share, refused)
	}
	data := report.Data
	if data.Photos != 12 || data.Cluster != "lesion_id" || data.Clusters != 6 || data.Malignant != 4 || data.LabelsWithoutPhoto != 1 {
		t.Errorf("the data are described as %+v", data)
	}
	if report.Model.Version == "" || report.Model.Malignant <= 0 || len(report.Bars) != 0 {
		t.Errorf("the model is described as %+v, with bars %v", report.Model, report.Bars)
	}
	if !strings.Contains(table, fmt.Sprintf("%.3f", want)) || !strings.Contains(table, report.Model.Version) {
		t.Errorf("the table is\n%s", table)
	}
	if page := string(read(t, htmlFile)); !strings.Contains(page, report.Model.Version) || !strings.Contains(page, "</html>") {
		t.Errorf("the page is\n%s", page)
	}
}

func TestEvaluateIsAGate(t *testing.T) {
	folder, _ := drawnSet(t)
	bars := filepath.Join(t.TempDir(), "bars.json")
	save(t, bars, []byte(`{"low": [{"figure": "refused", "at_most": 0.9}], "high": [{"figure": "refused", "at_least": 0.99}]}`))
	evaluate := func(more ...string) (string, error) {
		out, _, err := program(t, environ(t, nil), append([]string{"evaluate", "--data", folder, "--rounds", "20", "--bars", bars}, more...)...)
		return out, err
	}
	if out, err := evaluate("--kind", "low", "--gate"); err != nil || !strings.Contains(out, "≤ 0.9  pass") {
		t.Errorf("a bar that is reached ends with %v:\n%s", err, out)
	}
	if out, err := evaluate("--kind", "high", "--gate"); !errors.Is(err, errReported) || !strings.Contains(out, "≥ 0.99  MISS") {
		t.Errorf("a bar that is missed ends with %v:\n%s", err, out)
	}
	if _, err := evaluate("--kind", "high"); err != nil {
		t.Errorf("without --gate a missed bar ends with %v", err)
	}
	if _, err := evaluate("--gate"); err == nil || !strings.Contains(err.Error(), "--kind") {
		t.Errorf("a gate without bars ends with %v", err)
	}
}

// Masks that are all white or all black but for a corner tell how many grids point at them.
func TestEvaluateHoldsGridsToMasks(t *testing.T) {
	folder, labels := drawnSet(t)
	masks := t.TempDir()
	for i := range 8 { // the other four have none
		mask := image.NewGray(image.Rect(0, 0, 320, 240))
		white := mask.Rect
		if i%2 == 0 {
			white = image.Rect(0, 0, 2, 2) // the grid's peak is elsewhere
		}
		draw.Draw(mask, white, image.White, image.Point{}, draw.Src)
		var content bytes.Buffer
		if err := png.Encode(&content, mask); err != nil {
			t.Fatal(err)
		}
		save(t, filepath.Join(masks, fmt.Sprintf("drawn%02d_segmentation.png", i)), content.Bytes())
	}
	groups := filepath.Join(masks, "groups.csv")
	save(t, groups, []byte("image_id,hair\ndrawn00,1\n"))
	report := filepath.Join(masks, "report.json")
	bars := filepath.Join(masks, "bars.json")
	save(t, bars, []byte(`{"dermoscopy": [{"figure": "pointing_game", "at_least": 0.4}, {"figure": "melanoma_auc", "at_least": 0}]}`))
	others, _ := drawnSet(t)
	ofOthers, inTest := "image_id,lesion_id,dx\n", 0
	for i := range 12 {
		ofOthers += fmt.Sprintf("drawn%02d,HAM_%d,nv\n", i, i)
		if evaluation.SplitOf(fmt.Sprintf("HAM_%d", i)) == evaluation.Test {
			inTest++
		}
	}
	othersLabels := filepath.Join(masks, "others.csv")
	save(t, othersLabels, []byte(ofOthers))
	out, log, err := program(t, environ(t, nil), "evaluate", "--data", folder, "--labels", labels, "--groups", groups,
		"--masks", masks, "--kind", "dermoscopy", "--others", others, "--others-labels", othersLabels, "--rounds", "20",
		"--bars", bars, "--json", report, "--gate")
	if err != nil {
		t.Fatalf("evaluate: %v\n%s%s", err, log, out)
	}
	var got evaluation.Report
	if err := json.Unmarshal(read(t, report), &got); err != nil {
		t.Fatal(err)
	}
	if f, _ := got.Figure("pointing_game"); f.Value != 0.5 || f.Photos != 8 {
		t.Errorf("the pointing game is %+v", f)
	}
	if f, _ := got.Figure("evidence_on_lesion"); f.Value < 0.5 || f.Value > 0.51 {
		t.Errorf("the evidence on the lesion is %+v", f)
	}
	if got.Data.Photos != 12 || got.Data.Kind != deepskin.Dermoscopy || got.Speed.Median <= 0 || got.Speed.P95 < got.Speed.Median {
		t.Errorf("the data are %+v, the speed %+v", got.Data, got.Speed)
	}
	if got.Data.Others != inTest || inTest == 0 {
		t.Errorf("there are %d others, want %d", got.Data.Others, inTest)
	}
}

func TestShippedBarsAreReadable(t *testing.T) {
	for kind, want := range map[string]int{"dermoscopy": 9, "phone": 5, "not_skin": 1} {
		bars, err := readBars(evaluateFlags{bars: "../../models/bars.json", kind: kind})
		if err != nil || len(bars) != want {
			t.Errorf("bars for %s: %v, %v; want %d", kind, bars, err, want)
		}
	}
}

func TestEvaluateRefusesWhatItCannotMeasure(t *testing.T) {
	folder, labels := drawnSet(t)
	masks := t.TempDir()
	save(t, filepath.Join(masks, "of_another_photo.png"), nil)
	for want, args := range map[string][]string{
		"\"data\" not set":   {},
		"no such file":       {"--data", filepath.Join(folder, "missing")},
		"read labels":        {"--data", folder, "--labels", filepath.Join(folder, "missing.csv")},
		"unknown split":      {"--data", folder, "--labels", labels, "--split", "half"},
		"no column \"town\"": {"--data", folder, "--labels", labels, "--cluster", "town"},
		"--rounds":           {"--data", folder, "--rounds", "0"},
		"--groups needs":     {"--data", folder, "--groups", labels},
		"--others needs":     {"--data", folder, "--others", folder, "--kind", "not_skin"},
		"--others-labels":    {"--data", folder, "--others-labels", labels},
		"no photo has one":   {"--data", folder, "--masks", masks},
		"read groups":        {"--data", folder, "--labels", labels, "--groups", filepath.Join(folder, "missing.csv")},
		"no photo (":         {"--data", folder, "--kind", "phone", "--others", t.TempDir(), "--bars", "../../models/bars.json"},
		"without labels":     {"--data", folder, "--labels", labels, "--split", "unfitted"},
		"no kind \"sky\"":    {"--data", folder, "--kind", "sky", "--bars", "../../models/bars.json"},
	} {
		if _, _, err := program(t, environ(t, nil), append([]string{"evaluate"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("evaluate %v ends with %v, want %q in it", args, err, want)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
