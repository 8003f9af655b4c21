package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func probeCommand(env map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "probe",
		Short: "Ask the bot or worker beside it whether it is ready, for a container's health check",
		Long: "Asks /readyz at DEEPSKIN_OPS_ADDR, prints the answer and ends with status 0 if it is yes,\n" +
			"1 if it is no or does not come.",
		Example: "  DEEPSKIN_OPS_ADDR=:9090 deepskin probe",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(env)
			if err != nil {
				return err
			}
			host, port, err := net.SplitHostPort(s.Ops)
			if err != nil {
				return errors.New("DEEPSKIN_OPS_ADDR says where the process answers, as host:port; it is not set so")
			}
			url := "http://" + net.JoinHostPort(cmp.Or(host, "localhost"), port) + "/readyz"
			client := http.Client{Timeout: 2 * readyTime}
			answer, err := client.Get(url)
			if err != nil {
				return fmt.Errorf("the process does not answer: %w", err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(io.LimitReader(answer.Body, 10_000))
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(text)))
			if answer.StatusCode != http.StatusOK {
				return errReported
			}
			return nil
		},
	}
}
