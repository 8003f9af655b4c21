package main

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

// Two bots and two workers are replaced, one after the other, by those of another build while
// photos are in flight; then the bot that polls Telegram is killed. No photo is lost, none is
// answered twice, and Telegram never sees two pollers.
func TestRollingUpdate(t *testing.T) {
	oldBuild, newBuild := compile(t, "-ldflags=-buildid=old"), compile(t, "-ldflags=-buildid=new")
	if sameContent(t, oldBuild, newBuild) {
		t.Fatal("the two builds are the same")
	}
	d := deploy(t, plan{program: oldBuild, bots: 2, workers: 2})
	crowd := gather(t, d, attendance{page: 10, telegram: 10}, math.MaxInt32, &crowd{deadline: shortDeadline})
	goOn := func() {
		t.Helper()
		before := crowd.progress()
		eventually(t, "photos are settled", func() bool { return crowd.progress() > before+10 })
	}
	goOn()
	for _, b := range d.bots {
		led := b.holdsLease(t)
		asked := time.Now()
		b.stop(t)
		if led {
			t.Logf("%s had finished %v after it was asked to stop", b.name, time.Since(asked))
			awaitLeader(t, d)
		}
		b.program = newBuild
		b.start(t)
		goOn()
	}
	for _, w := range d.workers {
		w.stop(t)
		w.program = newBuild
		w.start(t)
		goOn()
	}

	// After the update the second bot was stopped last, so the first one took the lease then.
	leader := awaitLeader(t, d)
	leader.kill()
	awaitLeader(t, d)
	goOn()
	leader.start(t)
	goOn()

	crowd.enough(0)
	<-crowd.allGone
	all := crowd.tally(period{}, time.Time{}, 0)
	t.Logf("%d photos: %d answered, %d apologised for, %d never settled, %d answered twice; at most %d pollers, %d conflicts",
		all.sent, all.answered, all.sorry, all.never, all.twice, d.fake.MaxPollers(), d.fake.Conflicts())
	if all.answered != all.sent || all.twice > 0 {
		t.Error("a photo was lost or answered twice")
	}
	if d.fake.MaxPollers() != 1 || d.fake.Conflicts() != 0 {
		t.Error("two bots polled Telegram at the same time")
	}
	d.checkLogs(t)
}

// awaitLeader waits until a bot holds the conversation in Telegram, and returns it.
func awaitLeader(t *testing.T, d *deployment) *instance {
	t.Helper()
	begun := time.Now()
	var leader *instance
	eventually(t, "a bot polls Telegram", func() bool {
		i := slices.IndexFunc(d.bots, func(b *instance) bool { return b.process != nil && b.holdsLease(t) })
		if i < 0 || !d.fake.Polling() {
			return false
		}
		leader = d.bots[i]
		return true
	})
	t.Logf("a bot polled after %v", time.Since(begun))
	return leader
}

func sameContent(t *testing.T, one, other string) bool {
	t.Helper()
	a, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(a, b)
}
