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
	Machine  machine `json:"machine"`
	Model    string  `json:"model"`
	Side     int     `json:"model_side"`
	Provider string  `json:"provider"`
	// Bare is the model alone, as fast as it was with any threading.
	Bare          pace        `json:"bare_model"`
	BareThreading threading   `json:"bare_model_threading"`
	Batches       []batchPace `json:"bare_model_in_batches"`
	Sets          []setReport `json:"sets"`
	// Bars is empty in the short form.
	Bars []bar `json:"bars,omitempty"`
}

// print writes the report for people.
func (r report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	m := r.Machine
	fmt.Fprintf(table, "machine\t%s, %d cores, %s, %s\n", m.CPU, m.Cores, m.OS, m.Go)
	fmt.Fprintf(table, "model\t%s, %d x %d, by %s\n", r.Model, r.Side, r.Side, r.Provider)
	for _, s := range r.Sets {
		p := s.Photos
		fmt.Fprintf(table, "photos\t%d drawn JPEGs, %s, %.0f to %.0f KB\n", p.Count, p.Name, p.Smallest, p.Largest)
	}
	fmt.Fprintf(table, "\n\tphotos/s\tcpu ms\tp50 ms\tp95 ms\tp99 ms\n")
	row := func(name string, p pace, cpu float64) {
		fmt.Fprintf(table, "%s\t%.1f\t%.2f\t%.2f\t%.2f\t%.2f\n", name, p.PerSecond, cpu, p.P50, p.P95, p.P99)
	}
	row(fmt.Sprintf("bare model, %d x %d threads", r.BareThreading.Runs, r.BareThreading.Threads), r.Bare, r.Bare.CPU)
	for _, b := range r.Batches {
		row(fmt.Sprintf("bare model, batches of %d", b.Pictures), b.Pace, b.Pace.CPU)
	}
	for _, s := range r.Sets {
		fmt.Fprintf(table, "\n%s\n", s.Photos.Name)
		row("decode and resize", s.Decoding, s.Decoding.CPU)
		row("image/jpeg in full and imaging", s.Reference, s.Reference.CPU)
		fmt.Fprintf(table, "limit\t%.1f\n", s.Limit)
		row("classifier", s.Classifier, s.Classifier.CPU)
		row("service at saturation", s.Service.Pace, s.Service.cpu())
		row("service, one at a time", s.Alone.Pace, s.Alone.cpu())
		fmt.Fprintf(table, "classifier / limit\t%.3f\n", s.classifierToLimit())
		fmt.Fprintf(table, "service / classifier\t%.3f\n", s.serviceToClassifier())
	}
	fmt.Fprintf(table, "\nat saturation\tcpu ms a photo\tready MB\tpeak MB\n")
	for _, s := range r.Sets {
		fmt.Fprintf(table, "%s, bot\t%.2f\t\t%.1f\n", s.Photos.Name, s.Service.Pace.CPU, s.Service.BotPeak)
		fmt.Fprintf(table, "%s, Redis\t%.2f\t%.1f\t%.1f\n", s.Photos.Name, s.Service.Redis.CPU, s.Service.Redis.Ready, s.Service.Redis.Peak)
		for _, p := range s.Service.Workers {
			fmt.Fprintf(table, "%s, worker\t%.2f\t%.1f\t%.1f\n", s.Photos.Name, p.CPU, p.Ready, p.Peak)
		}
	}
	if len(r.Bars) > 0 {
		fmt.Fprintf(table, "\nbar\tmeasured\twanted\n")
	}
	for _, b := range r.Bars {
		fmt.Fprintf(table, "%s\t%.2f%s\t%s\t%s\n", b.Name, b.Measured, b.Unit, b.wanted(), b.verdict())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if m.busy() {
		fmt.Fprintf(w, "\nThe machine was not idle (load %.1f before the start): the times say little, the ratios a little more.\n", m.Load)
	}
	return nil
}

// cpu is the processor time that a photo takes in all processes, in ms.
func (s service) cpu() float64 {
	total := s.Pace.CPU + s.Redis.CPU
	for _, p := range s.Workers {
		total += p.CPU
	}
	return total
}

// save writes a report for programs.
func save(file string, r any) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	return nil
}
