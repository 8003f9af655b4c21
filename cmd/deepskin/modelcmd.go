package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"deepskin/classifier"
	"deepskin/internal/evaluation"
	"deepskin/internal/registry"
)

func modelCommand(env map[string]string) *cobra.Command {
	c := &cobra.Command{
		Use:   "model",
		Short: "Keep versions of the model, and say which one serves",
		Long: "Works on the registry in the folder that DEEPSKIN_MODELS names. Running workers pick up what\n" +
			"is promoted or rolled back within seconds, and finish the photos that they hold with the\n" +
			"model before.",
		Example: "  DEEPSKIN_MODELS=/srv/models deepskin model list",
	}
	c.AddCommand(modelListCommand(env), modelAddCommand(env), modelGateCommand(env),
		modelPromoteCommand(env), modelRollbackCommand(env))
	return c
}

// withRegistry reads the settings and opens the registry that they name.
func withRegistry(env map[string]string, run func(settings, *registry.Registry) error) error {
	s, err := readSettings(env)
	if err != nil {
		return err
	}
	if s.Models == "" {
		return errors.New("'deepskin model' needs DEEPSKIN_MODELS, the folder of the registry")
	}
	return run(s, registry.Open(s.Models))
}

// A listing is what 'model list --json' prints.
type listing struct {
	Models []listed `json:"models"`
	// Changes are all promotions and rollbacks, the first one first.
	Changes []registry.Change `json:"changes"`
}

// A listed model is one of the registry.
type listed struct {
	registry.Model
	// Current says that it serves.
	Current bool `json:"current"`
	// Gates says by kind of photo whether it passed the gate.
	Gates map[string]bool `json:"gates"`
}

func modelListCommand(env map[string]string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the versions, how they fared at the gate, and what was promoted when",
		Example: "  deepskin model list\n  deepskin model list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withRegistry(env, func(_ settings, models *registry.Registry) error {
				list, err := listModels(models)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), list)
				}
				return list.print(cmd.OutOrStdout())
			})
		},
	}
	addJSON(c, &asJSON)
	return c
}

func listModels(models *registry.Registry) (listing, error) {
	known, err := models.Models()
	if err != nil {
		return listing{}, err
	}
	changes, err := models.History()
	if err != nil {
		return listing{}, err
	}
	list := listing{Models: []listed{}, Changes: append([]registry.Change{}, changes...)}
	for _, m := range known {
		gates, err := models.Gates(m.Version)
		if err != nil {
			return listing{}, err
		}
		one := listed{Model: m, Gates: map[string]bool{}}
		for _, g := range gates {
			one.Gates[g.Kind] = g.Passed
		}
		one.Current = len(changes) > 0 && changes[len(changes)-1].Version == m.Version
		list.Models = append(list.Models, one)
	}
	return list, nil
}

func (l listing) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "version\tadded\tgate\t")
	for _, m := range l.Models {
		gates := "-"
		if len(m.Gates) > 0 {
			gates = strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(m.Gates), "map["), "]")
			gates = strings.NewReplacer(":true", " passed", ":false", " STOPPED").Replace(gates)
		}
		serves := ""
		if m.Current {
			serves = "serves"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Version, m.Added.Format(time.DateTime), gates, serves)
	}
	if len(l.Changes) > 0 {
		fmt.Fprintln(table, "\nwhen\twhat\tversion\tforced because")
	}
	for _, c := range l.Changes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.At.Format(time.DateTime), c.Action, c.Version, c.Reason)
	}
	return table.Flush()
}

func modelAddCommand(env map[string]string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "add FILE",
		Short:   "Take a model's file into the registry, under the version that it states",
		Example: "  deepskin model add models/training/runs/candidate/candidate.onnx",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRegistry(env, func(s settings, models *registry.Registry) error {
				content, err := os.ReadFile(args[0])
				if err != nil {
					return fmt.Errorf("read the model: %w", err)
				}
				// Loading and running it shows that it is a model, and the same one that was read.
				hash := sha256.Sum256(content)
				want := classifier.Identity{SHA256: hex.EncodeToString(hash[:])}
				model, err := s.open(modelSource{args[0], want}, slog.New(slog.DiscardHandler))
				if err != nil {
					return err
				}
				version := model.Info().Version
				if err := model.Close(); err != nil {
					return err
				}
				added, err := models.Add(version, content, time.Now())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), added)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is in the registry\n", added.Version)
				return err
			})
		},
	}
	addJSON(c, &asJSON)
	return c
}

func modelGateCommand(env map[string]string) *cobra.Command {
	var flags evaluateFlags
	c := &cobra.Command{
		Use:   "gate VERSION --data DIR --labels CSV --kind KIND",
		Short: "Compare a version with the model that serves, and keep the outcome for its promotion",
		Long: "Is 'deepskin evaluate --model VERSION --against' the model that serves, on the test part unless\n" +
			"--split says otherwise, and keeps the report beside the version. Once for each kind of photo:\n" +
			"a promotion wants all of them passed, and one of them by being better.",
		Example: "  deepskin model gate VERSION --kind dermoscopy --data HAM10000/ --labels HAM10000_metadata.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRegistry(env, func(s settings, models *registry.Registry) error {
				flags.model = args[0]
				return s.gateVersion(cmd.Context(), models, flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	flags.add(c, evaluation.Test)
	cobra.CheckErr(c.MarkFlagRequired("kind"))
	return c
}

// gateVersion compares a version with the model that serves and keeps the outcome.
func (s settings) gateVersion(
	ctx context.Context, models *registry.Registry, flags evaluateFlags, stdout, stderr io.Writer,
) error {
	m, err := models.Model(flags.model)
	if err != nil {
		return err
	}
	served, err := s.servedFile()
	if err != nil {
		return err
	}
	flags.against = served.path
	if served.want.Version != "" {
		flags.against = served.want.Version
	}
	report, failed := s.evaluate(ctx, flags, stdout, stderr)
	if report == nil {
		return failed
	}
	var content bytes.Buffer
	if err := report.WriteJSON(&content); err != nil {
		return err
	}
	outcome := report.Against.Gate
	if err := models.SaveGate(m.Version, registry.Gate{
		Kind: flags.kind, SHA256: m.SHA256, Against: served.want.SHA256,
		Passed: failed == nil, Better: outcome.Better, At: time.Now().UTC(), Report: content.Bytes(),
	}); err != nil {
		return err
	}
	return failed
}

func modelPromoteCommand(env map[string]string) *cobra.Command {
	var reason string
	var asJSON bool
	c := &cobra.Command{
		Use:     "promote VERSION",
		Short:   "Have a version serve that has passed the gate",
		Example: "  deepskin model promote VERSION\n  deepskin model promote VERSION --force first",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRegistry(env, func(_ settings, models *registry.Registry) error {
				if cmd.Flags().Changed("force") && strings.TrimSpace(reason) == "" {
					return errors.New("--force needs a reason, which the history keeps")
				}
				if err := models.Promote(args[0], reason, time.Now()); err != nil {
					return err
				}
				return printCurrent(cmd.OutOrStdout(), models, asJSON)
			})
		},
	}
	c.Flags().StringVar(&reason, "force", "", "promote without a passed gate, for this reason, which the history keeps")
	addJSON(c, &asJSON)
	return c
}

func modelRollbackCommand(env map[string]string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "rollback",
		Short:   "Have the version serve again that served before",
		Example: "  deepskin model rollback",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withRegistry(env, func(_ settings, models *registry.Registry) error {
				if _, err := models.Rollback(time.Now()); err != nil {
					return err
				}
				return printCurrent(cmd.OutOrStdout(), models, asJSON)
			})
		},
	}
	addJSON(c, &asJSON)
	return c
}

// printCurrent says what serves from now on.
func printCurrent(w io.Writer, models *registry.Registry, asJSON bool) error {
	current, err := models.Current()
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w, current)
	}
	_, err = fmt.Fprintf(w, "%s serves from now on; workers pick it up within seconds\n", current.Version)
	return err
}

func addJSON(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
