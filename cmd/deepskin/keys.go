package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"deepskin/store"
)

func keysCommand(env map[string]string) *cobra.Command {
	c := &cobra.Command{
		Use:     "keys",
		Short:   "Look after the keys that make the database meaningless to others",
		Example: "  deepskin keys rotate new-keys.json",
	}
	c.AddCommand(keysRotateCommand(env))
	return c
}

func keysRotateCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate FILE",
		Short: "Go over to new keys, where the present ones may have been seen by others",
		Long: "Goes over to the keys in a file, which is made with fresh ones if it is missing. Stop all bots\n" +
			"first and make a backup. The database is changed all at once or not at all; after an\n" +
			"interruption run the same command again, with the same file.\n\n" +
			"From then on the bots need the new keys: DEEPSKIN_KEYS_FILE names the file, or it takes the place\n" +
			"of keys.json in DEEPSKIN_DATA. People are still known, and all that is kept can still be\n" +
			"read; the team logs in anew, and photos are counted from nought. Backups from before need the old keys.",
		Example: "  deepskin keys rotate new-keys.json\n  DATABASE_URL=postgres://deepskin@db:5432/deepskin deepskin keys rotate new-keys.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			present, err := s.keys()
			if err != nil {
				return err
			}
			next, err := store.LoadOrCreateNextKeys(args[0], present)
			if err != nil {
				return err
			}
			if err := store.Rotate(cmd.Context(), s.databaseURL(), present, next); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The database has the keys in %s now. Give them to all bots, and keep a copy in a safe place.\n", args[0])
			return nil
		},
	}
}
