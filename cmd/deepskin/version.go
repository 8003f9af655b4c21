package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"deepskin"
)

func versionCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which program and model these are, who computes the model, and its figures",
		Example: "  deepskin version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintln(cmd.OutOrStdout(), "deepskin", build())
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			model, err := s.classifier(slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			info := model.Info()
			fmt.Fprintf(cmd.OutOrStdout(), "model %s, %d x %d pixels, computed by %s\nmodel licence: %s\n",
				info.Version, info.Side, info.Side, info.Provider, info.Licence)
			return errors.Join(printFigures(cmd.OutOrStdout(), info.Metrics), model.Close())
		},
	}
}

// printFigures prints what training measured: for each kind of photo a figure's value and its 95%
// interval.
func printFigures(w io.Writer, metrics json.RawMessage) error {
	kinds, err := readFigures(metrics)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nphotos\tfigure\tvalue\t95% interval")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, name := range slices.Sorted(maps.Keys(kinds[kind])) {
			f := kinds[kind][name]
			fmt.Fprintf(table, "%s\t%s\t%.3f\t%.3f to %.3f\n", kind, name, f[0], f[1], f[2])
		}
	}
	return table.Flush()
}

// readFigures reads what training measured: by kind of photo and name, a value and the bounds of its
// 95% interval.
func readFigures(metrics json.RawMessage) (map[deepskin.Kind]map[string][3]float64, error) {
	var kinds map[deepskin.Kind]map[string][3]float64
	if err := json.Unmarshal(metrics, &kinds); err != nil {
		return nil, fmt.Errorf("read the model's figures: %w", err)
	}
	return kinds, nil
}

// build names the commit that the program was built from.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown build)"
	}
	return info.Main.Version + " " + info.GoVersion
}
