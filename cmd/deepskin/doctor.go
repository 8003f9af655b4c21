package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deepskin/adapters/telegram"
	"deepskin/classifier"
	"deepskin/queue"
	"deepskin/store"
)

// checkTime bounds each check that asks another machine.
const checkTime = 10 * time.Second

// A check looks at one thing that serve needs.
type check struct {
	name string
	// look returns what was found, or what is wrong.
	look func(ctx context.Context) (found string, err error)
	// remedy says how to mend it.
	remedy string
}

func doctorCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that serve needs, and say how to mend what is wrong",
		Long: "Checks everything that serve, a bot or a worker needs with the settings of the environment, and says\n" +
			"how to mend what is wrong. The exit status is 1 if something is.",
		Example: "  deepskin doctor\n  TELEGRAM_TOKEN_FILE=telegram.token deepskin doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			healthy := true
			for _, c := range s.checks() {
				ctx, cancel := context.WithTimeout(cmd.Context(), checkTime)
				found, err := c.look(ctx)
				cancel()
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "ok    %s: %s\n", c.name, found)
					continue
				}
				healthy = false
				fmt.Fprintf(cmd.OutOrStdout(), "WRONG %s: %v\n      To mend it: %s\n", c.name, err, c.remedy)
			}
			if !healthy {
				return errReported
			}
			return nil
		},
	}
}

func (s settings) checks() []check {
	silent := slog.New(slog.DiscardHandler)
	checks := []check{
		{
			name:   "ONNX Runtime",
			remedy: "run 'make setup', or set DEEPSKIN_ONNXRUNTIME to a libonnxruntime of version 1.24 or newer",
			look: func(context.Context) (string, error) {
				if s.Library != "" {
					return s.Library, statError(s.Library)
				}
				return classifier.DefaultLibrary()
			},
		},
		{
			name:   "model",
			remedy: "set DEEPSKIN_MODEL to the model's file, models/deepskin.onnx in the project",
			look: func(context.Context) (string, error) {
				model, err := s.classifier(silent)
				if err != nil {
					return "", err
				}
				info := model.Info()
				return fmt.Sprintf("%s, computed by %s", info.Version, info.Provider), model.Close()
			},
		},
		{
			name: "Redis",
			remedy: "check that the server runs and that REDIS_URL has the right host, port and " +
				"password; leave it empty for the embedded one",
			look: func(ctx context.Context) (string, error) {
				q, err := queue.Open(ctx, queue.Config{URL: s.Redis})
				if err != nil {
					return "", err
				}
				if s.Redis == "" {
					return "embedded, forgets on exit", q.Close()
				}
				waiting, err := q.Backlog(ctx)
				return fmt.Sprintf("answers, %d photos waiting", waiting), errors.Join(err, q.Close())
			},
		},
		{
			name: "database",
			remedy: "check DATABASE_URL, or that the folder DEEPSKIN_DATA can be written to and " +
				"holds the keys that its database was made with",
			look: func(ctx context.Context) (string, error) {
				keys, err := s.keys()
				if err != nil {
					return "", err
				}
				kept, err := store.Open(ctx, s.databaseURL(), keys)
				if err != nil {
					return "", err
				}
				return "opens, and the keys fit", kept.Close()
			},
		},
	}
	if s.TelegramToken != "" {
		checks = append(checks, check{
			name:   "Telegram",
			remedy: "get a new token from @BotFather, or check the network if the token is right",
			look: func(ctx context.Context) (string, error) {
				chat, err := telegram.New(s.telegram())
				if err != nil {
					return "", err
				}
				name, err := chat.Check(ctx)
				return "knows the token, the bot is @" + name, err
			},
		})
	}
	if s.DiscordToken != "" {
		checks = append(checks, check{
			name: "Discord",
			remedy: "in Discord's developer portal, reset the token, or switch on the message content intent; " +
				"or check the network if both are right",
			look: s.lookAtDiscord,
		})
	}
	return checks
}

// lookAtDiscord finds what whoever sets up the bot in Discord needs next.
func (s settings) lookAtDiscord(ctx context.Context) (found string, err error) {
	chat, err := s.discord(nil, nil)
	if err != nil {
		return "", err
	}
	self, err := chat.Check(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("knows the token, the application is %s, intents: %s\n      Whoever manages a server invites it at %s",
		self.Name, strings.Join(chat.Intents(), ", "), chat.InviteURL(self)), nil
}
