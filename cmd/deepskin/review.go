package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"os/user"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/bot/words"
	"deepskin/store"
)

// reviewPlatform is what reviewers in the terminal are known by in the store, with their names.
const reviewPlatform = "team"

// lineLimit is how many reviews --list shows.
const lineLimit = 100

func reviewCommand(env map[string]string) *cobra.Command {
	var name string
	var list, asJSON bool
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Vote on answers that their senders call wrong",
		Long: "Shows one after the other the answers that their senders call wrong and whose photos they\n" +
			"share, those first that teach most, and takes your vote by a key. Nobody sees the votes of\n" +
			"others; another risk than the answer's takes two reviewers. It needs the database and the\n" +
			"keys, and neither model nor Redis.",
		Example: "  deepskin review\n  deepskin review --list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if asJSON && !list {
				return errors.New("--json goes with --list")
			}
			if name == "" {
				if name, err = loginName(); err != nil {
					return err
				}
			}
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			kept, err := s.openStore(cmd.Context(), s.logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, kept.Close()) }()
			reviewer := deepskin.Sender{Platform: reviewPlatform, ID: name}
			if list {
				return listReviews(cmd.Context(), kept, reviewer, asJSON, cmd.OutOrStdout())
			}
			desk := &reviewDesk{
				kept: kept, reviewer: reviewer, keys: newKeyboard(cmd.InOrStdin()), out: cmd.OutOrStdout(),
				viewer: viewer{runtime: env["XDG_RUNTIME_DIR"], display: env["DISPLAY"] != "" || env["WAYLAND_DISPLAY"] != ""},
			}
			// A terminal that is closed must leave no photo behind.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
			defer stop()
			return desk.run(ctx)
		},
	}
	cmd.Flags().StringVar(&name, "reviewer", "", "who votes; the user who is logged in if empty")
	cmd.Flags().BoolVar(&list, "list", false, fmt.Sprintf("list the first %d of those that wait for your vote", lineLimit))
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --list, one JSON object for each")
	return cmd
}

func loginName() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("find out who you are (--reviewer says it): %w", err)
	}
	return u.Username, nil
}

// A waitingReview is a line of --list.
type waitingReview struct {
	Case       deepskin.CaseID `json:"case"`
	Priority   float64         `json:"priority"`
	Votes      int             `json:"votes"`
	Created    time.Time       `json:"created"`
	Label      deepskin.Label  `json:"label"`
	Malignancy float64         `json:"malignancy"`
	Model      string          `json:"model"`
	Truth      deepskin.Truth  `json:"truth,omitempty"`
}

// listReviews prints who is in line for the reviewer's vote.
func listReviews(ctx context.Context, kept *store.Store, reviewer deepskin.Sender, asJSON bool, out io.Writer) error {
	line, err := kept.ReviewLine(ctx, reviewer, lineLimit)
	if err != nil {
		return err
	}
	if len(line) == 0 && !asJSON {
		fmt.Fprintln(out, "Nothing waits for your vote.")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(table, "PRIORITY\tVOTES\tFROM\tANSWER\tMALIGNANCY\tSENDER SAYS\tCASE")
	}
	for _, task := range line {
		w := waitingReview{
			Case: task.Case.ID, Priority: task.Review.Priority, Votes: task.Review.Votes, Created: task.Case.Created,
			Label: task.Case.Assessment.Label, Malignancy: task.Case.Assessment.Malignancy, Model: task.Case.Assessment.Model,
		}
		if v := task.Case.Verdict; v != nil {
			w.Truth = v.Truth
		}
		if asJSON {
			if err := json.NewEncoder(out).Encode(w); err != nil {
				return fmt.Errorf("write a review: %w", err)
			}
			continue
		}
		fmt.Fprintf(table, "%.2f\t%d\t%s\t%s\t%.3f\t%s\t%s\n", w.Priority, w.Votes, w.Created.Format(time.DateOnly), w.Label,
			w.Malignancy, saidOf(task.Case.Verdict), w.Case)
	}
	return table.Flush()
}

// english are the words of the terminal.
var english = words.For("en")

// saidOf is what a sender says that a lesion was.
func saidOf(v *deepskin.Verdict) string {
	switch {
	case v != nil && v.Agrees:
		return english.Say("verdict.right")
	case v == nil || v.Truth == "":
		return "nothing more"
	default:
		return english.Say("verdict." + string(v.Truth))
	}
}

// decisionsByKey are what keys 1 to 9 decide.
var decisionsByKey = func() []deepskin.Decision {
	var all []deepskin.Decision
	for _, d := range deepskin.Diagnoses {
		all = append(all, deepskin.Decision(d))
	}
	return append(all, deepskin.DecisionNoLesion, deepskin.DecisionReject)
}()

// nameOf is a decision as people read it.
func nameOf(d deepskin.Decision) string {
	if slices.Contains(deepskin.Diagnoses, deepskin.Diagnosis(d)) {
		return english.Say("name." + string(d))
	}
	return english.Say("review." + string(d))
}
