package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// A report is all that was measured.
type report struct {
	Machine  machine  `json:"machine"`
	Model    string   `json:"model"`
	Photos   photoSet `json:"photos"`
	Unloaded unloaded `json:"unloaded"`
	Loaded   loaded   `json:"loaded"`
	// Bars is empty in the short form.
	Bars []bar `json:"bars,omitempty"`
}

// A bar is what the project promises: a measured value below a limit.
type bar struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit"`
	Measured float64 `json:"measured"`
	Pass     bool    `json:"pass"`
}

// judge holds a report of the full plan against the bars.
func judge(r report) []bar {
	last := len(r.Loaded.Memory) - 1
	after, later := r.Loaded.Memory[last-1], r.Loaded.Memory[last]
	bars := []bar{
		{Name: "upload to answer, p50", Unit: "ms", Limit: 60, Measured: r.Unloaded.P50},
		{Name: fmt.Sprintf("memory after %d photos", after.Photos), Unit: "MB", Limit: 250, Measured: after.Resident},
		{
			Name: fmt.Sprintf("its growth over %d more", later.Photos-after.Photos), Unit: "%", Limit: 5,
			Measured: 100 * (later.Resident - after.Resident) / after.Resident,
		},
	}
	for i, b := range bars {
		bars[i].Pass = b.Measured < b.Limit
	}
	return bars
}

// verdict is PASS or what is missing.
func (b bar) verdict() string {
	if b.Pass {
		return "PASS"
	}
	return fmt.Sprintf("MISSED by %.1f %s", b.Measured-b.Limit, b.Unit)
}

// print writes the report for people.
func (r report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	m := r.Machine
	fmt.Fprintf(table, "machine\t%s, %d cores, %s, %s\n", m.CPU, m.Cores, m.OS, m.Go)
	fmt.Fprintf(table, "model\t%s\n", r.Model)
	fmt.Fprintf(table, "photos\t%d drawn JPEGs, %d x %d, %.0f to %.0f KB\n",
		r.Photos.Count, photoWidth, photoHeight, r.Photos.Smallest, r.Photos.Largest)
	fmt.Fprintf(table, "\none at a time\tp50\tp95\tp99\n")
	fmt.Fprintf(table, "%d photos\t%.1f ms\t%.1f ms\t%.1f ms\n", r.Unloaded.Photos, r.Unloaded.P50, r.Unloaded.P95, r.Unloaded.P99)
	fmt.Fprintf(table, "\n%d at a time\tresident\tpeak\n", r.Loaded.AtATime)
	for _, m := range r.Loaded.Memory {
		fmt.Fprintf(table, "after %d photos\t%.1f MB\t%.1f MB\n", m.Photos, m.Resident, m.Peak)
	}
	fmt.Fprintf(table, "throughput\t%.1f photos/s\n", r.Loaded.PhotosPerSecond)
	if len(r.Bars) > 0 {
		fmt.Fprintf(table, "\nbar\tmeasured\twanted\n")
	}
	for _, b := range r.Bars {
		fmt.Fprintf(table, "%s\t%.1f %s\tunder %.0f %s\t%s\n", b.Name, b.Measured, b.Unit, b.Limit, b.Unit, b.verdict())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if m.busy() {
		fmt.Fprintf(w, "\nThe machine was not idle (load %.1f before the start): the times say little.\n", m.Load)
	}
	return nil
}

// save writes the report for programs.
func (r report) save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	return nil
}
