package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"deepskin/internal/evaluation"
)

//go:embed report.md
var reportText string

// write writes the report, and its plot beside it.
func (p played) write(path string) error {
	plot := strings.TrimSuffix(path, filepath.Ext(path)) + ".svg"
	text, err := template.New("report").Funcs(template.FuncMap{
		"figure": figure, "change": change, "minutes": minutes, "percent": percent, "plot": func() string { return filepath.Base(plot) },
	}).Parse(reportText)
	if err != nil {
		return fmt.Errorf("read the report's template: %w", err)
	}
	var out strings.Builder
	if err := text.Execute(&out, p); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for name, content := range map[string]string{path: out.String(), plot: p.plot()} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

func figure(v verdict, name string) string {
	f, ok := v.Figures[name]
	if !ok {
		return "not measured"
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", f.Value, f.Low, f.High)
}

func change(d evaluation.Difference) string {
	return fmt.Sprintf("%+.3f (%+.3f to %+.3f)", d.Value, d.Low, d.High)
}

func minutes(seconds float64) string { return fmt.Sprintf("%.1f", seconds/60) }

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// Rose says that the malignant AUC was higher at the end of the year, beyond chance.
func (p played) Rose() bool { return p.Whole.AUCChange.Low > 0 }

// Poisoned is the quarter that was.
func (p played) Poisoned() quarter { return p.Quarters[poisoned-1] }

// ErrorRate and Audit are those of the reviewers.
func (p played) ErrorRate() float64 { return errorRate }

// AuditSize is how many labels an audit looks at.
func (p played) AuditSize() int { return auditSize }

// AuditLimit is the share of them from which an export is set aside.
func (p played) AuditLimit() float64 { return auditLimit }

// Reports counts the reports of a quarter.
func (a arrivals) Reports() int { return a.Wrong + a.Open }

// Mistaken is the share of a quarter's labels that are on the wrong side.
func (r reviewed) Mistaken() float64 { return float64(r.Wrong) / float64(max(r.Labelled, 1)) }
