package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"deepskin/internal/export"
)

func exportCommand(env map[string]string) *cobra.Command {
	var since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write the photos that people shared and reviewers labelled as a data set for training",
		Long: "Writes the photos that their senders let us keep and that reviewers labelled, in the form of\n" +
			"HAM10000: metadata.csv and images/; what shows no lesion goes into no_lesion.csv and\n" +
			"no_lesion/. Nobody is named: image_id is a pseudonym of the photo, lesion_id of its sender.\n\n" +
			"A folder that holds an earlier export is brought up to date. Photos that were taken back are\n" +
			"removed from it; withdrawn.csv lists all such, so that copies elsewhere can follow.",
		Example: "  deepskin export exported/\n  deepskin export --since 2026-01-01 --json exported/",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var from time.Time
			if since != "" {
				var err error
				if from, err = time.Parse(time.DateOnly, since); err != nil {
					return fmt.Errorf("--since takes a day, as 2026-01-31: %w", err)
				}
			}
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			summary, err := s.export(cmd.Context(), args[0], from)
			if err != nil {
				return err
			}
			return printSummary(cmd.OutOrStdout(), summary, asJSON)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "add only what was decided from this day (UTC) on")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return cmd
}

func (s settings) export(ctx context.Context, folder string, since time.Time) (export.Summary, error) {
	kept, err := s.openStore(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return export.Summary{}, err
	}
	summary, err := export.Write(ctx, kept, folder, since)
	return summary, errors.Join(err, kept.Close())
}

func printSummary(w io.Writer, s export.Summary, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	_, err := fmt.Fprintf(w, "%d photos with a lesion and %d without, of %d people: %d added, %d changed, %d removed.\n"+
		"Withdrawn in all: %d.\n", s.Lesions, s.NoLesion, s.Senders, s.Added, s.Changed, s.Removed, s.Withdrawn)
	return err
}
