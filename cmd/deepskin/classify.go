package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"deepskin"
	"deepskin/classifier"
)

// A finding is what classify prints of one photo.
type finding struct {
	File string `json:"file"`
	deepskin.Assessment

	// Grid hides the assessment's: nobody reads it in a terminal.
	Grid any `json:"grid,omitempty"`

	err error
}

func classifyCommand(env map[string]string) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "classify FILE|FOLDER...",
		Short: "Assess photos from files",
		Long: "Assesses photos from files and folders, through the same pipeline as the service.\n\n" +
			"With --format jsonl it prints one JSON object for each photo. A photo that is\n" +
			"refused has the label \"inconclusive\" and its problems. The exit status is 1 if a\n" +
			"file could not be read at all.",
		Example: "  deepskin classify lesion.jpg\n  deepskin classify --format jsonl photos/ > answers.jsonl",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "jsonl" {
				return fmt.Errorf("unknown format %q: use text or jsonl", format)
			}
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			model, err := s.classifier(slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			err = classify(cmd.Context(), model, s.workers(), args, format, cmd.OutOrStdout(), cmd.ErrOrStderr())
			return errors.Join(err, model.Close())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or jsonl")
	return cmd
}

// classify assesses the photos, several at a time, and prints the findings in order.
func classify(
	ctx context.Context, model *classifier.Classifier, workers int, args []string, format string,
	stdout, stderr io.Writer,
) error {
	files, unreadable := listPhotos(args, stderr)
	bar := progressbar.NewOptions(len(files), progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetVisibility(isTerminal(stderr) && !isTerminal(stdout)),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Each file has a channel of its own, so that findings come in the order of the files.
	waiting := make(chan chan finding, workers)
	go func() {
		defer close(waiting)
		for _, file := range files {
			one := make(chan finding, 1)
			select {
			case waiting <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- assess(ctx, model, file) }()
		}
	}()
	for one := range waiting {
		f := <-one
		_ = bar.Add(1) // a progress bar that cannot be drawn is no reason to stop
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.err != nil {
			unreadable = true
			fmt.Fprintf(stderr, "deepskin: %v\n", f.err)
			continue
		}
		if err := write(stdout, format, f); err != nil {
			return fmt.Errorf("write a finding: %w", err)
		}
	}
	if unreadable {
		return errReported
	}
	return ctx.Err()
}

func assess(ctx context.Context, model *classifier.Classifier, file string) finding {
	photo, err := os.ReadFile(file)
	if err != nil {
		return finding{err: err}
	}
	assessment, err := model.Assess(ctx, photo)
	if err != nil {
		return finding{err: fmt.Errorf("assess %s: %w", file, err)}
	}
	return finding{File: file, Assessment: assessment}
}

// listPhotos returns the files themselves and all files below the folders; hidden ones in folders
// are left out.
func listPhotos(args []string, stderr io.Writer) (files []string, unreadable bool) {
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				unreadable = true
				fmt.Fprintf(stderr, "deepskin: %v\n", err)
			case path != arg && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
			case !entry.IsDir():
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			unreadable = true
			fmt.Fprintf(stderr, "deepskin: %v\n", err)
		}
	}
	return files, unreadable
}

func write(w io.Writer, format string, f finding) error {
	if format == "jsonl" {
		return json.NewEncoder(w).Encode(f)
	}
	if f.Refused() {
		_, err := fmt.Fprintf(w, "%s: not judged: %v\n", f.File, f.Problems)
		return err
	}
	looks := "one look"
	if f.Closer {
		looks = "looked closer"
	}
	_, err := fmt.Fprintf(w, "%s: %s, confidence %.0f %%; malignancy %.3f, most like %s (%.2f); taken for %s (%.2f), %s\n",
		f.File, f.Label, 100*f.Confidence, f.Malignancy, f.Diagnosis, f.Diagnoses[f.Diagnosis],
		f.Kind, f.kindProbability(), looks)
	return err
}

// kindProbability is the probability of the stated kind.
func (f finding) kindProbability() float64 {
	if f.Kind == deepskin.Phone {
		return f.PhoneProbability
	}
	return 1 - f.PhoneProbability
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func statError(path string) error {
	_, err := os.Stat(path)
	return err
}
