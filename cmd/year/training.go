package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"deepskin/adapters/web/client"
)

// recipe is that of the year's models.
const recipe = "models/training/configs/year.toml"

// visitEvery is how often somebody sends a photo while a model is trained.
const visitEvery = 30 * time.Second

// A trained model is a candidate.
type trained struct {
	// Folder holds the model, candidate.onnx, and its run.
	Folder string `json:"folder"`
	// AUC is that of malignant lesions on the validation part, in the best epoch.
	AUC float64 `json:"validation_auc"`
	// Seconds is how long the training took, over all interruptions.
	Seconds float64 `json:"seconds"`
	// Visits counts the photos that the service answered meanwhile.
	Visits int `json:"visits,omitempty"`
}

func (t trained) model() string { return filepath.Join(t.Folder, "candidate.onnx") }

// train trains a model from HAM10000's first part and exports: on from an earlier one's run where
// start names its folder.
func (y *year) train(ctx context.Context, name string, exports []string, start string) (trained, error) {
	folder := y.path(name)
	variables := []string{
		"DATA=" + y.path("data"), "EXPORTS=" + strings.Join(exports, " "),
		"RECIPE=" + recipe, "CANDIDATE=" + folder,
	}
	if start != "" {
		variables = append(variables, "START="+start)
	}
	if err := y.make(ctx, "retrain", variables...); err != nil {
		return trained{}, err
	}
	auc, seconds, err := readHistory(folder)
	return trained{Folder: folder, AUC: auc, Seconds: seconds}, err
}

// readHistory returns the best validation AUC of the only network in a folder of runs, and how many
// seconds its training took.
func readHistory(folder string) (best, seconds float64, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*", "history.jsonl"))
	if err == nil && len(paths) != 1 {
		err = fmt.Errorf("want one history, there are %d", len(paths))
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the history of a training: %w", err)
	}
	file, err := os.Open(paths[0])
	if err != nil {
		return 0, 0, fmt.Errorf("read the history of a training: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var epoch struct {
			AUC     float64 `json:"validation_auc"`
			Seconds float64 `json:"seconds"`
		}
		if err := json.Unmarshal(lines.Bytes(), &epoch); err != nil {
			return 0, 0, fmt.Errorf("read the history of a training: %w", err)
		}
		best, seconds = max(best, epoch.AUC), epoch.Seconds
	}
	if best == 0 {
		return 0, 0, errors.New("read the history of a training: it is empty")
	}
	return best, seconds, lines.Err()
}

// whileServing trains while somebody sends a photo now and then, each of which must be answered.
func (y *year) whileServing(ctx context.Context, url string, p photo, do func() (trained, error)) (trained, error) {
	ctx, cancel := context.WithCancel(ctx)
	type visits struct {
		n   int
		err error
	}
	done := make(chan visits, 1)
	go func() {
		var v visits
		for v.err == nil {
			if _, err := y.ask(context.WithoutCancel(ctx), client.New(url), p); err != nil {
				v.err = fmt.Errorf("while a model was trained: %w", err)
				break
			}
			v.n++
			select {
			case <-ctx.Done():
				done <- v
				return
			case <-time.After(visitEvery):
			}
		}
		done <- v
	}()
	result, err := do()
	cancel()
	v := <-done
	result.Visits = v.n
	return result, errors.Join(err, v.err)
}

// A choice is how models are trained again: from scratch or on from the one that serves.
type choice struct {
	Scratch trained `json:"scratch"`
	Current trained `json:"current"`
	// Without goes on from the one that serves too, but learns from no export: what more training
	// alone brings.
	Without trained `json:"without"`
	// FromCurrent says which of the first two was better on the validation part.
	FromCurrent bool `json:"from_current"`
}

func (c choice) chosen() trained {
	if c.FromCurrent {
		return c.Current
	}
	return c.Scratch
}
