package queue_test

import (
	"bytes"
	"context"
	"log"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"deepskin"
	"deepskin/queue"
)

// victimURL names the variable that makes a process of this test binary a worker that some photos
// kill.
const victimURL = "DEEPSKIN_QUEUE_TEST_VICTIM"

// What the photos do to a victim.
var (
	harmless = []byte("harmless")
	deadly   = []byte("deadly")
)

func beAVictim(url string) {
	q, err := queue.Open(context.Background(), queue.Config{URL: url, ClaimIdle: soon})
	if err != nil {
		log.Fatal(err)
	}
	// As many as the test enqueues, so that it has them all in its hands.
	log.Fatal(q.Work(context.Background(), 3, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
		if bytes.Equal(photo, deadly) {
			time.Sleep(soon / 2)
			return queue.Outcome{}, syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		time.Sleep(2 * soon) // in hand when the deadly one strikes
		return answer(ctx, job, photo)
	}))
}

func TestAPhotoThatKillsWorkersIsGivenUpAndTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	url := startRedis(t).url
	q := open(t, queue.Config{URL: url, ClaimIdle: soon})
	answers := results(t, q)
	photos := map[deepskin.CaseID][]byte{}
	var poison deepskin.CaseID
	for _, photo := range [][]byte{harmless, deadly, harmless} {
		job := newJob()
		if err := q.PutPhoto(t.Context(), job.Case, photo, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := q.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		photos[job.Case] = photo
		if bytes.Equal(photo, deadly) {
			poison = job.Case
		}
	}

	// As an orchestrator would, start the worker again whenever it has died.
	var deaths atomic.Int32
	background(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			worker := exec.CommandContext(ctx, os.Args[0])
			worker.Env = append(os.Environ(), victimURL+"="+url)
			worker.Stderr = os.Stderr
			_ = worker.Run() // killed
			if ctx.Err() == nil {
				deaths.Add(1)
			}
		}
		return nil
	})
	for range photos {
		r := receive(t, answers)
		if dies := r.Case == poison; dies != (r.Assessment == nil) || dies != (r.Failure != "") {
			t.Errorf("%s photo: result %+v", photos[r.Case], r)
		}
	}
	if n := deaths.Load(); n != 3 {
		t.Errorf("%d workers died, want 3", n)
	}
	letters, err := q.DeadLetters(t.Context(), 10)
	if err != nil || len(letters) != 1 {
		t.Fatalf("dead letters %+v, %v; want one", letters, err)
	}
	if l := letters[0]; l.Case != poison || l.Cause != "no worker that took it came back" || l.Deliveries != 4 {
		t.Errorf("dead letter %+v", l)
	}
	if hasPhoto(t, q, poison) {
		t.Error("the photo of a dead letter was kept")
	}
}
