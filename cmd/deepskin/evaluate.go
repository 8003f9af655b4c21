package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/internal/evaluation"
)

// evaluateFlags are the flags of evaluate.
type evaluateFlags struct {
	data, labels, groups, split, cluster string
	others, othersLabels, masks          string
	rounds                               int
	json, html                           string
	bars, kind                           string
	gate                                 bool
	// model and against are files, or versions in the registry.
	model, against, rules string
}

func evaluateCommand(env map[string]string) *cobra.Command {
	var flags evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate --data DIR --labels CSV",
		Short: "Measure how right the model is on photos with known truth",
		Long: "Assesses photos through the same pipeline as the service and holds the answers to\n" +
			"the truth: figures with 95% bootstrap intervals, as a table, as JSON and as a page\n" +
			"with plots. Without labels it measures only refusals, kinds and times.\n\n" +
			"Labels are a CSV file with a header, as HAM10000's and PAD-UFES-20's: image_id, image\n" +
			"or file; dx, diagnosis or diagnostic, or malignant (1 or 0); cancer, patient_id and\n" +
			"lesion_id if known. All other columns are groups.\n\n" +
			"Photos, others and masks are folders, with those in them, or tar archives, which may be\n" +
			"compressed with gzip.\n\n" +
			"With --against a new model is compared with another one on the same photos, and the\n" +
			"exit status is 1 unless it passes the gate: not worse, to within the margins, and better\n" +
			"somewhere. --model and --against are files, or versions in the registry DEEPSKIN_MODELS;\n" +
			"'deepskin model gate' keeps the outcome there.",
		Example: "  deepskin evaluate --data HAM10000/ --labels HAM10000_metadata.csv --split test \\\n" +
			"      --kind dermoscopy --others phone_photos.tar --masks HAM10000_masks.tar.gz \\\n" +
			"      --json report.json --html report.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			_, err = s.evaluate(cmd.Context(), flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
			return err
		},
	}
	flags.add(cmd, evaluation.All)
	f := cmd.Flags()
	f.StringVar(&flags.model, "model", "", "the model to measure (default the one that serves)")
	f.StringVar(&flags.against, "against", "", "the model to compare it with")
	return cmd
}

// add gives a command the flags for what is measured and where that is written to; split is the
// default of one.
func (flags *evaluateFlags) add(cmd *cobra.Command, split string) {
	f := cmd.Flags()
	f.StringVar(&flags.data, "data", "", "the photos")
	f.StringVar(&flags.labels, "labels", "", "CSV file with what is true of them")
	f.StringVar(&flags.groups, "groups", "", "CSV file with further columns for groups, by the photo's name as in the labels")
	f.StringVar(&flags.split, "split", split, "test, validation, train or all: the parts that training makes, by a hash of the lesion or patient;\n"+
		"or, without labels, unfitted: the half, by a hash of the name, that training fits no refusal on")
	f.StringVar(&flags.cluster, "cluster", "", "column whose photos are resampled together (default patient_id, or else lesion_id)")
	f.IntVar(&flags.rounds, "rounds", 1000, "bootstrap rounds")
	f.StringVar(&flags.json, "json", "", "file to write the report to as JSON")
	f.StringVar(&flags.html, "html", "", "file to write the report to as a page with plots")
	f.StringVar(&flags.kind, "kind", "", "what the photos are, and so whose bars to compare with: dermoscopy, phone or not_skin")
	f.StringVar(&flags.others, "others", "", "photos of the other kind, dermoscopy or phone, to measure how well the two are told apart")
	f.StringVar(&flags.othersLabels, "others-labels", "", "CSV file with labels of the others, which keeps only their test part")
	f.StringVar(&flags.masks, "masks", "", "masks that are white on the lesion, PHOTO_segmentation.png, to measure where the model looked")
	f.StringVar(&flags.bars, "bars", beside("models/bars.json"), "JSON file with the bars")
	f.BoolVar(&flags.gate, "gate", false, "end with status 1 if a bar is missed, or its figure not measured")
	f.StringVar(&flags.rules, "rules", beside("models/gate.json"), "JSON file with the rules of a comparison")
	cobra.CheckErr(cmd.MarkFlagRequired("data"))
}

// evaluate measures a model, compares it where that was asked for, and writes the report.
func (s settings) evaluate(
	ctx context.Context, flags evaluateFlags, stdout, stderr io.Writer,
) (*evaluation.Report, error) {
	if err := flags.check(); err != nil {
		return nil, err
	}
	bars, err := readBars(flags)
	if err != nil {
		return nil, err
	}
	report, passed, err := s.measure(ctx, flags, stderr)
	if err != nil {
		return nil, err
	}
	met := report.Compare(bars)
	if err := writeReport(report, flags, stdout); err != nil {
		return nil, err
	}
	if flags.gate && !met || !passed {
		return report, errReported // the table says which bar or rule
	}
	return report, nil
}

// measure computes the figures of a model and, where it is compared, whether it passed the gate.
func (s settings) measure(ctx context.Context, flags evaluateFlags, stderr io.Writer) (*evaluation.Report, bool, error) {
	if flags.against == "" {
		set, model, err := s.ask(ctx, flags.model, flags, stderr)
		if err != nil {
			return nil, false, err
		}
		report := set.Evaluate(flags.rounds)
		report.Model = model
		return &report, true, nil
	}
	rules, err := readRules(flags)
	if err != nil {
		return nil, false, err
	}
	// One after the other, so that there is memory for only one to be had.
	set, model, err := s.ask(ctx, flags.model, flags, stderr)
	if err != nil {
		return nil, false, err
	}
	other, otherModel, err := s.ask(ctx, flags.against, flags, stderr)
	if err != nil {
		return nil, false, err
	}
	report, err := set.EvaluateAgainst(other, flags.rounds)
	if err != nil {
		return nil, false, err
	}
	report.Model, report.Against.Model = model, otherModel
	return &report, report.Against.Judge(rules), nil
}

// ask has a model assess the photos: that of a file or version, or, if name is empty, the one that
// serves.
func (s settings) ask(
	ctx context.Context, name string, flags evaluateFlags, stderr io.Writer,
) (set *evaluation.Set, described evaluation.Model, err error) {
	file, err := s.find(name)
	if err != nil {
		return nil, described, err
	}
	model, err := s.open(file, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, described, err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	if set, err = (assessor{model, s.workers(), stderr}).set(ctx, flags); err != nil {
		return nil, described, err
	}
	info := model.Info()
	limits, ok := info.Thresholds[deepskin.Kind(flags.kind)]
	if !ok {
		limits = info.Thresholds[deepskin.Dermoscopy]
	}
	return set, evaluation.Model{
		Version: info.Version, DataSHA256: info.DataSHA256,
		Malignant: limits.Malignant, Benign: limits.Benign,
	}, nil
}

// check finds flags that do not go together.
func (f evaluateFlags) check() error {
	twoKinds := f.kind == string(deepskin.Dermoscopy) || f.kind == string(deepskin.Phone)
	switch {
	case f.rounds < 1:
		return errors.New("--rounds must be at least 1")
	case f.gate && f.kind == "":
		return errors.New("--gate needs --kind: without bars nothing can be missed")
	case f.groups != "" && f.labels == "":
		return errors.New("--groups needs --labels")
	case f.others != "" && !twoKinds:
		return fmt.Errorf("--others needs --kind %s or %s", deepskin.Dermoscopy, deepskin.Phone)
	case f.against != "" && f.kind == "":
		return errors.New("--against needs --kind: the gate's rules depend on it")
	case f.against != "" && f.rounds < evaluation.LeastRounds:
		return fmt.Errorf("--against needs --rounds of at least %d", evaluation.LeastRounds)
	case f.othersLabels != "" && f.others == "":
		return errors.New("--others-labels needs --others")
	}
	return nil
}

// readBars returns no bars where no kind of photo is named.
func readBars(flags evaluateFlags) ([]evaluation.Bar, error) {
	if flags.kind == "" {
		return nil, nil
	}
	file, err := os.Open(flags.bars)
	if err != nil {
		return nil, fmt.Errorf("read bars: %w", err)
	}
	defer file.Close()
	return evaluation.ReadBars(file, flags.kind)
}

func readRules(flags evaluateFlags) (evaluation.Rules, error) {
	file, err := os.Open(flags.rules)
	if err != nil {
		return evaluation.Rules{}, fmt.Errorf("read the gate's rules: %w", err)
	}
	defer file.Close()
	return evaluation.ReadRules(file, flags.kind)
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
