package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/bot"
	"deepskin/queue"
)

func queueRequeueCommand(env map[string]string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "requeue CASE|--all",
		Short: "Try photos again that were given up, and answer their senders after all",
		Long: "Promises an answer once more to the senders of photos that were given up. The photo itself is gone\n" +
			"from Redis: a running bot fetches it from the platform again, and the answer takes the place of\n" +
			"the apology. Photos from the web page cannot be had again. Mend the cause first: what fails\n" +
			"again is given up again. It needs the database and the keys as well as REDIS_URL.",
		Example: "  deepskin queue requeue 4KXQ7ZJH2M5TNA6WRCEBSD3UGY\n  deepskin queue requeue --all",
		Args:    oneOrAll(&all),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withQueue(cmd, env, func(s settings, jobs *queue.Queue) error {
				letters, err := chosenLetters(cmd.Context(), jobs, args)
				if err != nil {
					return err
				}
				return s.requeue(cmd.Context(), jobs, letters, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all of them")
	return c
}

func queueDropCommand(env map[string]string) *cobra.Command {
	var all, sure bool
	c := &cobra.Command{
		Use:   "drop CASE|--all",
		Short: "Remove dead letters that need no more attention",
		Long: "Removes dead letters. Their senders have had their apology, and the photos are gone already; what is\n" +
			"lost is the cause.",
		Example: "  deepskin queue drop 4KXQ7ZJH2M5TNA6WRCEBSD3UGY\n  deepskin queue drop --all --yes",
		Args:    oneOrAll(&all),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withQueue(cmd, env, func(_ settings, jobs *queue.Queue) error {
				letters, err := chosenLetters(cmd.Context(), jobs, args)
				if err != nil {
					return err
				}
				if !sure && len(letters) > 0 {
					question := fmt.Sprintf("Remove dead letters, %d in number, for good?", len(letters))
					if err := newDialogue(cmd.InOrStdin(), cmd.ErrOrStderr()).confirm(cmd.Context(), question); err != nil {
						return err
					}
				}
				n, err := jobs.DropDeadLetters(cmd.Context(), letters...)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "Dropped: %d.\n", n)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all of them")
	c.Flags().BoolVar(&sure, "yes", false, "do not ask for confirmation")
	return c
}

// oneOrAll wants a case's ID, or --all.
func oneOrAll(all *bool) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if *all == (len(args) == 1) || len(args) > 1 {
			return errors.New("name one case as 'deepskin queue' shows it, or say --all")
		}
		return nil
	}
}

// chosenLetters returns the dead letters of a case, or all where none is named.
func chosenLetters(ctx context.Context, jobs *queue.Queue, args []string) ([]queue.DeadLetter, error) {
	letters, err := jobs.DeadLetters(ctx, showLimit)
	if err != nil || len(args) == 0 {
		return letters, err
	}
	var chosen []queue.DeadLetter
	for _, l := range letters {
		if l.Case == deepskin.CaseID(args[0]) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("there is no dead letter of this case; 'deepskin queue' shows them")
	}
	return chosen, nil
}

// requeue opens the cases of dead letters again, and drops the letters of those that it could. It says
// so of each.
func (s settings) requeue(
	ctx context.Context, jobs *queue.Queue, letters []queue.DeadLetter, stdout, stderr io.Writer,
) (err error) {
	log := s.logger(stderr)
	kept, err := s.openStore(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	b := bot.New(bot.Config{Store: kept, Queue: jobs, Logger: log, Deadline: s.Deadline})
	again := map[deepskin.CaseID]bool{} // whether it was opened, of each that was tried
	for _, l := range letters {
		opened, tried := again[l.Case]
		if !tried {
			err := b.Reopen(ctx, l.Case)
			switch {
			case err == nil:
				fmt.Fprintf(stdout, "%s: will be tried again\n", l.Case)
			case errors.Is(err, deepskin.ErrGone):
				fmt.Fprintf(stdout, "%s: its platform keeps no copy of the photo\n", l.Case)
			case errors.Is(err, deepskin.ErrNotFound):
				fmt.Fprintf(stdout, "%s: was erased, or is settled otherwise\n", l.Case)
			default:
				return err
			}
			opened = err == nil
			again[l.Case] = opened
		}
		if !opened {
			continue
		}
		if _, err := jobs.DropDeadLetters(ctx, l); err != nil {
			return err
		}
	}
	for _, opened := range again {
		if !opened {
			fmt.Fprintln(stdout, "The others stay given up; 'deepskin queue drop' removes them.")
			return errReported
		}
	}
	fmt.Fprintf(stdout, "Requeued: %d. A running bot takes them up within seconds.\n", len(again))
	return nil
}
