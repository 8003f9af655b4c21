package evaluation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"deepskin"
	"deepskin/internal/evaluation"
)

var malignant = []deepskin.Diagnosis{deepskin.Melanoma, deepskin.BasalCellCarcinoma, deepskin.ActinicKeratosis}

func readLabels(t *testing.T, content, cluster string) *evaluation.Labels {
	t.Helper()
	labels, err := evaluation.ReadLabels(strings.NewReader(content), malignant, cluster)
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

func TestLabelsAreReadByTheirHeader(t *testing.T) {
	yes, no := true, false
	const ham = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
	const phone = "file,img_id,patient_id,lesion_id,diagnostic,malignant,cancer,fitzpatrick,region,age,sex,biopsied\n"
	cases := map[string]struct {
		labels, cluster string
		columns         []string
		want            evaluation.Truth
	}{
		"HAM10000": {
			ham + "HAM_1,P,mel,histo,80.0,male,scalp\n", "",
			[]string{"dx", "dx_type", "age", "sex", "localization"},
			evaluation.Truth{Cluster: "HAM_1", Diagnosis: "mel", Malignant: true, Groups: []string{"mel", "histo", "80 to 89", "male", "scalp"}},
		},
		"HAM10000 without age, by another column": {
			"\ufeff" + ham + "HAM_1,P.jpg,nv,follow_up,,male,scalp\n", "localization",
			[]string{"dx", "dx_type", "age", "sex"},
			evaluation.Truth{Cluster: "scalp", Diagnosis: "nv", Groups: []string{"nv", "follow_up", "not stated", "male"}},
		},
		"phone photos, a precursor": {
			phone + "P.jpg,P.png,PAT_1,86,ACK,1,0,2.0,NOSE,9,,False\n", "",
			[]string{"diagnostic", "fitzpatrick", "region", "age", "sex", "biopsied"},
			evaluation.Truth{Cluster: "PAT_1", Diagnosis: "akiec", Malignant: true, Cancer: &no, Groups: []string{"akiec", "2", "NOSE", "0 to 9", "not stated", "False"}},
		},
		"phone photos, a cancer": {
			phone + "P.jpg,P.png,PAT_1,86,SCC,1,1,,NOSE,41,FEMALE,True\n", "lesion_id",
			[]string{"diagnostic", "fitzpatrick", "region", "age", "sex", "biopsied"},
			evaluation.Truth{Cluster: "86", Diagnosis: "akiec", Malignant: true, Cancer: &yes, Groups: []string{"akiec", "not stated", "NOSE", "40 to 49", "FEMALE", "True"}},
		},
		"malignancy alone": {
			"image,malignant\nfolder/P.JPG,1\n", "", nil,
			evaluation.Truth{Cluster: "P", Malignant: true},
		},
		"malignancy against the diagnosis": {
			"image,diagnosis,malignant\nP,SEK,1\n", "",
			[]string{"diagnosis"},
			evaluation.Truth{Cluster: "P", Diagnosis: "bkl", Malignant: true, Groups: []string{"bkl"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			set, files, err := evaluation.Select([]string{"some/P.jpg"}, readLabels(t, test.labels, test.cluster), evaluation.All)
			if err != nil {
				t.Fatal(err)
			}
			if got := *set.Photos[0].Truth; !reflect.DeepEqual(got, test.want) {
				t.Errorf("the truth is %+v, want %+v", got, test.want)
			}
			if !reflect.DeepEqual(set.Columns, test.columns) || files[0] != "some/P.jpg" {
				t.Errorf("the columns are %v, want %v; files %v", set.Columns, test.columns, files)
			}
		})
	}
}

func TestWrongLabelsAreErrors(t *testing.T) {
	for content, want := range map[string]string{
		"":                                 "a header",
		"image_id,dx\n":                    "a header",
		"name,dx\na,nv\n":                  "no column names the photos",
		"image_id,sex\na,male\n":           "no column says what is true",
		"image_id,dx\na,xx\n":              `row 2: unknown diagnosis "xx"`,
		"image_id,malignant\na,1\nb,yes\n": `row 3: column malignant: want 0 or 1, got "yes"`,
		"image_id,dx,cancer\na,nv,\n":      "column cancer",
		"image_id,dx\na,nv\na.jpg,nv\n":    "row 3: a has a label already",
		"image_id,dx\na,nv,1\n":            "read labels",
	} {
		if _, err := evaluation.ReadLabels(strings.NewReader(content), malignant, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q in it", content, err, want)
		}
	}
	if _, err := evaluation.ReadLabels(strings.NewReader("image_id,dx\na,nv\n"), malignant, "clinic"); err == nil {
		t.Error("a cluster column that is not there is accepted")
	}
}

func TestSelectPairsPhotosAndLabels(t *testing.T) {
	labels := readLabels(t, "image_id,dx\nb,mel\na,nv\ngone,nv\n", "")
	set, files, err := evaluation.Select([]string{"x/b.jpg", "y/a.png", "z/new.jpg"}, labels, evaluation.All)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(files) != "[y/a.png x/b.jpg]" || set.Photos[0].Name != "a" || !set.Photos[1].Truth.Malignant {
		t.Errorf("selected %v and %+v", files, set.Photos)
	}
	data := set.Evaluate(1).Data
	hash := sha256.Sum256([]byte("a\nb"))
	want := evaluation.Data{
		Split: "all", Photos: 2, Clusters: 2, Malignant: 1, Cancers: 1, LabelsWithoutPhoto: 1, PhotosWithoutLabel: 1,
		NamesSHA256: hex.EncodeToString(hash[:]),
	}
	if data != want {
		t.Errorf("the data are %+v, want %+v", data, want)
	}

	for name, files := range map[string][]string{
		"no photo has a label": {"x/c.jpg"}, "two photos are called a": {"x/a.jpg", "y/a.jpg"},
	} {
		if _, _, err := evaluation.Select(files, labels, evaluation.All); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v gives %v, want %q", files, err, name)
		}
	}
	if _, _, err := evaluation.Select(files, labels, "half"); err == nil {
		t.Error("a split \"half\" is accepted")
	}
}

// Photos go where their lesion goes, or their patient, or, if neither is known, their name.
func TestSelectKeepsLesionsAndPatientsTogether(t *testing.T) {
	var rows strings.Builder
	var files []string
	for i := range 60 {
		fmt.Fprintf(&rows, "photo%d,HAM_%07d,PAT_%d,nv\n", i, i/2, i/3)
		files = append(files, fmt.Sprintf("photo%d.jpg", i))
	}
	key := map[string]func(i int) string{
		"image_id,lesion_id,x,dx\n":          func(i int) string { return fmt.Sprintf("HAM_%07d", i/2) },
		"image_id,lesion_id,patient_id,dx\n": func(i int) string { return fmt.Sprintf("PAT_%d", i/3) },
		"image_id,x,y,dx\n":                  func(i int) string { return fmt.Sprintf("photo%d", i) },
	}
	for header, key := range key {
		// Resampling by another column changes nothing about the parts.
		labels := readLabels(t, header+rows.String(), "dx")
		met := map[string]bool{}
		for _, split := range []string{evaluation.Test, evaluation.Validation, evaluation.Train} {
			set, _, err := evaluation.Select(files, labels, split)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range set.Photos {
				var i int
				if _, err := fmt.Sscanf(p.Name, "photo%d", &i); err != nil {
					t.Fatal(err)
				}
				if got := evaluation.SplitOf(key(i)); got != split || met[p.Name] {
					t.Errorf("%s%s is in %s, want it once, in %s", header, p.Name, split, got)
				}
				met[p.Name] = true
			}
		}
		if len(met) != len(files) {
			t.Errorf("%sthe parts hold %d of %d photos", header, len(met), len(files))
		}
	}
}

// The half that is left is that of is_held_out in models/training.
func TestUnfittedIsHalfOfTheNames(t *testing.T) {
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("folder/photo%d.jpg", i))
	}
	set, chosen, err := evaluation.Select(files, nil, evaluation.Unfitted)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for i, p := range set.Photos {
		kept[p.Name] = chosen[i] == "folder/"+p.Name+".jpg"
	}
	for i := range 1000 {
		name := fmt.Sprintf("photo%d", i)
		hash := sha256.Sum256([]byte(name))
		if kept[name] != (hash[0] < 128) {
			t.Errorf("%s, with the hash %x..., is kept: %v", name, hash[:2], kept[name])
		}
	}
	if set.Data.Split != "unfitted" || len(kept) < 400 || len(kept) > 600 {
		t.Errorf("%d of 1000 are in the part %s", len(kept), set.Data.Split)
	}
	labels := readLabels(t, "image_id,dx\nphoto0,mel\n", "")
	if _, _, err := evaluation.Select(files, labels, evaluation.Unfitted); err == nil || !strings.Contains(err.Error(), "without labels") {
		t.Errorf("with labels it gives %v", err)
	}
}

func TestGroupsFromAnotherFile(t *testing.T) {
	labels := readLabels(t, "image_id,dx,sex\na,mel,male\nb,nv,female\n", "")
	if err := labels.AddGroups(strings.NewReader("\ufeffhair,file,clinic_id,age\n1.0,x/a.jpg,C,34\n0,c.jpg,C,50\n")); err != nil {
		t.Fatal(err)
	}
	set, _, err := evaluation.Select([]string{"a.jpg", "b.jpg"}, labels, evaluation.All)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(set.Columns); got != "[dx sex hair age]" {
		t.Errorf("the columns are %s", got)
	}
	for i, want := range []string{"[mel male 1 30 to 39]", "[nv female not stated not stated]"} {
		if got := fmt.Sprint(set.Photos[i].Truth.Groups); got != want {
			t.Errorf("%s is in the groups %s, want %s", set.Photos[i].Name, got, want)
		}
	}
	for content, want := range map[string]string{
		"":                             "a header",
		"name,ink\na,1\n":              "no column names the photos",
		"image_id,sex\na,male\n":       `a column "sex" already`,
		"image_id,ink,ink\na,1,1\n":    `a column "ink" already`,
		"image_id,ink\na,1\na.png,0\n": "row 3: a has groups already",
		"image_id,ink\nz,1\n":          "groups of other photos",
	} {
		labels := readLabels(t, "image_id,dx,sex\na,mel,male\nb,nv,female\n", "")
		if err := labels.AddGroups(strings.NewReader(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q in it", content, err, want)
		}
	}
}
