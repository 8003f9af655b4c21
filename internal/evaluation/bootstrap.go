package evaluation

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// seed makes the intervals repeat.
const seed = 0xb007

// bootstrap computes every figure once and gives it a 95% interval: in each round as many
// clusters are drawn as there are, with replacement, and all photos of a cluster count as often
// as it was drawn. A round in which a figure is not defined does not count for it.
//
// sets holds the cluster of each photo, set by set: each set keeps its number of clusters, and
// what one draws does not depend on those after it.
func bootstrap(sets [][]string, estimators []estimator, rounds int) []Figure {
	values := make([][]float64, len(estimators)) // [estimator][round]
	for e := range values {
		values[e] = make([]float64, rounds)
	}
	photos := 0
	var numbered []clustering
	for _, clusters := range sets {
		numbered, photos = append(numbered, enumerate(clusters)), photos+len(clusters)
	}
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for first := range workers {
		group.Go(func() {
			weights := make([]int, photos)
			for round := first; round < rounds; round += workers {
				resample(round, numbered, weights)
				for e, estimator := range estimators {
					values[e][round] = estimator.compute(weights)
				}
			}
		})
	}
	group.Wait()

	once := ones(photos)
	figures := make([]Figure, len(estimators))
	for e, estimator := range estimators {
		sorted := slices.DeleteFunc(values[e], math.IsNaN)
		slices.Sort(sorted)
		figures[e] = Figure{
			Name: estimator.name, Title: titleOf(estimator.name), Photos: estimator.photos,
			Value: estimator.compute(once), Low: quantile(sorted, 0.025), High: quantile(sorted, 0.975),
		}
	}
	return figures
}

// resample draws clusters of each set and writes into weights how often each photo counts. Every
// round has a generator of its own, so that it does not matter who computes it.
func resample(round int, sets []clustering, weights []int) {
	random := rand.New(rand.NewPCG(seed, uint64(round)))
	for _, set := range sets {
		draws := make([]int, set.count)
		for range draws {
			draws[random.IntN(len(draws))]++
		}
		for i, n := range set.number {
			weights[i] = draws[n]
		}
		weights = weights[len(set.number):]
	}
}

// A clustering numbers the clusters of a set's photos from zero.
type clustering struct {
	number []int // by photo
	count  int
}

// enumerate numbers the clusters in the order in which they come.
func enumerate(clusters []string) clustering {
	seen := map[string]int{}
	number := make([]int, len(clusters))
	for i, c := range clusters {
		n, ok := seen[c]
		if !ok {
			n = len(seen)
			seen[c] = n
		}
		number[i] = n
	}
	return clustering{number, len(seen)}
}

// quantile interpolates linearly between sorted values; NaN if there are none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	position := q * float64(len(sorted)-1)
	below := int(position)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (position-float64(below))*(sorted[above]-sorted[below])
}
