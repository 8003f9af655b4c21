package evaluation_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
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
		switch w.Name {
		case "calibration_error":
			continue // its bins divide differently
		case "closer":
			continue // no photo was looked at again
		}
		g, n := got.Figures[i], narrow.Figures[i]
		if math.Abs(g.Value-w.Value) > 1e-9 || math.Abs(g.Low-w.Low) > 1e-9 || math.Abs(g.High-w.High) > 1e-9 {
			t.Errorf("%s: %v; with three copies of each photo %v", w.Name, w, g)
		}
		most := 0.8
		if w.Name == "kind_auc" {
			most = 0.95 // the others are as few as before
		}
		if n.High-n.Low > most*(w.High-w.Low) {
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
		if report.Speed != (evaluation.Speed{Median: millis, P95: millis}) {
			t.Errorf("where all photos take %v ms, the speed is %+v", millis, report.Speed)
		}
		report.Speed = evaluation.Speed{}
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
	for _, part := range []string{`"name": "malignant_auc"`, `"names_sha256": "`, `"rounds": 100`, `"column": "digit"`, `"speed": {`, `"kind": "dermoscopy"`, `"others": 150`} {
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
		refusals := a.Name == "refused" || a.Name == "malignant_refused"
		if changed := a.Value != b.Value; changed != refusals {
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

// Where the classifier names no diagnosis, the likeliest one counts as stated.
func TestUnnamedDiagnosesAreTheLikeliest(t *testing.T) {
	set := readGolden(t).set()
	named := set.Evaluate(1)
	right := 0
	for i := range set.Photos {
		a := &set.Photos[i].Assessment
		a.Diagnosis = ""
		likeliest := deepskin.Diagnosis("")
		for _, d := range named.Confusion.Diagnoses {
			if likeliest == "" || a.Diagnoses[d] > a.Diagnoses[likeliest] {
				likeliest = d
			}
		}
		if likeliest == set.Photos[i].Truth.Diagnosis {
			right++
		}
	}
	unnamed := set.Evaluate(1)
	accuracy, _ := unnamed.Figure("diagnosis_accuracy")
	if want := float64(right) / float64(len(set.Photos)); math.Abs(accuracy.Value-want) > 1e-12 {
		t.Errorf("the accuracy is %v, want %v", accuracy.Value, want)
	}
	if reflect.DeepEqual(named.Confusion, unnamed.Confusion) {
		t.Error("naming diagnoses changes nothing about the confusion matrix")
	}
}

// The AUC is the same from either side; photos that the model was not run on do not count.
func TestKindsAreToldApartFromEitherSide(t *testing.T) {
	set := func(kind deepskin.Kind, phone ...float64) (photos []evaluation.Photo) {
		for i, p := range phone {
			photos = append(photos, evaluation.Photo{
				Name:       fmt.Sprintf("%s%d", kind, i),
				Assessment: deepskin.Assessment{PhoneProbability: p, Kind: kindOf(p), Closer: p > 0.85},
			})
		}
		unreadable := evaluation.Photo{Name: "unreadable", Assessment: deepskin.Assessment{Problems: []deepskin.Problem{deepskin.Corrupt}}}
		return append(photos, unreadable)
	}
	dermoscopy, phone := set(deepskin.Dermoscopy, 0.1, 0.2, 0.7), set(deepskin.Phone, 0.6, 0.9, 0.7, 0.1, 0.8)
	for _, test := range []struct {
		set                evaluation.Set
		auc, right, closer float64
	}{
		// Of 15 pairs, 10 are in order, and two are ties.
		{evaluation.Set{Kind: deepskin.Dermoscopy, Photos: dermoscopy, Others: phone}, 11.0 / 15, 2.0 / 3, 0},
		{evaluation.Set{Kind: deepskin.Phone, Photos: phone, Others: dermoscopy}, 11.0 / 15, 4.0 / 5, 1.0 / 5},
		{evaluation.Set{Kind: deepskin.Phone, Photos: phone}, math.NaN(), 4.0 / 5, 1.0 / 5},
		{evaluation.Set{Kind: "not_skin", Photos: phone, Others: dermoscopy}, math.NaN(), math.NaN(), 1.0 / 5},
	} {
		report := test.set.Evaluate(200)
		for name, want := range map[string]float64{"kind_auc": test.auc, "kind_right": test.right, "closer": test.closer} {
			got, ok := report.Figure(name)
			if ok == math.IsNaN(want) || ok && math.Abs(got.Value-want) > 1e-12 {
				t.Errorf("%s of %s photos is %v (%v), want %v", name, test.set.Kind, got, ok, want)
			}
		}
		if data := report.Data; data.Kind != test.set.Kind || data.Others != len(test.set.Others) || data.Photos != len(test.set.Photos) {
			t.Errorf("the data are described as %+v", data)
		}
	}
}

// What is measured of the photos themselves must not depend on those they are told from.
func TestOthersChangeNothingElse(t *testing.T) {
	set := readGolden(t).set()
	with := set.Evaluate(50)
	set.Others = nil
	without := set.Evaluate(50)
	if len(without.Figures) != len(with.Figures)-1 {
		t.Errorf("without others there are %d figures, with them %d", len(without.Figures), len(with.Figures))
	}
	for _, f := range without.Figures {
		if other, _ := with.Figure(f.Name); other != f {
			t.Errorf("%s is %v, with others %v", f.Name, f, other)
		}
	}
	if !reflect.DeepEqual(with.Groups, without.Groups) {
		t.Error("the groups depend on the others")
	}
}
