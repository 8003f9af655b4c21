package queue_test

import (
	"testing"

	"deepskin/queue"
)

func TestGenerationChangesWithAnEmptiedRedis(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		generation := func(q *queue.Queue) string {
			t.Helper()
			name, err := q.Generation(t.Context())
			if err != nil || name == "" {
				t.Fatalf("generation %q, %v", name, err)
			}
			return name
		}
		one, other := open(t, queue.Config{URL: url}), open(t, queue.Config{URL: url})
		first := generation(one)
		if again, others := generation(one), generation(other); again != first || others != first {
			t.Errorf("the generation is %q, then %q, and %q for others", first, again, others)
		}
		flush(t, url)
		second := generation(other)
		if second == first || generation(one) != second {
			t.Errorf("after Redis was emptied the generation is %q, before it was %q", second, first)
		}
	})
}
