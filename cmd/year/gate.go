package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"deepskin/adapters/web/client"
	"deepskin/internal/evaluation"
	"deepskin/internal/registry"
)

// A verdict is what the test part says of a model.
type verdict struct {
	Version string `json:"version"`
	// Passed is the gate's; the first model has no gate.
	Passed bool `json:"passed"`
	// Missed are the rules that stopped it.
	Missed []string `json:"missed,omitempty"`
	// Figures are the model's, by name.
	Figures map[string]evaluation.Figure `json:"figures"`
	// AUCChange is against the model that served then; zero for the first one.
	AUCChange evaluation.Difference `json:"auc_change"`
}

// reported are the figures that are kept.
var reported = []string{"malignant_auc", "sensitivity", "specificity", "refused"}

// measure runs a command that writes a report on the test part. That a gate stops a model is no
// error.
func (y *year) measure(ctx context.Context, name string, command ...string) (verdict, error) {
	path := y.path("reports", name+".json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), remove(path)); err != nil {
		return verdict{}, fmt.Errorf("make room for a report: %w", err)
	}
	_, failed := y.deepskin(ctx, append(command, "--kind", "dermoscopy", "--split", evaluation.Test,
		"--data", filepath.Join(y.data, archiveFile), "--labels", filepath.Join(y.data, metadataFile),
		"--rounds", strconv.Itoa(y.rounds), "--json", path)...)
	content, err := os.ReadFile(path)
	var exit *exec.ExitError
	if err != nil || failed != nil && (!errors.As(failed, &exit) || exit.ExitCode() != 1) {
		return verdict{}, errors.Join(failed, err)
	}
	var report evaluation.Report
	if err := json.Unmarshal(content, &report); err != nil {
		return verdict{}, fmt.Errorf("read a report: %w", err)
	}
	v := verdict{Version: report.Model.Version, Figures: map[string]evaluation.Figure{}}
	for _, name := range reported {
		if f, ok := report.Figure(name); ok {
			v.Figures[name] = f
		}
	}
	if report.Against == nil {
		return v, failed
	}
	v.Passed = failed == nil
	v.AUCChange, _ = report.Against.Difference("malignant_auc")
	for _, check := range report.Against.Gate.Checks {
		if !check.Met {
			v.Missed = append(v.Missed, check.Rule+": "+check.Found)
		}
	}
	return v, nil
}

func remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// add takes a model into the registry and returns its version.
func (y *year) add(ctx context.Context, t trained) (string, error) {
	out, err := y.deepskin(ctx, "model", "add", "--json", t.model())
	if err != nil {
		return "", err
	}
	var added registry.Model
	if err := json.Unmarshal([]byte(out), &added); err != nil {
		return "", fmt.Errorf("read what was added to the registry: %w", err)
	}
	return added.Version, nil
}

// begin measures the first model and has it serve.
func (y *year) begin(ctx context.Context, t trained) (verdict, error) {
	v, err := y.measure(ctx, "first", "evaluate", "--model", t.model())
	if err != nil {
		return verdict{}, err
	}
	if _, err := y.add(ctx, t); err != nil {
		return verdict{}, err
	}
	return v, y.promote(ctx, v.Version, "--force", "the first model of the year")
}

// gate holds a model to the one that serves.
func (y *year) gate(ctx context.Context, name string, t trained) (verdict, error) {
	version, err := y.add(ctx, t)
	if err != nil {
		return verdict{}, err
	}
	return y.measure(ctx, name, "model", "gate", version)
}

// promote has a version serve, unless it does already because a run was killed here.
func (y *year) promote(ctx context.Context, version string, more ...string) error {
	current, err := registry.Open(y.path("models")).Current()
	if err == nil && current.Version == version {
		return nil
	}
	_, err = y.deepskin(ctx, slices.Concat([]string{"model", "promote", version}, more)...)
	return err
}

// await waits until the service answers with a version.
func (y *year) await(ctx context.Context, url, version string, p photo) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	visitor := client.New(url)
	for {
		answer, err := y.ask(ctx, visitor, p)
		if err != nil {
			return fmt.Errorf("wait until %s serves: %w", version, err)
		}
		if answer.Model == version {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s serves: %s still does: %w", version, answer.Model, ctx.Err())
		case <-time.After(4 * time.Second): // within what one sender may send
		}
	}
}
