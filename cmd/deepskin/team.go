package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/bot"
	"deepskin/classifier"
	"deepskin/internal/dashboard"
	"deepskin/internal/team"
	"deepskin/store"
)

// teamPages are the team's web pages.
func (s settings) teamPages(
	kept *store.Store, b *bot.Bot, board *dashboard.Dashboard, log *slog.Logger,
) *team.Pages {
	return team.New(team.Config{
		Logins: kept, Reviews: reviews{kept, b}, Heatmap: classifier.Heatmap, Dashboard: board,
		Secure: strings.HasPrefix(s.Public, "https:"), Logger: log,
	})
}

// reviews are the store's. A vote goes through the bot, which counts it and has the team's post in the
// chat show it.
type reviews struct {
	*store.Store
	bot *bot.Bot
}

func (r reviews) Vote(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (deepskin.VoteOutcome, error) {
	return r.bot.Vote(ctx, id, reviewer, d, at)
}

// teamLink makes links to the team's pages for chats; nil where the pages have no address for others.
func (s settings) teamLink(kept *store.Store) func(context.Context, deepskin.Sender) (string, error) {
	if s.Public == "" {
		return nil
	}
	return func(ctx context.Context, reviewer deepskin.Sender) (string, error) {
		return team.Link(ctx, kept, s.Public, reviewer, time.Now())
	}
}

// publicURL is where browsers reach the page: by default this machine's own.
func (s settings) publicURL() string {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		port = "8080"
	}
	return cmp.Or(s.Public, "http://"+net.JoinHostPort("localhost", port))
}

func loginLinkCommand(env map[string]string) *cobra.Command {
	var reviewer string
	c := &cobra.Command{
		Use:   "login-link",
		Short: "Print a one-time link to the team's web pages",
		Long: "Prints a link that opens the team's web pages once, within 15 minutes, in the name of a reviewer.\n" +
			"It begins with DEEPSKIN_PUBLIC_URL, and with http://localhost without that. Give each person a name\n" +
			"of their own: votes of one name count once.",
		Example: "  deepskin login-link",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			if reviewer == "" {
				if reviewer, err = loginName(); err != nil {
					return err
				}
			}
			log := s.logger(cmd.ErrOrStderr())
			kept, err := s.openStore(cmd.Context(), log)
			if err != nil {
				return err
			}
			defer closing(log, "database", kept)
			link, err := team.Link(cmd.Context(), kept, s.publicURL(), deepskin.Sender{Platform: reviewPlatform, ID: reviewer}, time.Now())
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), link)
			return nil
		},
	}
	c.Flags().StringVar(&reviewer, "reviewer", "", "who votes; the user who is logged in if empty")
	return c
}
