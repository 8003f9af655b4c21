package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"deepskin/store"
)

func migrateCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's tables up to date, before a new version is rolled out",
		Long: "Brings the tables of the database that DATABASE_URL names up to date. The bot does that by\n" +
			"itself when it starts; several that start at once do it once. A program that is older than\n" +
			"the tables refuses to start.",
		Example: "  DATABASE_URL=postgres://deepskin@db:5432/deepskin deepskin migrate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			from, to, err := store.Migrate(cmd.Context(), s.databaseURL())
			if err != nil {
				return err
			}
			if from == to {
				fmt.Fprintf(cmd.OutOrStdout(), "The tables are up to date: version %d.\n", to)
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The tables were brought from version %d to %d.\n", from, to)
			return nil
		},
	}
}
