package evaluation

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report as tables for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "model %s\n%s\n", r.Model.Version, r.summary())
	if note := r.note(); note != "" {
		fmt.Fprintln(&text, note)
	}
	r.writeVerdict(&text)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfigure\tvalue\t95% interval\tphotos")
	if r.Against != nil {
		fmt.Fprint(table, "\tother\tdifference\t95% interval")
	}
	if len(r.Bars) > 0 {
		fmt.Fprint(table, "\tbar\t")
	}
	fmt.Fprintln(table)
	for _, f := range r.Figures {
		fmt.Fprintf(table, "%s\t%.3f\t%.3f to %.3f\t%d", f.Title, f.Value, f.Low, f.High, f.Photos)
		r.writeDifference(table, f.Name)
		bars := r.barsOf(f.Name)
		for _, bar := range bars {
			fmt.Fprintf(table, "\t%s\t%s", bar.limit(), bar.verdict())
		}
		if len(r.Bars) > 0 && len(bars) == 0 {
			fmt.Fprint(table, "\t\t") // every line needs the cells, or the columns fall apart
		}
		fmt.Fprintln(table)
	}
	for _, bar := range r.Bars {
		if bar.Value == nil {
			fmt.Fprintf(table, "%s\t\t\t", titleOf(bar.Figure))
			r.writeDifference(table, bar.Figure)
			fmt.Fprintf(table, "\t%s\t%s\n", bar.limit(), bar.verdict())
		}
	}
	if len(r.Refusals) > 0 {
		fmt.Fprintln(table, "\nrefused as\tphotos")
		for _, problem := range r.problems() {
			fmt.Fprintf(table, "%s\t%d\n", problem, r.Refusals[problem])
		}
	}
	r.writeConfusion(table)
	r.writeGroups(table)
	r.writeGroupDifferences(table)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("lay out the report: %w", err)
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r *Report) barsOf(figure string) []Result {
	var found []Result
	for _, bar := range r.Bars {
		if bar.Figure == figure {
			found = append(found, bar)
		}
	}
	return found
}

func (r *Report) writeConfusion(w io.Writer) {
	if r.Confusion == nil {
		return
	}
	fmt.Fprint(w, "\ntruth by row, stated by column\t")
	for _, d := range r.Confusion.Diagnoses {
		fmt.Fprintf(w, "%s\t", d)
	}
	fmt.Fprintln(w, "right")
	for i, counts := range r.Confusion.Counts {
		fmt.Fprintf(w, "%s\t", r.Confusion.Diagnoses[i])
		photos := 0
		for _, n := range counts {
			fmt.Fprintf(w, "%d\t", n)
			photos += n
		}
		fmt.Fprintln(w, percentOf(counts[i], photos))
	}
}

func (r *Report) writeGroups(w io.Writer) {
	if len(r.Groups) == 0 {
		return
	}
	fmt.Fprintln(w, "\ngroup\tphotos\tmalignant\tAUC\tsensitivity\tspecificity\trefused")
	for _, g := range r.Groups {
		fmt.Fprintf(w, "%s: %s\t%d\t%d", g.Column, g.Value, g.Photos, g.Malignant)
		for _, name := range groupFigures {
			if f, ok := g.Figure(name); ok {
				fmt.Fprintf(w, "\t%.2f [%.2f, %.2f]", f.Value, f.Low, f.High)
			} else {
				fmt.Fprint(w, "\t-")
			}
		}
		fmt.Fprintln(w)
	}
}

// writeVerdict says what the model was compared with, and what the gate says of it and why.
func (r *Report) writeVerdict(w io.Writer) {
	if r.Against == nil {
		return
	}
	fmt.Fprintf(w, "\ncompared with %s on the same photos\n", r.Against.Model.Version)
	if r.Against.Gate == nil {
		return
	}
	fmt.Fprintf(w, "the gate: %s\n", r.Against.Gate.verdict())
	for _, check := range r.Against.Gate.Checks {
		fmt.Fprintf(w, "  %s  %s\n        %s\n", check.verdict(), check.Rule, check.Found)
	}
}

// verdict is whether the rule was fulfilled, in a word of four letters.
func (c Check) verdict() string {
	if c.Met {
		return "pass"
	}
	return "STOP"
}

// writeDifference writes the cells of a figure's difference, empty ones where there is none.
func (r *Report) writeDifference(w io.Writer, name string) {
	if r.Against == nil {
		return
	}
	if d, ok := r.Against.Difference(name); ok {
		fmt.Fprintf(w, "\t%.3f\t%+.3f\t%+.3f to %+.3f", d.Other, d.Value, d.Low, d.High)
	} else {
		fmt.Fprint(w, "\t\t\t")
	}
}

func (r *Report) writeGroupDifferences(w io.Writer) {
	if r.Against == nil || len(r.Against.Groups) == 0 {
		return
	}
	fmt.Fprintln(w, "\ndifference in a group\tphotos\tAUC\tsensitivity\tspecificity\trefused")
	for _, g := range r.Against.Groups {
		fmt.Fprintf(w, "%s: %s\t%d", g.Column, g.Value, g.Photos)
		for _, name := range groupFigures {
			if d, ok := g.Difference(name); ok {
				fmt.Fprintf(w, "\t%+.2f [%+.2f, %+.2f]", d.Value, d.Low, d.High)
			} else {
				fmt.Fprint(w, "\t-")
			}
		}
		fmt.Fprintln(w)
	}
}

// summary says what the figures were measured on.
func (r *Report) summary() string {
	d := r.Data
	text := fmt.Sprintf("%d photos", d.Photos)
	if d.Kind != "" {
		text = fmt.Sprintf("%d %s photos", d.Photos, d.Kind)
	}
	if d.Cluster != "" {
		text += fmt.Sprintf(" in %d clusters by %s", d.Clusters, d.Cluster)
	}
	if d.Malignant > 0 {
		text += fmt.Sprintf(", %d malignant", d.Malignant)
	}
	text += fmt.Sprintf("; split %s; %d refused; %d bootstrap rounds", d.Split, r.Labels[refusedLabel], r.Rounds)
	if d.Others > 0 {
		text += fmt.Sprintf("; beside %d of the other kind", d.Others)
	}
	if d.LabelsWithoutPhoto+d.PhotosWithoutLabel > 0 {
		text += fmt.Sprintf("; left out: %d labels without a photo, %d photos without a label",
			d.LabelsWithoutPhoto, d.PhotosWithoutLabel)
	}
	return text + fmt.Sprintf("\nmilliseconds a photo, several at a time: median %.1f, 95th percentile %.1f",
		r.Speed.Median, r.Speed.P95)
}

// note says who counts for which figure; empty where no truth is known.
func (r *Report) note() string {
	judged := r.Data.Photos - r.Labels[refusedLabel]
	if len(r.Reliability) == 0 {
		return ""
	}
	return fmt.Sprintf("Figures of the label are of the %d photos (%.1f %%) that were not refused; an inconclusive label\n"+
		"counts as not malignant. Areas under curves, calibration and diagnoses are of all photos that\n"+
		"the model judged, refused ones included.", judged, 100*ratio(judged, r.Data.Photos))
}

// percentOf writes a share; a dash where there is nothing to share.
func percentOf(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*ratio(part, whole))
}

// number writes a number as short as it is.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
