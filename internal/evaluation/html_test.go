package evaluation_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deepskin/internal/browsertest"
	"deepskin/internal/evaluation"
)

// The page is one file: it is opened from the disk, and whatever it lacked would be a complaint.
func TestPageShowsTheReport(t *testing.T) {
	set := readGolden(t).set()
	for i := range set.Photos {
		set.Photos[i].Explanation = &evaluation.Explanation{Hit: float64(i % 2), Share: float64(i%10) / 10, Overlap: math.NaN()}
	}
	report := set.Evaluate(200)
	report.Model.Version = "made-up-model"
	report.Compare(readBars(t, `{"x": [{"figure": "malignant_auc", "at_least": 0.95}, {"figure": "refused", "at_most": 0.5},
		{"figure": "kind_auc", "at_least": 0.97}, {"figure": "pointing_game", "at_least": 0.9}, {"figure": "lesion_overlap", "at_least": 0.5}]}`, "x"))
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "ZgotmplZ") {
		t.Error("html/template took something for an attack")
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Open(t, "file://"+path)
	tab.See("h1")
	tab.Want("h1", "made-up-model")
	tab.Want(".figures", "≥ 0.95 MISS")
	tab.Want(".figures", "≤ 0.5 pass")
	tab.Want(".figures", "≥ 0.97 pass")
	tab.Want(".figures", "0.500")              // of the pointing game
	tab.Want(".figures", "≥ 0.5 not measured") // of the overlap, which no photo has
	tab.Want(".refusals", "blurred")
	tab.Want(".confusion", "vasc")
	tab.Until(`document.querySelectorAll("polyline.curve").length == 2`)     // ROC, precision and recall
	tab.Until(`document.querySelectorAll("rect.first").length == 2 * 20`)    // malignancies, kinds
	tab.Until(`document.querySelectorAll(".whisker").length >= 15 + 2 + 10`) // bins, labels, groups
	tab.Until(`document.querySelector(".correct.deep, .correct") != null`)   // the diagonal
	tab.Until(`getComputedStyle(document.querySelector(".confusion td.deep, .confusion td")).backgroundColor != "rgba(0, 0, 0, 0)"`)
	tab.Shoot("evaluation")
}

func TestPageShowsTheComparison(t *testing.T) {
	g := readGolden(t)
	report := against(t, g.set(), g.rival(), 200)
	report.Model.Version, report.Against.Model.Version = "new-model", "model-that-serves"
	report.Against.Judge(shippedRules(t, "dermoscopy"))
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Open(t, "file://"+path)
	tab.See("h1")
	tab.Want("body", "Compared with model-that-serves")
	tab.Want(".verdict", "stopped: ")
	tab.Want(".checks", "falls by less than 0.05")
	tab.Want(".figures", "+0.041") // of the AUC of melanomas
	tab.Want("body", "Differences by group")
	tab.Until(`document.querySelectorAll(".figures .clear").length >= 2`)
	tab.Shoot("comparison")

	var table strings.Builder
	if err := report.WriteText(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"compared with model-that-serves", "the gate: stopped", "STOP  malignant against benign, AUC", "+0.041", "difference in a group", "digit: 0"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
}

func TestPageWithoutTruthShowsRefusals(t *testing.T) {
	set := readGolden(t).set()
	for i := range set.Photos {
		set.Photos[i].Truth = nil
	}
	set.Columns = nil
	report := set.Evaluate(50)
	if got := fmt.Sprint(figureNames(report)); got != "[refused kind_auc kind_right closer]" || report.Groups != nil || report.Confusion != nil {
		t.Errorf("without truth there are the figures %v", report.Figures)
	}
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]bool{"blurred": true, "Kind of photo": true, "ROC": false, "Malignancy, as stated": false} {
		if strings.Contains(page.String(), part) != want {
			t.Errorf("the page has %q: %v", part, !want)
		}
	}
}

func figureNames(report evaluation.Report) []string {
	var names []string
	for _, f := range report.Figures {
		names = append(names, f.Name)
	}
	return names
}

func readBars(t *testing.T, content, kind string) []evaluation.Bar {
	t.Helper()
	bars, err := evaluation.ReadBars(strings.NewReader(content), kind)
	if err != nil {
		t.Fatal(err)
	}
	return bars
}
