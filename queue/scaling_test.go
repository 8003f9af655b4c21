package queue_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.yaml.in/yaml/v4"

	"deepskin"
	"deepskin/queue"
)

// scaledBy returns which stream and which group of its consumers Kubernetes scales the workers by.
func scaledBy(t *testing.T) (stream, group string) {
	t.Helper()
	file, err := os.Open("../deploy/kubernetes/base/scaling.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var scaling struct {
		Spec struct {
			Triggers []struct {
				Metadata struct {
					Stream        string `yaml:"stream"`
					ConsumerGroup string `yaml:"consumerGroup"`
				} `yaml:"metadata"`
			} `yaml:"triggers"`
		} `yaml:"spec"`
	}
	if err := yaml.NewDecoder(file).Decode(&scaling); err != nil { // the first of its documents
		t.Fatal(err)
	}
	triggers := scaling.Spec.Triggers
	if len(triggers) != 2 || triggers[0] != triggers[1] {
		t.Fatalf("workers are scaled by %+v", triggers)
	}
	return triggers[0].Metadata.Stream, triggers[0].Metadata.ConsumerGroup
}

// KEDA adds up the group's lag and its pending entries. Redis does not know the lag of a group from
// whose stream something was deleted that was yet to come.
func TestAnAutoscalerCountsPhotosThatWaitAndPhotosInHand(t *testing.T) {
	t.Parallel()
	stream, group := scaledBy(t)
	url := startRedis(t).url
	q := open(t, queue.Config{URL: url})
	rdb := client(t, url)
	counts := func(waiting, held int64) {
		t.Helper()
		waitFor(t, fmt.Sprintf("%d photos that wait and %d in hand", waiting, held), func() bool {
			groups, err := rdb.XInfoGroups(t.Context(), stream).Result()
			if err != nil || len(groups) != 1 || groups[0].Name != group {
				return false // no worker has been here yet
			}
			pending, err := rdb.XPending(t.Context(), stream, group).Result()
			if err != nil {
				t.Fatal(err)
			}
			return groups[0].Lag == waiting && pending.Count == held
		})
	}

	step := make(chan struct{})
	work(t, q, 2, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
		select {
		case <-step:
		case <-ctx.Done():
		}
		return answer(ctx, job, photo)
	})
	counts(0, 0)
	for range 5 {
		submit(t, q, newJob())
	}
	counts(3, 2)
	step <- struct{}{}
	counts(2, 2)
	submit(t, q, newJob())
	counts(3, 2)
	for range 5 {
		step <- struct{}{}
	}
	counts(0, 0)
}
