package evaluation_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deepskin/internal/browsertest"
	"deepskin/internal/evaluation"
)

// The page is one file: it is opened from the disk, and whatever it lacked would be a complaint.
func TestPageShowsTheReport(t *testing.T) {
	report := readGolden(t).set().Evaluate(200)
	report.Model.Version = "made-up-model"
	report.Compare(readBars(t, `{"x": [{"figure": "malignant_auc", "at_least": 0.95}, {"figure": "refused", "at_most": 0.5}]}`, "x"))
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
	tab.Want(".refusals", "blurred")
	tab.Want(".confusion", "vasc")
	tab.Until(`document.querySelectorAll("polyline.curve").length == 2`)     // ROC, precision and recall
	tab.Until(`document.querySelectorAll(".whisker").length >= 15 + 2 + 10`) // bins, labels, groups
	tab.Until(`document.querySelector(".correct.deep, .correct") != null`)   // the diagonal
	tab.Until(`getComputedStyle(document.querySelector(".confusion td.deep, .confusion td")).backgroundColor != "rgba(0, 0, 0, 0)"`)
	tab.Shoot("evaluation")
}

func TestPageWithoutTruthShowsRefusals(t *testing.T) {
	set := readGolden(t).set()
	for i := range set.Photos {
		set.Photos[i].Truth = nil
	}
	set.Columns = nil
	report := set.Evaluate(50)
	if len(report.Figures) != 1 || report.Figures[0].Name != "refused" || report.Groups != nil || report.Confusion != nil {
		t.Errorf("without truth there are the figures %v", report.Figures)
	}
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "blurred") || strings.Contains(page.String(), "ROC") {
		t.Error("the page wants refusals and no curve")
	}
}

func readBars(t *testing.T, content, kind string) []evaluation.Bar {
	t.Helper()
	bars, err := evaluation.ReadBars(strings.NewReader(content), kind)
	if err != nil {
		t.Fatal(err)
	}
	return bars
}
