package evaluation_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"deepskin"
	"deepskin/internal/evaluation"
)

// Copies of a photo tell nothing new: with them in the same cluster, no interval may shrink.
func TestIntervalsAreOfWholeClusters(t *testing.T) {
	once := readGolden(t).set()
	copied, alone := *once, *once
	copied.Photos, alone.Photos = nil, nil
	for _, p := range once.Photos {
		for i := range 4 {
			copied.Photos = append(copied.Photos, p)
			truth := *p.Truth
			truth.Cluster = fmt.Sprintf("%s, copy %d", p.Name, i)
			alone.Photos = append(alone.Photos, evaluation.Photo{Name: p.Name, Truth: &truth, Assessment: p.Assessment})
		}
	}
	want, got, narrow := once.Evaluate(300), copied.Evaluate(300), alone.Evaluate(300)
	for i, w := range want.Figures {
		if w.Name == "calibration_error" {
			continue // its bins divide differently
		}
		g, n := got.Figures[i], narrow.Figures[i]
		if math.Abs(g.Value-w.Value) > 1e-9 || math.Abs(g.Low-w.Low) > 1e-9 || math.Abs(g.High-w.High) > 1e-9 {
			t.Errorf("%s: %v; with three copies of each photo %v", w.Name, w, g)
		}
		if n.High-n.Low > 0.8*(w.High-w.Low) {
			t.Errorf("%s: as clusters of their own, copies must narrow the interval %v, got %v", w.Name, w, n)
		}
	}
}

func TestJSONRepeats(t *testing.T) {
	write := func(processors int, millis float64) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		set := readGolden(t).set()
		for i := range set.Photos {
			set.Photos[i].Assessment.Millis = millis
		}
		report := set.Evaluate(100)
		var out bytes.Buffer
		if err := report.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := write(1, 5)
	if second := write(3, 7); second != first {
		t.Error("the JSON depends on the number of processors or on the time taken")
	}
	for _, part := range []string{`"name": "malignant_auc"`, `"names_sha256": "`, `"rounds": 100`, `"column": "digit"`} {
		if !strings.Contains(first, part) {
			t.Errorf("no %s in the JSON", part)
		}
	}
}

// A photo that could not be read has no numbers: it counts among the refused ones, and only there.
func TestUnreadablePhotosOnlyCountAsRefused(t *testing.T) {
	set := readGolden(t).set()
	before := set.Evaluate(10)
	for i := range 100 {
		set.Photos = append(set.Photos, evaluation.Photo{
			Name:       fmt.Sprintf("unreadable%d", i),
			Truth:      &evaluation.Truth{Cluster: "L0", Diagnosis: deepskin.Melanoma, Malignant: true, Groups: []string{"0"}},
			Assessment: deepskin.Assessment{Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.Corrupt}},
		})
	}
	after := set.Evaluate(10)
	for i, b := range before.Figures {
		a := after.Figures[i]
		if changed := a.Value != b.Value; changed != (a.Name == "refused") {
			t.Errorf("%s went from %v to %v", a.Name, b.Value, a.Value)
		}
	}
	if after.Refusals[deepskin.Corrupt] != 100 || after.Refusals[deepskin.Blurred] != before.Refusals[deepskin.Blurred] {
		t.Errorf("refusals: %v", after.Refusals)
	}
}

// What is not defined is left out, not made up.
func TestFiguresOfOneKindAreLeftOut(t *testing.T) {
	set := readGolden(t).set()
	var benign []evaluation.Photo
	for _, p := range set.Photos {
		if !p.Truth.Malignant {
			benign = append(benign, p)
		}
	}
	set.Photos = benign
	report := set.Evaluate(10)
	for _, name := range []string{"malignant_auc", "melanoma_auc", "sensitivity", "average_precision", "specificity_at_95_sensitivity", "cancers_called_benign"} {
		if f, ok := report.Figure(name); ok {
			t.Errorf("without anything malignant there is %v", f)
		}
	}
	if _, ok := report.Figure("specificity"); !ok || report.ROC != nil {
		t.Errorf("figures: %v, ROC: %v", report.Figures, report.ROC)
	}
}

func TestGroupsHoldTheirOwnPhotos(t *testing.T) {
	set := readGolden(t).set()
	report := set.Evaluate(10)
	photos := 0
	for _, g := range report.Groups {
		alone := evaluation.Set{}
		for _, p := range set.Photos {
			if p.Truth.Groups[0] == g.Value {
				alone.Photos = append(alone.Photos, p)
			}
		}
		photos += g.Photos
		whole := alone.Evaluate(1)
		if g.Photos != len(alone.Photos) || g.Photos < 20 || g.Malignant != whole.Data.Malignant {
			t.Errorf("%+v has %d photos, %d malignant", g, len(alone.Photos), whole.Data.Malignant)
		}
		for _, f := range g.Figures {
			if w, _ := whole.Figure(f.Name); w.Value != f.Value || w.Photos != f.Photos || f.Photos < 10 {
				t.Errorf("%s of group %s is %v, alone %v", f.Name, g.Value, f, w)
			}
		}
	}
	if len(report.Groups) < 5 || photos > len(set.Photos) {
		t.Errorf("%d groups with %d photos", len(report.Groups), photos)
	}
}

func TestBars(t *testing.T) {
	report := readGolden(t).set().Evaluate(10)
	bars := readBars(t, `{"a": [{"figure": "malignant_auc", "at_least": 0.7}, {"figure": "refused", "at_most": 0.2}], "b": []}`, "a")
	if !report.Compare(bars) || len(report.Bars) != 2 {
		t.Errorf("both bars are reached, got %+v", report.Bars)
	}
	report.Bars = nil
	if report.Compare(readBars(t, `{"a": [{"figure": "malignant_auc", "at_least": 0.99}, {"figure": "refused", "at_most": 0.2}]}`, "a")) {
		t.Errorf("one bar is missed, got %+v", report.Bars)
	}
	var table strings.Builder
	if err := report.WriteText(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"≥ 0.99  MISS", "≤ 0.2   pass", "blurred", "digit: 0"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}

	unknown := evaluation.Set{Photos: []evaluation.Photo{{Name: "a"}}}
	report = unknown.Evaluate(10)
	if report.Compare(bars) || report.Bars[0].Value != nil || report.Bars[0].Met || !report.Bars[1].Met {
		t.Errorf("what is not measured is missed, got %+v", report.Bars)
	}

	for content, want := range map[string]string{
		`{"a": [{"figure": "beauty", "at_least": 1}]}`:                `"beauty"`,
		`{"a": [{"figure": "refused"}]}`:                              "at_least or at_most",
		`{"a": [{"figure": "refused", "at_least": 0, "at_most": 1}]}`: "at_least or at_most",
		`{"a": [{"figure": "refused", "atleast": 1}]}`:                "atleast",
		`{"b": []}`: `no kind "a"`,
		`[`:         "read bars",
	} {
		if _, err := evaluation.ReadBars(strings.NewReader(content), "a"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s in it", content, err, want)
		}
	}
}
