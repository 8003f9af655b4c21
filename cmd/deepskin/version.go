package main

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which program and model these are, and who computes the model",
		Args:  cobra.NoArgs,
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
			return model.Close()
		},
	}
}

// build names the commit that the program was built from.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown build)"
	}
	return info.Main.Version + " " + info.GoVersion
}
