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

// A sampled figure is its value, and what it was in each bootstrap round.
type sampled struct {
	estimator
	value  float64
	rounds []float64 // NaN where a round did not define it
}

// sample computes every figure once and in each bootstrap round: there as many clusters are drawn
// as there are, with replacement, and all photos of a cluster count as often as it was drawn.
//
// sets holds the cluster of each photo, set by set: each set keeps its number of clusters, and
// what one draws does not depend on those after it.
func sample(sets [][]string, estimators []estimator, rounds int) []sampled {
	photos := 0
	var numbered []clustering
	for _, clusters := range sets {
		numbered, photos = append(numbered, enumerate(clusters)), photos+len(clusters)
	}
	samples := make([]sampled, len(estimators))
	once := ones(photos)
	for e, estimator := range estimators {
		samples[e] = sampled{estimator, estimator.compute(once), make([]float64, rounds)}
	}
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for first := range workers {
		group.Go(func() {
			weights := make([]int, photos)
			for round := first; round < rounds; round += workers {
				resample(round, numbered, weights)
				for e, estimator := range estimators {
					samples[e].rounds[round] = estimator.compute(weights)
				}
			}
		})
	}
	group.Wait()
	return samples
}

// figure gives the value its 95% interval. A round in which it is not defined does not count.
func (s sampled) figure() Figure {
	sorted := ordered(s.rounds)
	return Figure{
		Name: s.name, Title: titleOf(s.name), Photos: s.photos,
		Value: s.value, Low: quantile(sorted, 0.025), High: quantile(sorted, 0.975),
	}
}

// ordered returns what is defined, sorted.
func ordered(rounds []float64) []float64 {
	sorted := slices.DeleteFunc(slices.Clone(rounds), math.IsNaN)
	slices.Sort(sorted)
	return sorted
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
