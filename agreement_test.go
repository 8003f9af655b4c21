package deepskin_test

import (
	"math"
	"testing"

	"deepskin"
)

// The figures are those of scikit-learn's cohen_kappa_score for the same pairs.
func TestAgree(t *testing.T) {
	type pairs = map[[2]deepskin.Decision]int
	for name, test := range map[string]struct {
		pairs pairs
		want  deepskin.Agreement
	}{
		"mixed": {pairs{
			{"mel", "mel"}: 20, {"mel", "bcc"}: 5, {"mel", "nv"}: 7, {"nv", "nv"}: 31, {"bkl", "nv"}: 9, {"nv", "akiec"}: 4,
			{"no_lesion", "reject"}: 3, {"reject", "nv"}: 2, {"df", "no_lesion"}: 6,
		}, deepskin.Agreement{Pairs: 87, Observed: 0.7816091954022989, Kappa: 0.6013024602026049}},
		"worse than chance": {
			pairs{{"mel", "nv"}: 5, {"nv", "mel"}: 6, {"nv", "vasc"}: 1},
			deepskin.Agreement{Pairs: 12, Observed: 0.08333333333333333, Kappa: -0.8333333333333333},
		},
		"all agree": {
			pairs{{"mel", "bcc"}: 4, {"nv", "nv"}: 3},
			deepskin.Agreement{Pairs: 7, Observed: 1, Kappa: 1},
		},
		// scikit-learn has no kappa for these two.
		"all say the same": {pairs{{"mel", "bcc"}: 4}, deepskin.Agreement{Pairs: 4, Observed: 1}},
		"nobody":           {nil, deepskin.Agreement{}},
	} {
		got := deepskin.Agree(test.pairs)
		if got.Pairs != test.want.Pairs || math.Abs(got.Observed-test.want.Observed) > 1e-9 || math.Abs(got.Kappa-test.want.Kappa) > 1e-9 {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
