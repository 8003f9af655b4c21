package classifier

import "testing"

// Batching depends on the provider that serves, not on the one that was wished for.
func TestLargestBatch(t *testing.T) {
	for _, test := range []struct {
		configured int
		serves     Provider
		want       int
	}{
		{0, CPU, 1},
		{0, CUDA, 16},
		{1, CUDA, 1},
		{4, CPU, 4},
		{64, CUDA, 64},
	} {
		if got := (Config{Provider: Auto, Batch: test.configured}).largestBatch(test.serves); got != test.want {
			t.Errorf("%d by configuration, %s serves: batches of %d, want %d", test.configured, test.serves, got, test.want)
		}
	}
}
