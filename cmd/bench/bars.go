package main

import "fmt"

// A bar is what the project promises of a figure: that it is no less than Limit, or below it.
type bar struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit"`
	Below    bool    `json:"below"`
	Measured float64 `json:"measured"`
	Pass     bool    `json:"pass"`
}

// limits are the bars that differ between the sets, by their names. Zero is none.
var limits = map[string]struct{ decoding, alone, toBare float64 }{
	usual.Name: {decoding: 3, alone: 6, toBare: 0.36},
	large.Name: {decoding: 20, alone: 22},
}

// judge holds a report of the full plan against the bars. They are stated for the single MobileNetV2 at
// 192 pixels and two cores.
func judge(r report) (bars []bar) {
	atLeast := func(name, unit string, limit, measured float64) {
		bars = append(bars, bar{name, unit, limit, false, measured, measured >= limit})
	}
	below := func(name, unit string, limit, measured float64) {
		bars = append(bars, bar{name, unit, limit, true, measured, measured < limit})
	}
	for _, s := range r.Sets {
		name, limit := s.Photos.Name, limits[s.Photos.Name]
		atLeast(name+": classifier / limit", "", 0.90, s.classifierToLimit())
		atLeast(name+": service / classifier", "", 0.85, s.serviceToClassifier())
		if limit.toBare > 0 {
			atLeast(name+": service / bare model", "", limit.toBare, s.Service.Pace.PerSecond/r.Bare.PerSecond)
		}
		below(name+": processor time of decode and resize", " ms", limit.decoding, s.Decoding.CPU)
		atLeast(name+": image/jpeg in full / that", "", 4, s.Reference.CPU/s.Decoding.CPU)
		below(name+": queued to answered, less the model, p50", " ms", limit.alone, s.Alone.Pace.P50-r.Bare.P50)
	}
	last := r.Sets[len(r.Sets)-1]
	for _, p := range last.Service.Workers {
		below(last.Photos.Name+": worker's peak beyond the model's own", " MB", 130, p.Peak-p.Ready)
	}
	return bars
}

func (b bar) wanted() string {
	if b.Below {
		return fmt.Sprintf("under %g%s", b.Limit, b.Unit)
	}
	return fmt.Sprintf("%.2f%s or more", b.Limit, b.Unit)
}

// verdict is PASS or what is missing.
func (b bar) verdict() string {
	switch {
	case b.Pass:
		return "PASS"
	case b.Below:
		return fmt.Sprintf("MISSED by %.2f%s", b.Measured-b.Limit, b.Unit)
	default:
		return fmt.Sprintf("MISSED by %.2f%s", b.Limit-b.Measured, b.Unit)
	}
}
