package evaluation

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// smallestGroup is how many photos a group needs to be worth a line.
const smallestGroup = 20

// smallestKind is how many photos a group's figure needs of each kind that it compares: with fewer
// a figure of one group says next to nothing, and its interval hides that.
const smallestKind = 10

// notStated is the value of an empty field.
const notStated = "not stated"

// A subset is a group and the indices of its photos.
type subset struct {
	group Group
	rows  []int
}

// groups finds the groups that are large enough, by column and value.
func (s *Set) groups() []subset {
	var found []subset
	for c, column := range s.Columns {
		rows := map[string][]int{}
		for i, p := range s.Photos {
			if p.Truth != nil {
				rows[p.Truth.Groups[c]] = append(rows[p.Truth.Groups[c]], i)
			}
		}
		for _, value := range slices.SortedFunc(maps.Keys(rows), compareValues) {
			if len(rows[value]) < smallestGroup {
				continue
			}
			g := Group{Column: column, Value: value, Photos: len(rows[value])}
			for _, i := range rows[value] {
				if s.Photos[i].Truth.Malignant {
					g.Malignant++
				}
			}
			found = append(found, subset{g, rows[value]})
		}
	}
	return found
}

// telling leaves out the figures that too few photos stand behind.
func (g Group) telling(figures []Figure) []Figure {
	return slices.DeleteFunc(figures, func(f Figure) bool {
		if f.Name == "malignant_auc" {
			return min(g.Malignant, g.Photos-g.Malignant) < smallestKind
		}
		return f.Photos < smallestKind
	})
}

// compareValues puts numbers in their order, then words, and what is not stated last.
func compareValues(a, b string) int {
	rank := func(value string) (class, number int) {
		if value == notStated {
			return 2, 0
		}
		first, _, _ := strings.Cut(value, " ")
		if n, err := strconv.Atoi(first); err == nil {
			return 0, n
		}
		return 1, 0
	}
	classA, numberA := rank(a)
	classB, numberB := rank(b)
	return cmp.Or(cmp.Compare(classA, classB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
}
