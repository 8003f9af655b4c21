package evaluation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"deepskin"
	"deepskin/internal/evaluation"
)

// A golden is what models/training/figures.py writes: answers, and what scikit-learn says of them.
type golden struct {
	Labels []deepskin.Diagnosis
	Photos []struct {
		Lesion    string
		Diagnosis deepskin.Diagnosis
		Cancer    bool
		said
	}
	// Rival is what another model says of the same photos.
	Rival []said
	// Others is how much photos of the other kind look like phone photos.
	Others    []float64
	Malignant []deepskin.Diagnosis
	Figures   map[string][3]float64
	// Differences are figures of the photos less the rival's.
	Differences     map[string][3]float64
	Confusion       [][]int
	ROC             [][2]float64
	PrecisionRecall [][2]float64 `json:"precision_recall"`
	Splits          map[string]string
	// Parts counts the lesions HAM_0000000 to HAM_0009999 by their part.
	Parts map[string]int
}

// said is what a model says of a photo.
type said struct {
	Probabilities []float64
	Malignancy    float64
	Label         deepskin.Label
	Refused       bool
	Stated        deepskin.Diagnosis
	Phone         float64
}

func (s said) assessment(labels []deepskin.Diagnosis) deepskin.Assessment {
	a := deepskin.Assessment{
		Label: s.Label, Malignancy: s.Malignancy, Diagnoses: map[deepskin.Diagnosis]float64{},
		Diagnosis: s.Stated, PhoneProbability: s.Phone, Kind: kindOf(s.Phone),
	}
	for n, d := range labels {
		a.Diagnoses[d] = s.Probabilities[n]
	}
	if s.Refused {
		a.Problems = []deepskin.Problem{deepskin.Blurred}
	}
	return a
}

func readGolden(t *testing.T) golden {
	t.Helper()
	content, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(content, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Photos) == 0 || len(g.Figures) == 0 || len(g.Splits) == 0 {
		t.Fatal("the golden file is empty")
	}
	return g
}

// set turns the golden answers into dermoscopy, with the lesion's last digit as a group, and phone
// photos beside it.
func (g golden) set() *evaluation.Set {
	set := &evaluation.Set{Columns: []string{"digit"}, Kind: deepskin.Dermoscopy, Data: evaluation.Data{Split: evaluation.All, Cluster: "lesion_id"}}
	for i, p := range g.Photos {
		assessment := p.assessment(g.Labels)
		assessment.Millis = float64(i)
		set.Photos = append(set.Photos, evaluation.Photo{
			Name: fmt.Sprintf("photo%03d", i), Assessment: assessment,
			Truth: &evaluation.Truth{
				Cluster: p.Lesion, Diagnosis: p.Diagnosis, Malignant: slices.Contains(g.Malignant, p.Diagnosis),
				Cancer: &p.Cancer, Groups: []string{p.Lesion[len(p.Lesion)-1:]},
			},
		})
	}
	for i, phone := range g.Others {
		set.Others = append(set.Others, evaluation.Photo{
			Name: fmt.Sprintf("other%03d", i), Assessment: deepskin.Assessment{PhoneProbability: phone, Kind: kindOf(phone)},
		})
	}
	return set
}

// rival is the set as the other model saw it.
func (g golden) rival() *evaluation.Set {
	set := g.set()
	for i, r := range g.Rival {
		set.Photos[i].Assessment = r.assessment(g.Labels)
	}
	return set
}

func kindOf(phone float64) deepskin.Kind {
	if phone > 0.5 {
		return deepskin.Phone
	}
	return deepskin.Dermoscopy
}

func TestFiguresAgreeWithScikitLearn(t *testing.T) {
	g := readGolden(t)
	report := g.set().Evaluate(4000)
	if len(report.Figures) != len(g.Figures)+1 { // that no photo was looked at again needs no library
		t.Errorf("%d figures, scikit-learn has %d", len(report.Figures), len(g.Figures))
	}
	for name, want := range g.Figures {
		t.Run(name, func(t *testing.T) {
			got, ok := report.Figure(name)
			if !ok {
				t.Fatal("is not measured")
			}
			if math.Abs(got.Value-want[0]) > 1e-9 {
				t.Errorf("is %.12f, want %.12f", got.Value, want[0])
			}
			// Two bootstraps with other draws: chance is left, of about a fortieth of the interval.
			if slack := 0.06*(want[2]-want[1]) + 0.001; math.Abs(got.Low-want[1]) > slack || math.Abs(got.High-want[2]) > slack {
				t.Errorf("has the interval %.4f to %.4f, training's says %.4f to %.4f", got.Low, got.High, want[1], want[2])
			}
		})
	}
	for i, row := range g.Confusion {
		if !slices.Equal(report.Confusion.Counts[i], row) {
			t.Errorf("confusion of %s: %v, want %v", g.Labels[i], report.Confusion.Counts[i], row)
		}
	}
	checkCurve(t, "ROC", report.ROC, g.ROC)
	checkCurve(t, "precision-recall curve", report.PrecisionRecall, g.PrecisionRecall)
}

func checkCurve(t *testing.T, name string, got []evaluation.Point, want [][2]float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("the %s has %d points, want %d", name, len(got), len(want))
		return
	}
	for i, p := range got {
		if math.Abs(p.X-want[i][0]) > 1e-9 || math.Abs(p.Y-want[i][1]) > 1e-9 {
			t.Errorf("the %s's point %d is %v, want %v", name, i, p, want[i])
		}
	}
}

func TestSplitsAreThoseOfTraining(t *testing.T) {
	g := readGolden(t)
	for lesion, want := range g.Splits {
		if got := evaluation.SplitOf(lesion); got != want {
			t.Errorf("%q is in %s, training puts it into %s", lesion, got, want)
		}
	}
	parts := map[string]int{}
	for i := range 10000 {
		parts[evaluation.SplitOf(fmt.Sprintf("HAM_%07d", i))]++
	}
	if !maps.Equal(parts, g.Parts) {
		t.Errorf("10,000 lesions fall into %v, in training into %v", parts, g.Parts)
	}
}
