package classifier_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"deepskin"
	"deepskin/classifier"
	"deepskin/classifier/sample"
)

// lookingOnce returns the shipped model without second looks, so that each photo is one picture.
func lookingOnce(t *testing.T) string {
	t.Helper()
	return editModel(t, "thresholds", func(string) string {
		return thresholds(`"malignant": 0.3, "benign": 0.2, "ood": 1e6, "closer": 0`)
	})
}

func drawnSmall(t *testing.T, count int) [][]byte {
	t.Helper()
	photos := make([][]byte, count)
	for i := range photos {
		photos[i] = jpegOf(t, sample.Photo(uint64(i), sample.Options{Width: 200, Height: 150}))
	}
	return photos
}

// checkSame holds two assessments of a photo against each other. Sums may be taken in another order.
func checkSame(t *testing.T, got, want deepskin.Assessment) {
	t.Helper()
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-4 }
	same := got.Label == want.Label && got.Diagnosis == want.Diagnosis && near(got.Malignancy, want.Malignancy) &&
		near(got.OOD, want.OOD) && len(got.Grid.Values) == len(want.Grid.Values)
	for i := range want.Grid.Values {
		same = same && near(float64(got.Grid.Values[i]), float64(want.Grid.Values[i]))
	}
	if !same {
		t.Errorf("in a batch %+v, alone %+v", got, want)
	}
}

// Nobody but a full batch ends the wait of an hour here.
func TestABatchSaysWhatSingleRunsSay(t *testing.T) {
	const size = 4
	model := lookingOnce(t)
	alone := open(t, classifier.Config{Model: model})
	together := open(t, classifier.Config{Model: model, Concurrency: size, Batch: size, BatchWait: time.Hour})
	var group sync.WaitGroup
	for _, photo := range drawnSmall(t, size) {
		want, err := alone.Assess(t.Context(), photo)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			got, err := together.Assess(t.Context(), photo)
			if err != nil {
				t.Error(err)
				return
			}
			checkSame(t, got, want)
		})
	}
	group.Wait()
}

// Second looks go into batches as well, beside the first looks of others.
func TestSecondLooksInBatches(t *testing.T) {
	alone := open(t, classifier.Config{})
	together := open(t, classifier.Config{Concurrency: 6, Batch: 3, BatchWait: time.Millisecond})
	var group sync.WaitGroup
	for _, photo := range drawnSmall(t, 12) {
		want, err := alone.Assess(t.Context(), photo)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			got, err := together.Assess(t.Context(), photo)
			if err != nil {
				t.Error(err)
				return
			}
			checkSame(t, got, want)
		})
	}
	group.Wait()
}

func TestABatchGoesAfterItsWait(t *testing.T) {
	c := open(t, classifier.Config{Batch: 64, BatchWait: time.Millisecond})
	if _, err := c.Assess(t.Context(), drawnSmall(t, 1)[0]); err != nil {
		t.Error(err)
	}
}

// Who leaves a batch takes no one else along.
func TestWhoLeavesABatchHurtsNobody(t *testing.T) {
	model := lookingOnce(t)
	alone := open(t, classifier.Config{Model: model})
	c := open(t, classifier.Config{Model: model, Concurrency: 2, Batch: 2, BatchWait: 2 * time.Second})
	photos := drawnSmall(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := c.Assess(ctx, photos[0]); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a photo that waits for others: %v", err)
	}
	want, err := alone.Assess(t.Context(), photos[1])
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Assess(t.Context(), photos[1])
	if err != nil {
		t.Fatal(err)
	}
	checkSame(t, got, want)
}

// A model is closed with a batch that everybody left.
func TestCloseRunsWhatIsLeft(t *testing.T) {
	c, err := classifier.New(classifier.Config{Model: lookingOnce(t), Batch: 2, BatchWait: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := c.Assess(ctx, drawnSmall(t, 1)[0]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a photo that waits for others: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestBatchesAreNotNegative(t *testing.T) {
	for _, config := range []classifier.Config{{Batch: -1}, {BatchWait: -1}} {
		config.Model = modelPath
		if c, err := classifier.New(config); err == nil {
			t.Errorf("%+v opens: %v", config, c.Close())
		}
	}
}
