// Package evaluation measures how right a classifier is: from photos with known truth and the
// assessments of them to figures with intervals, and from those to a table, JSON and a page.
//
// It knows assessments, not models: whoever calls it runs the classifier.
package evaluation

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"deepskin"
)

// A Photo is one photo, what is known of it, and what the classifier says of it.
type Photo struct {
	// Name is the file's without folder and extension.
	Name string
	// Truth is nil where nothing is known: then only refusals, kinds and times can be measured.
	Truth *Truth
	// Assessment is the classifier's. Its Diagnoses are nil where the photo could not be read.
	Assessment deepskin.Assessment
	// Explanation is nil where no mask says where the lesion lies.
	Explanation *Explanation
}

// A Truth is what is known of a photo.
type Truth struct {
	// Cluster is the lesion or the patient; photos of one cluster are resampled together.
	Cluster string
	// Diagnosis is empty where only the malignancy is known.
	Diagnosis deepskin.Diagnosis
	Malignant bool
	// Cancer is nil where it was not stated. It is narrower than Malignant, which counts the
	// precursors too.
	Cancer *bool
	// Groups are the values of the set's columns, in their order.
	Groups []string
}

// isCancer reports whether a photo shows a cancer, or, where that was not stated, something
// malignant.
func (t Truth) isCancer() bool {
	if t.Cancer != nil {
		return *t.Cancer
	}
	return t.Malignant
}

// A Set is the photos of one evaluation. All of them have a truth, or none has.
type Set struct {
	// Photos are sorted by name.
	Photos []Photo
	// Columns name the groups, such as "sex".
	Columns []string
	// Kind is how all photos were taken; empty, or a word of the caller's, where they were not
	// taken in one of the two ways.
	Kind deepskin.Kind
	// Others are photos of the other kind, which tell only whether kinds are told apart. Their
	// truths may be nil.
	Others []Photo
	Data   Data
}

// labelled reports whether the truth is known.
func (s *Set) labelled() bool { return len(s.Photos) > 0 && s.Photos[0].Truth != nil }

// Evaluate computes all figures that the set allows, with intervals from that many bootstrap
// rounds; rounds must be positive. The same assessments give the same report, times apart.
func (s *Set) Evaluate(rounds int) Report {
	m := s.measure()
	return s.report(m, sample(s.clusters(), m.estimators, rounds), rounds)
}

// A measurement is the figures that are to be computed of a set: first those of all photos, then
// those of each group.
type measurement struct {
	estimators []estimator
	groups     []subset
}

func (s *Set) measure() measurement {
	photos := slices.Concat(s.Photos, s.Others)
	rows := s.rows()
	m := measurement{groups: s.groups()}
	m.estimators = everyFigure(photos, rows[:len(s.Photos)], rows[len(s.Photos):], s.Kind)
	for _, g := range m.groups {
		m.estimators = append(m.estimators, figuresOfGroup(s.Photos, g.rows)...)
	}
	return m
}

// rows are the indices of all photos, the others' at the end.
func (s *Set) rows() []int {
	rows := make([]int, len(s.Photos)+len(s.Others))
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// clusters are those of the photos and of the others, which are resampled apart.
func (s *Set) clusters() [][]string { return [][]string{clusters(s.Photos), clusters(s.Others)} }

// report puts a report together from what a measurement has sampled.
func (s *Set) report(m measurement, samples []sampled, rounds int) Report {
	report := Report{Data: s.describe(), Rounds: rounds}
	figures := make([]Figure, len(samples))
	for i, of := range samples {
		figures[i] = of.figure()
	}
	report.Figures, figures = defined(figures[:len(names())]), figures[len(names()):]
	for _, g := range m.groups {
		g.group.Figures, figures = g.group.telling(defined(figures[:len(groupFigures)])), figures[len(groupFigures):]
		report.Groups = append(report.Groups, g.group)
	}
	report.count(s)
	report.draw(s, s.rows()[:len(s.Photos)])
	report.drawKinds(s)
	report.keepForWatching(s)
	return report
}

// clusters returns each photo's cluster; where nothing is known each photo is one of its own.
func clusters(photos []Photo) []string {
	clusters := make([]string, len(photos))
	for i, p := range photos {
		clusters[i] = p.Name
		if p.Truth != nil {
			clusters[i] = p.Truth.Cluster
		}
	}
	return clusters
}

// describe completes the description of the data with what the photos say.
func (s *Set) describe() Data {
	data := s.Data
	data.Photos, data.Kind, data.Others = len(s.Photos), s.Kind, len(s.Others)
	names := make([]string, len(s.Photos))
	for i, p := range s.Photos {
		names[i] = p.Name
		if p.Truth == nil {
			continue
		}
		if p.Truth.Malignant {
			data.Malignant++
		}
		if p.Truth.isCancer() {
			data.Cancers++
		}
	}
	slices.Sort(names)
	hash := sha256.Sum256([]byte(strings.Join(names, "\n")))
	data.NamesSHA256 = hex.EncodeToString(hash[:])
	data.Clusters = enumerate(clusters(s.Photos)).count
	return data
}
