package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deepskin"
	"deepskin/adapters/telegram"
	"deepskin/bot"
)

// platforms are those that people are known by.
var platforms = []string{"telegram", "discord", "web", reviewPlatform}

func usersCommand(env map[string]string) *cobra.Command {
	c := &cobra.Command{
		Use:     "users",
		Short:   "Do for somebody what they ask about their data",
		Example: "  deepskin users delete",
	}
	c.AddCommand(usersDeleteCommand(env))
	return c
}

func usersDeleteCommand(env map[string]string) *cobra.Command {
	var sure, asJSON bool
	c := &cobra.Command{
		Use:   "delete",
		Short: "Erase all that is held of one person, as their own /delete does",
		Long: "Erases all that is held of one person: photos, answers, what they said of them, consent and the\n" +
			"bot's messages about it; of a reviewer, the votes on what is not decided yet. It reads the\n" +
			"platform (" + strings.Join(platforms, ", ") + ") and the person's ID there from the terminal or, a line\n" +
			"each, from the standard input, so that they stand neither in the shell's history nor in the list of\n" +
			"processes. It needs the environment of the bots: database, keys, REDIS_URL and tokens.\n\n" +
			"Posts of the team's are removed by the running bot within seconds. The exit status is 1 if\n" +
			"something is left.",
		Example: "  deepskin users delete\n  deepskin users delete --yes --json <request.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			talk := newDialogue(cmd.InOrStdin(), cmd.ErrOrStderr())
			sender, err := talk.sender(cmd.Context())
			if err != nil {
				return err
			}
			if !sure {
				if err := talk.confirm(cmd.Context(), "Erase all that is held of this person, for good?"); err != nil {
					return err
				}
			}
			erased, err := s.forget(cmd.Context(), sender, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return reportErasure(cmd.OutOrStdout(), erased, s.Redis != "", asJSON)
		},
	}
	c.Flags().BoolVar(&sure, "yes", false, "do not ask for confirmation")
	addJSON(c, &asJSON)
	return c
}

// sender asks who it is about. No error repeats what was answered.
func (d *dialogue) sender(ctx context.Context) (deepskin.Sender, error) {
	platform, err := d.ask(ctx, "Platform ("+strings.Join(platforms, ", ")+"): ")
	if err != nil {
		return deepskin.Sender{}, err
	}
	platform = strings.ToLower(platform)
	if !slices.Contains(platforms, platform) {
		return deepskin.Sender{}, errors.New("the first line names no platform: it is one of " + strings.Join(platforms, ", "))
	}
	id, err := d.ask(ctx, "The person's ID there: ")
	if err != nil {
		return deepskin.Sender{}, err
	}
	if id == "" {
		return deepskin.Sender{}, errors.New("the second line is empty: it is the person's ID on the platform")
	}
	return deepskin.Sender{Platform: platform, ID: id}, nil
}

// forget has a bot erase a sender that holds no conversation itself.
func (s settings) forget(ctx context.Context, sender deepskin.Sender, stderr io.Writer) (_ bot.Erasure, err error) {
	log := s.logger(stderr)
	kept, err := s.openStore(ctx, log)
	if err != nil {
		return bot.Erasure{}, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	jobs, err := s.openOperatorsQueue(ctx, log)
	if err != nil {
		return bot.Erasure{}, err
	}
	defer func() { err = errors.Join(err, jobs.Close()) }()
	b := bot.New(bot.Config{Store: kept, Queue: jobs, Logger: log})
	if s.TelegramToken != "" {
		c := s.telegram()
		c.Logger = log
		chat, err := telegram.New(c)
		if err != nil {
			return bot.Erasure{}, err
		}
		b.Connect(chat)
	}
	if s.DiscordToken != "" {
		chat, err := s.discord(nil, log)
		if err != nil {
			return bot.Erasure{}, err
		}
		b.Connect(chat)
	}
	return b.Forget(ctx, sender)
}

// reportErasure says how much was erased, never whose it was.
func reportErasure(w io.Writer, e bot.Erasure, reached, asJSON bool) error {
	if asJSON {
		if err := printJSON(w, e); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "Erased: photos with their answers: %d, messages of the bot: %d.\n", e.Cases, e.Messages)
		if e.Cases == 0 {
			fmt.Fprintln(w, "No photo of this person was held in this database. Are platform, ID and environment the right ones?")
		}
		if e.MessagesLeft > 0 {
			fmt.Fprintf(w, "Messages that could not be removed: %d. Their text stays in the chat.\n", e.MessagesLeft)
		}
		if e.CopiesLeft > 0 {
			fmt.Fprintf(w, "Copies in Redis that could not be removed: %d. They expire within 24 hours.\n", e.CopiesLeft)
		}
		if !reached && e.Cases > 0 {
			fmt.Fprintln(w, "REDIS_URL is not set: copies in the memory of a running 'deepskin serve' expire within 24 hours.")
		}
	}
	if e.MessagesLeft+e.CopiesLeft > 0 {
		return errReported
	}
	return nil
}
