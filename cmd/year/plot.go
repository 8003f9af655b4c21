package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"deepskin/internal/evaluation"
)

// Measures of the plot, in pixels.
const (
	plotWidth, plotHeight = 720, 260
	panelWidth            = 300
	panelLeft             = 50
	panelTop, panelBottom = 40, 220
)

// plot draws what served, and what was stopped, as SVG.
func (p played) plot() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		plotWidth, plotHeight)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	for i, panel := range []struct{ name, title string }{
		{"malignant_auc", "Malignant AUC"}, {"sensitivity", "Sensitivity at the threshold"},
	} {
		p.panel(&out, panel.name, panel.title, panelLeft+i*(plotWidth/2))
	}
	out.WriteString("</svg>\n")
	return out.String()
}

// panel draws one figure after the start and after each quarter.
func (p played) panel(out *strings.Builder, name, title string, left int) {
	served := []evaluation.Figure{p.Verdict.Figures[name]}
	all := slices.Clone(served)
	for _, q := range p.Quarters {
		served = append(served, q.Serves.Figures[name])
		all = append(all, q.Serves.Figures[name], q.Verdict.Figures[name])
	}
	low, high := 1.0, 0.0
	for _, f := range all {
		low, high = min(low, f.Low), max(high, f.High)
	}
	low, high = math.Floor(low*20)/20, math.Ceil(high*20)/20
	x := func(i int) float64 { return float64(left + 30 + i*(panelWidth-60)/quarters) }
	y := func(v float64) float64 { return panelBottom - (v-low)/(high-low)*(panelBottom-panelTop) }

	fmt.Fprintf(out, `<text x="%d" y="20" font-weight="bold">%s</text>`+"\n", left, title)
	for v := low; v < high+0.001; v += 0.05 {
		fmt.Fprintf(out, `<path d="M%d %.1fh%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.2f</text>`+"\n",
			left, y(v), panelWidth, left-6, y(v)+4, v)
	}
	var line strings.Builder
	for i, f := range served {
		fmt.Fprintf(&line, "%c%.1f %.1f", "ML"[min(i, 1)], x(i), y(f.Value))
	}
	fmt.Fprintf(out, `<path d="%s" fill="none" stroke="#1f5fa8" stroke-width="2"/>`+"\n", line.String())
	dot := func(at float64, f evaluation.Figure, colour, fill string) {
		fmt.Fprintf(out, `<path d="M%.1f %.1fV%.1f" stroke="%s"/><circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="%s"/>`+"\n",
			at, y(f.Low), y(f.High), colour, at, y(f.Value), fill, colour)
	}
	for i, f := range served {
		word := "start"
		if i > 0 {
			word = fmt.Sprint("Q", i)
		}
		fmt.Fprintf(out, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(i), panelBottom+18, word)
		dot(x(i), f, "#1f5fa8", "#1f5fa8")
	}
	for _, q := range p.Quarters {
		if !q.Verdict.Passed {
			dot(x(q.Number)+10, q.Verdict.Figures[name], "#c0392b", "white")
		}
	}
	fmt.Fprintf(out, `<text x="%d" y="%d" fill="#555">● served   </text><text x="%d" y="%d" fill="#c0392b">○ stopped by the gate</text>`+"\n",
		left, panelBottom+36, left+70, panelBottom+36)
}
