package queue_test

import (
	"slices"
	"testing"
	"time"

	"deepskin/queue"
)

func TestModelsAreToldOnce(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		took := func(want ...string) {
			t.Helper()
			cards, err := q.TakeModels(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, card := range cards {
				got = append(got, string(card))
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("the cards are %q, want %q", got, want)
			}
		}
		publish := func(version, card string) {
			t.Helper()
			if err := q.PublishModel(t.Context(), version, []byte(card)); err != nil {
				t.Fatal(err)
			}
		}
		took()
		publish("m1", "first")
		publish("m2", "other")
		publish("m1", "second")
		if ttl := client(t, url).TTL(t.Context(), "{deepskin}:models").Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("the cards are held for %v, want an hour at most", ttl)
		}
		took("other", "second")
		took()
		publish("m1", "again")
		took("again")
	})
}

func TestLivingWorkersAreCounted(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q, rdb := open(t, queue.Config{URL: url}), client(t, url)
		now, err := rdb.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		for name, until := range map[string]time.Duration{"a": time.Hour, "b": time.Hour, "dead": -time.Second} {
			if err := rdb.HSet(t.Context(), "{deepskin}:workers", name, "1 5.000 "+millis(now.Add(until))).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := q.Workers(t.Context()); err != nil || n != 2 {
			t.Errorf("Workers = %d, %v; want 2", n, err)
		}
	})
}
