package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/web/client"
	"deepskin/classifier"
	"deepskin/classifier/sample"
	"deepskin/internal/evaluation"
	"deepskin/internal/registry"
)

// swapped saves a copy of a model in which a text is replaced by another one of the same length, and
// returns its path.
func swapped(t *testing.T, path, old, now string) string {
	t.Helper()
	content := read(t, path)
	if len(old) != len(now) || bytes.Count(content, []byte(old)) != 1 {
		t.Fatalf("%q is %d times in the model, and to become %q", old, bytes.Count(content, []byte(old)), now)
	}
	path = filepath.Join(t.TempDir(), "swapped.onnx")
	save(t, path, bytes.Replace(content, []byte(old), []byte(now), 1))
	return path
}

// shippedVersion returns that of the shipped model.
func shippedVersion(t *testing.T) string {
	t.Helper()
	model, err := classifier.New(classifier.Config{Model: modelFile})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	return model.Info().Version
}

// renamed saves a model of the shipped one's version under another version, and returns that too.
func renamed(t *testing.T, path string) (saved, version string) {
	t.Helper()
	shipped := shippedVersion(t)
	version = "twin" + shipped[4:]
	return swapped(t, path, shipped, version), version
}

// worse saves a model that takes nevi for melanomas and melanomas for nevi: two outputs of the shipped
// one are named wrongly.
func worse(t *testing.T) string {
	t.Helper()
	return swapped(t, modelFile, `"mel", "nv"`, `"nv", "mel"`)
}

// believed saves drawn photos with labels that are what the shipped model takes them for: then that
// is as right as can be, and whoever differs is wrong.
func believed(t *testing.T) (folder, labels string) {
	t.Helper()
	folder = t.TempDir()
	model, err := classifier.New(classifier.Config{Model: modelFile})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	rows := "lesion_id,image_id,dx\n"
	for i := range 24 {
		name := fmt.Sprintf("drawn%02d", i)
		content := drawn(t, uint64(i), sample.Options{Width: 240, Height: 180})
		save(t, filepath.Join(folder, name+".jpg"), content)
		a, err := model.Assess(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		dx := "nv"
		if a.Label == deepskin.Malignant {
			dx = "mel"
		}
		rows += fmt.Sprintf("L%d,%s,%s\n", i, name, dx)
	}
	labels = filepath.Join(folder, "labels.csv")
	save(t, labels, []byte(rows))
	return folder, labels
}

func TestEvaluateComparesTwoModels(t *testing.T) {
	folder, labels := believed(t)
	bad := worse(t)
	compare := func(model, other string) (report evaluation.Report, table string, err error) {
		file := filepath.Join(t.TempDir(), "report.json")
		table, log, err := program(t, environ(t, nil), "evaluate", "--model", model, "--against", other, "--data", folder,
			"--labels", labels, "--kind", "dermoscopy", "--rounds", "200", "--bars", "../../models/bars.json", "--rules", "../../models/gate.json", "--json", file)
		if err != nil && !errors.Is(err, errReported) {
			t.Fatalf("evaluate: %v\n%s", err, log)
		}
		if err := json.Unmarshal(read(t, file), &report); err != nil {
			t.Fatal(err)
		}
		return report, table, err
	}
	report, table, err := compare(bad, modelFile)
	auc, _ := report.Against.Difference("malignant_auc")
	if err == nil || report.Against.Gate.Passed || auc.Value > -0.1 || !strings.Contains(table, "the gate: stopped") {
		t.Errorf("a worse model ends with %v, the AUC differs by %v:\n%s", err, auc.Value, table)
	}
	report, table, err = compare(modelFile, bad)
	if err != nil || !report.Against.Gate.Passed || !report.Against.Gate.Better || !strings.Contains(table, "the gate: passed") {
		t.Errorf("a better model ends with %v:\n%s", err, table)
	}
	same, version := renamed(t, modelFile)
	report, table, err = compare(same, modelFile)
	if err == nil || report.Model.Version != version || !strings.Contains(table, "stopped: 1 of 6 rules") || !strings.Contains(table, "STOP  better somewhere") {
		t.Errorf("an equal model ends with %v:\n%s", err, table)
	}
}

func TestEvaluateRefusesWhatItCannotCompare(t *testing.T) {
	folder, labels := drawnSet(t)
	for want, args := range map[string][]string{
		"--against needs --kind":   {"--against", modelFile},
		"--against needs --rounds": {"--against", modelFile, "--kind", "phone", "--rounds", "20"},
		"no kind \"sky\"":          {"--against", modelFile, "--kind", "sky", "--bars", sky(t), "--rules", "../../models/gate.json"},
		"read file":                {"--model", "missing.onnx"},
	} {
		args = append([]string{"evaluate", "--data", folder, "--labels", labels}, append([]string{"--bars", "../../models/bars.json"}, args...)...)
		if _, _, err := program(t, environ(t, nil), args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v ends with %v, want %q in it", args, err, want)
		}
	}
}

// sky saves bars for a kind that the gate has no rules for.
func sky(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bars.json")
	save(t, path, []byte(`{"sky": []}`))
	return path
}

// The way of a model from a file to the place of the one that serves, and back.
func TestModelCommands(t *testing.T) {
	folder, labels := believed(t)
	env := environ(t, map[string]string{"DEEPSKIN_MODELS": filepath.Join(t.TempDir(), "models"), "DEEPSKIN_MODEL": worse(t)})
	do := func(args ...string) (string, error) {
		t.Helper()
		out, log, err := program(t, env, append([]string{"model"}, args...)...)
		return out + log, err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := do(args...)
		if err != nil {
			t.Fatalf("model %v: %v\n%s", args, err, out)
		}
		return out
	}
	serves := func(want string) {
		t.Helper()
		out, _, err := program(t, env, "version")
		if err != nil || !strings.Contains(out, "model "+want+",") {
			t.Errorf("version says %v:\n%s\nwant %s", err, out, want)
		}
	}
	gate := func(version string) (string, error) {
		return do("gate", version, "--data", folder, "--labels", labels, "--split", "all", "--kind", "dermoscopy", "--rounds", "200",
			"--bars", "../../models/bars.json", "--rules", "../../models/gate.json")
	}
	good := shippedVersion(t)
	same, version := renamed(t, modelFile)
	serves(good) // DEEPSKIN_MODEL, which says that it is that version
	must("add", modelFile)
	must("add", same)
	if _, err := do("promote", good); !errors.Is(err, registry.ErrStopped) {
		t.Errorf("promoted without the gate: %v", err)
	}
	if out, err := gate(good); err != nil || !strings.Contains(out, "the gate: passed") {
		t.Fatalf("the gate ends with %v:\n%s", err, out)
	}
	if out := must("promote", good); !strings.Contains(out, good+" serves") {
		t.Errorf("the promotion says %q", out)
	}
	serves(good)
	if out, err := gate(version); !errors.Is(err, errReported) {
		t.Errorf("the gate lets an equal model through: %v\n%s", err, out)
	}
	if _, err := do("promote", version); !errors.Is(err, registry.ErrStopped) {
		t.Errorf("what the gate stopped is promoted: %v", err)
	}
	if _, err := do("promote", version, "--force", " "); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("forced without a reason: %v", err)
	}
	must("promote", version, "--force", "its licence is better")
	serves(version)

	var list listing
	if err := json.Unmarshal([]byte(must("list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Models) != 2 || !list.Models[1].Current || list.Models[0].Current || !list.Models[0].Gates["dermoscopy"] ||
		list.Models[1].Gates["dermoscopy"] || len(list.Changes) != 2 || list.Changes[1].Reason != "its licence is better" {
		t.Errorf("the list is %+v", list)
	}
	must("rollback")
	serves(good)
	table := must("list")
	for _, want := range []string{"dermoscopy passed   serves", "dermoscopy STOPPED", "rollback", "its licence is better"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}

	// A file that is not what was added is not opened.
	if err := os.WriteFile(filepath.Join(env["DEEPSKIN_MODELS"], good+".onnx"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := program(t, env, "version"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged model gives %v", err)
	}
	delete(env, "DEEPSKIN_MODELS")
	if _, err := do("list"); err == nil || !strings.Contains(err.Error(), "DEEPSKIN_MODELS") {
		t.Errorf("without a registry: %v", err)
	}
}

// What is promoted while serve runs is what answers, and what /about and the metrics tell of; what
// cannot be used changes nothing.
func TestServeFollowsTheRegistry(t *testing.T) {
	ops := freeAddress(t)
	env := environ(t, map[string]string{"DEEPSKIN_MODELS": t.TempDir(), "DEEPSKIN_OPS_ADDR": ops})
	models := func(args ...string) {
		t.Helper()
		if _, log, err := program(t, env, append([]string{"model"}, args...)...); err != nil {
			t.Fatalf("model %v: %v\n%s", args, err, log)
		}
	}
	path, version := renamed(t, modelFile)
	s := start(t, env)
	visitor := client.New(s.url)
	if got := ask(t, visitor, photo(t, 1)); got.Model == version {
		t.Errorf("%q answers before it is promoted", got.Model)
	}
	models("add", path)
	models("promote", version, "--force", "a test")
	eventually(t, "the promoted model answers", func() bool { return ask(t, visitor, photo(t, 1)).Model == version })
	eventually(t, "the metrics tell of it", func() bool {
		return scraped(t, ops, `deepskin_model_info{provider="cpu",version="`+version+`"} 1`) &&
			scraped(t, ops, `deepskin_model_changes_total{outcome="done"} 1`)
	})

	save(t, filepath.Join(env["DEEPSKIN_MODELS"], "current.json"), []byte(`{"changes": [{"version": "another", "sha256": "0"}]}`))
	eventually(t, "it is counted that a model cannot be used", func() bool {
		return scraped(t, ops, `deepskin_model_changes_total{outcome="failed"} 1`)
	})
	if got := ask(t, visitor, photo(t, 1)); got.Model != version {
		t.Errorf("%q answers, want %s", got.Model, version)
	}
}
