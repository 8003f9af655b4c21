package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/classifier"
	"deepskin/internal/evaluation"
)

// evaluateFlags are the flags of evaluate.
type evaluateFlags struct {
	data, labels, split, cluster string
	rounds                       int
	json, html                   string
	bars, kind                   string
	gate                         bool
}

func evaluateCommand(env map[string]string) *cobra.Command {
	var flags evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate --data DIR --labels CSV",
		Short: "Measure how right the model is on photos with known truth",
		Long: "Assesses photos through the same pipeline as the service and holds the answers to\n" +
			"the truth: figures with 95% bootstrap intervals, as a table, as JSON and as a page\n" +
			"with plots. Without labels it measures only refusals and times.\n\n" +
			"Labels are a CSV file with a header, as HAM10000's and PAD-UFES-20's: image_id, image\n" +
			"or file; dx, diagnosis or diagnostic, or malignant (1 or 0); cancer, patient_id and\n" +
			"lesion_id if known. All other columns are groups.",
		Example: "  deepskin evaluate --data HAM10000/ --labels HAM10000_metadata.csv --split test \\\n" +
			"      --kind dermoscopy --json report.json --html report.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return evaluate(cmd.Context(), env, flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.data, "data", "", "folder, with those in it, or uncompressed tar archive with the photos")
	f.StringVar(&flags.labels, "labels", "", "CSV file with what is true of them")
	f.StringVar(&flags.split, "split", evaluation.All, "test, validation, train or all: the parts that training makes, by a hash of the lesion or patient")
	f.StringVar(&flags.cluster, "cluster", "", "column whose photos are resampled together (default patient_id, or else lesion_id)")
	f.IntVar(&flags.rounds, "rounds", 1000, "bootstrap rounds")
	f.StringVar(&flags.json, "json", "", "file to write the report to as JSON")
	f.StringVar(&flags.html, "html", "", "file to write the report to as a page with plots")
	f.StringVar(&flags.kind, "kind", "", "kind of photo whose bars to compare with: dermoscopy, phone or not_skin")
	f.StringVar(&flags.bars, "bars", beside("models/bars.json"), "JSON file with the bars")
	f.BoolVar(&flags.gate, "gate", false, "end with status 1 if a bar is missed")
	cobra.CheckErr(cmd.MarkFlagRequired("data"))
	return cmd
}

func evaluate(ctx context.Context, env map[string]string, flags evaluateFlags, stdout, stderr io.Writer) (err error) {
	if flags.rounds < 1 {
		return errors.New("--rounds must be at least 1")
	}
	bars, err := readBars(flags)
	if err != nil {
		return err
	}
	s, err := readSettings(env)
	if err != nil {
		return err
	}
	model, err := s.classifier(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	set, err := assessSet(ctx, model, s.workers(), flags, stderr)
	if err != nil {
		return err
	}
	report := set.Evaluate(flags.rounds)
	info := model.Info()
	limits, ok := info.Thresholds[deepskin.Kind(flags.kind)]
	if !ok {
		limits = info.Thresholds[deepskin.Dermoscopy]
	}
	report.Model = evaluation.Model{
		Version: info.Version, DataSHA256: info.DataSHA256,
		Malignant: limits.Malignant, Benign: limits.Benign,
	}
	met := report.Compare(bars)
	if err := writeReport(&report, flags, stdout); err != nil {
		return err
	}
	if flags.gate && !met {
		return errReported // the table says which bar
	}
	return nil
}

// readBars returns no bars where no kind of photo is named.
func readBars(flags evaluateFlags) ([]evaluation.Bar, error) {
	if flags.kind == "" {
		if flags.gate {
			return nil, errors.New("--gate needs --kind: without bars nothing can be missed")
		}
		return nil, nil
	}
	file, err := os.Open(flags.bars)
	if err != nil {
		return nil, fmt.Errorf("read bars: %w", err)
	}
	defer file.Close()
	return evaluation.ReadBars(file, flags.kind)
}

// assessSet finds the photos and what is true of them, and has the classifier assess them.
func assessSet(
	ctx context.Context, model *classifier.Classifier, workers int, flags evaluateFlags, stderr io.Writer,
) (set *evaluation.Set, err error) {
	files, err := evaluation.OpenFiles(flags.data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	var labels *evaluation.Labels
	if flags.labels != "" {
		file, err := os.Open(flags.labels)
		if err != nil {
			return nil, fmt.Errorf("read labels: %w", err)
		}
		defer file.Close()
		if labels, err = evaluation.ReadLabels(file, model.Info().Malignant, flags.cluster); err != nil {
			return nil, err
		}
	}
	set, chosen, err := evaluation.Select(files.Names(), labels, flags.split)
	if err != nil {
		return nil, err
	}
	bar := progressbar.NewOptions(len(chosen), progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetVisibility(isTerminal(stderr)),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, name := range chosen {
		group.Go(func() error {
			photo, err := files.Read(name)
			if err != nil {
				return err
			}
			assessment, err := model.Assess(ctx, photo)
			if err != nil {
				return fmt.Errorf("assess %s: %w", name, err)
			}
			assessment.Grid = nil // thousands of them would only fill the memory
			set.Photos[i].Assessment = assessment
			_ = bar.Add(1) // a progress bar that cannot be drawn is no reason to stop
			return nil
		})
	}
	return set, group.Wait()
}

// writeReport prints the table and writes the files that were asked for.
func writeReport(report *evaluation.Report, flags evaluateFlags, stdout io.Writer) error {
	if err := report.WriteText(stdout); err != nil {
		return err
	}
	return errors.Join(saveReport(flags.json, report.WriteJSON), saveReport(flags.html, report.WriteHTML))
}

// saveReport writes a file, unless it has no name.
func saveReport(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
