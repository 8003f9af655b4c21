package evaluation

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Comparison holds a model, whose report this is part of, to another one on the same photos.
type Comparison struct {
	// Model is the other one: the one that serves, where a new one is to take its place.
	Model Model `json:"model"`
	// Differences are of those figures that are defined for both models.
	Differences []Difference `json:"differences"`
	// Groups are those in which some figure tells something of both models.
	Groups []GroupDifferences `json:"groups,omitempty"`
	// Gate is nil unless the comparison was judged.
	Gate *Outcome `json:"gate,omitempty"`
}

// A Difference is how far a figure of the new model lies above that of the other one.
type Difference struct {
	Name string `json:"name"`
	// Title is the name in words.
	Title string `json:"title"`
	// Other is the other model's figure; the new model's is in the report.
	Other float64 `json:"other"`
	// Value is positive where the new model's is the greater one.
	Value float64 `json:"value"`
	// Low and High are the ends of the 95% interval, from rounds in which the same clusters were
	// drawn for both models.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Clear reports whether the interval excludes that there is no difference.
func (d Difference) Clear() bool { return d.Low > 0 || d.High < 0 }

// GroupDifferences are the differences in a group.
type GroupDifferences struct {
	Column      string       `json:"column"`
	Value       string       `json:"value"`
	Photos      int          `json:"photos"`
	Differences []Difference `json:"differences"`
}

// Difference returns that of a figure, and whether it is defined.
func (g GroupDifferences) Difference(name string) (Difference, bool) {
	return findDifference(g.Differences, name)
}

// Difference returns that of a figure, and whether it is defined.
func (c *Comparison) Difference(name string) (Difference, bool) {
	return findDifference(c.Differences, name)
}

func findDifference(differences []Difference, name string) (Difference, bool) {
	i := slices.IndexFunc(differences, func(d Difference) bool { return d.Name == name })
	if i < 0 {
		return Difference{}, false
	}
	return differences[i], true
}

// EvaluateAgainst is Evaluate, and compares with what another model says of the same photos, which
// other holds. It is an error if the photos or their truths are not the same.
func (s *Set) EvaluateAgainst(other *Set, rounds int) (Report, error) {
	if err := s.checkSame(other); err != nil {
		return Report{}, fmt.Errorf("compare models: %w", err)
	}
	ours, theirs := s.measure(), other.measure()
	// Together, so that each round draws the same clusters for both.
	samples := sample(s.clusters(), slices.Concat(ours.estimators, theirs.estimators), rounds)
	own, others := samples[:len(ours.estimators)], samples[len(ours.estimators):]
	report, otherReport := s.report(ours, own, rounds), other.report(theirs, others, rounds)

	differences := make([]Difference, len(own))
	for i := range own {
		differences[i] = differ(own[i], others[i])
	}
	all, differences := differences[:len(names())], differences[len(names()):]
	report.Against = &Comparison{Differences: both(all, report.Figures, otherReport.Figures)}
	for i, g := range report.Groups {
		of := differences[i*len(groupFigures) : (i+1)*len(groupFigures)]
		found := GroupDifferences{g.Column, g.Value, g.Photos, both(of, g.Figures, otherReport.Groups[i].Figures)}
		if len(found.Differences) > 0 {
			report.Against.Groups = append(report.Against.Groups, found)
		}
	}
	return report, nil
}

// checkSame finds out whether two models were asked about the same photos.
func (s *Set) checkSame(other *Set) error {
	if len(s.Photos) != len(other.Photos) || len(s.Others) != len(other.Others) || s.Kind != other.Kind {
		return errors.New("they did not see the same photos")
	}
	for i, p := range s.Photos {
		o := other.Photos[i]
		if p.Name != o.Name || (p.Truth == nil) != (o.Truth == nil) {
			return fmt.Errorf("one saw %s, the other %s", p.Name, o.Name)
		}
		if p.Truth != nil && (p.Truth.Malignant != o.Truth.Malignant || p.Truth.Cluster != o.Truth.Cluster) {
			return fmt.Errorf("what is true of %s is not the same for both", p.Name)
		}
	}
	return nil
}

// differ subtracts the other model's figure, round by round.
func differ(own, other sampled) Difference {
	rounds := make([]float64, len(own.rounds))
	for i := range rounds {
		rounds[i] = own.rounds[i] - other.rounds[i]
	}
	sorted := ordered(rounds)
	return Difference{
		Name: own.name, Title: titleOf(own.name), Other: other.value, Value: own.value - other.value,
		Low: quantile(sorted, 0.025), High: quantile(sorted, 0.975),
	}
}

// both keeps the differences of figures that both models have.
func both(differences []Difference, own, other []Figure) []Difference {
	return slices.DeleteFunc(slices.Clone(differences), func(d Difference) bool {
		_, ours := find(own, d.Name)
		_, theirs := find(other, d.Name)
		return !ours || !theirs || math.IsNaN(d.Low)
	})
}
