package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	// clusterPhotos names how many photos TestCluster sends; smallCluster is how many unless it
	// is set. 'make cluster-test' sets it.
	clusterPhotos = "DEEPSKIN_CLUSTER_PHOTOS"
	smallCluster  = 120

	// crowdSize is how many people send photos.
	crowdSize = 50
	// killEvery is the time from the kill of a worker to the next.
	killEvery = 10 * time.Second
	// takeOverLimit is how long the photos of a killed worker may take to be answered.
	takeOverLimit = 10 * time.Second
)

// A fault is something that happens once, when so many photos of the page are settled.
type fault struct {
	after int
	name  string
	do    func()
}

// A kill is the end of a worker.
type kill struct {
	at time.Time
	// photos were in some worker's hands just after the kill, those of the killed one included.
	photos int
	// answered is when the last of them was; they are all, or the test ends before.
	answered time.Time
}

// Photos come from the page and from Telegram while a worker is killed every 10 seconds, Redis is
// restarted once with its append-only file and once empty, and the bot is killed once: everybody is
// told something by the deadline, nobody twice, and what could be had is answered.
//
// The Redis that comes back empty has lost the photos of the page that waited for their answers.
// Those of Telegram can be had there again.
func TestCluster(t *testing.T) {
	total, full := smallCluster, false
	if text := os.Getenv(clusterPhotos); text != "" {
		var err error
		if total, err = strconv.Atoi(text); err != nil || total < 2*crowdSize {
			t.Fatalf("%s is not a number of photos, at least %d", clusterPhotos, 2*crowdSize)
		}
		full = true
	}
	begun := time.Now()
	d := deploy(t, itself(t), 1, 2)
	crowd := gather(t, d, crowdSize, total)

	var emptied outage
	faults := []fault{
		{total / 8, "the bot is killed", func() {
			d.bots[0].kill()
			d.bots[0].start(t)
		}},
		{total / 4, "Redis is restarted with its file", func() { d.restartRedis(t) }},
		{total * 3 / 8, "Redis is restarted empty", func() {
			// Fast workers may have answered everybody just now.
			for _, w := range d.workers {
				defer w.pause(t)()
			}
			eventually(t, "people on the page wait", func() bool {
				_, waiting := crowd.onPage()
				return waiting >= crowdSize/4
			})
			emptied.from = time.Now()
			d.emptyRedis(t)
			emptied.to = time.Now()
			close(crowd.emptied)
		}},
	}
	if !full {
		// Right at the start: the lost photos are apologised for half a minute after the last fault.
		for n := range faults {
			faults[n].after = 0
		}
	}
	var kills []kill
	for !crowd.gone() {
		settled, _ := crowd.onPage()
		switch {
		case len(faults) > 0 && settled >= faults[0].after:
			t.Logf("%3.0f s, %4d photos settled: %s", time.Since(begun).Seconds(), crowd.progress(), faults[0].name)
			faults[0].do()
			faults = faults[1:]
			// What answers no photos yet cannot take over any.
			before := crowd.progress()
			eventually(t, "a photo is settled after a fault", func() bool { return crowd.progress() > before })
		case len(kills) == 0 || time.Since(kills[len(kills)-1].at) > killEvery:
			kills = append(kills, killWorker(t, d, d.workers[len(kills)%len(d.workers)]))
		default:
			sleep(t.Context(), again)
		}
		if t.Failed() {
			return
		}
	}
	if len(faults) > 0 {
		t.Errorf("it was over before %s", faults[0].name)
	}
	report(t, d, crowd, emptied, kills, full)
	d.checkLogs(t)
	t.Logf("it took %.0f s", time.Since(begun).Seconds())
}

// killWorker kills a worker, starts it again, and waits until the photos are answered that it held.
// Who held which is not looked at: the photos that any worker held are waited for.
func killWorker(t *testing.T, d *deployment, worker *instance) kill {
	t.Helper()
	// All workers hold a photo, unless there is little to do.
	for end := time.Now().Add(killEvery / 2); len(d.held(t)) < len(d.workers) && time.Now().Before(end); {
		sleep(t.Context(), again/10)
	}
	worker.kill()
	k := kill{at: time.Now()}
	held := d.held(t)
	k.photos = len(held)
	worker.start(t)
	for _, id := range held {
		eventually(t, "a photo is answered whose worker was killed", func() bool {
			at := d.answered(t, id)
			if at.After(k.answered) {
				k.answered = at
			}
			return !at.IsZero()
		})
	}
	return k
}

// report prints what became of the photos, and fails by it.
func report(t *testing.T, d *deployment, c *crowd, emptied outage, kills []kill, full bool) {
	t.Helper()
	page, telegram := c.tallies(emptied)
	all := page.add(telegram)

	// What was acknowledged but whose acknowledgement got lost is not the crowd's: the store knows.
	eventually(t, "every delivery is noted", func() bool { return d.count(t, "delivered IS NULL") == 0 })
	late := d.count(t, "status = 'failed' AND delivered > deadline")

	held, slow, slowest := 0, 0, time.Duration(0)
	for _, k := range kills {
		held += k.photos
		if k.photos == 0 {
			continue
		}
		took := k.answered.Sub(k.at)
		slowest = max(slowest, took)
		if took > takeOverLimit {
			slow++
		}
	}

	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, number func(tally) int) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t\n", name, number(page), number(telegram), number(all))
	}
	fmt.Fprintln(table, "photos\tpage\tTelegram\tall\t")
	row("acknowledged", func(l tally) int { return l.sent })
	row("answered", func(l tally) int { return l.answered })
	row("apologised for", func(l tally) int { return l.sorry })
	row("never settled", func(l tally) int { return l.never })
	row("answered twice", func(l tally) int { return l.twice })
	row("could be had", func(l tally) int { return l.had })
	row("... answered", func(l tally) int { return l.hadAnswered })
	row("... apologised for", func(l tally) int { return l.hadSorry })
	row("only in the emptied Redis", func(l tally) int { return l.sent - l.had })
	row("... answered", func(l tally) int { return l.answered - l.hadAnswered })
	row("... apologised for", func(l tally) int { return l.sorry - l.hadSorry })
	_ = table.Flush() // a strings.Builder does not fail
	fmt.Fprintf(&text, "apologies after the deadline: %d\nturned away, and sent again: %d\n", late, c.turnedAway)
	fmt.Fprintf(&text, "workers killed: %d, with %d photos in workers' hands, the slowest answered after %.1f s\n",
		len(kills), held, slowest.Seconds())
	t.Logf("\n%s", &text)

	if 1000*all.hadAnswered < 999*all.had {
		t.Errorf("of %d photos that could be had %d were answered, fewer than 99.9%%", all.had, all.hadAnswered)
	}
	if all.never > 0 || all.twice > 0 || late > 0 {
		t.Errorf("%d photos were never settled, %d were answered twice, %d apologies came after the deadline", all.never, all.twice, late)
	}
	if page.sorry == page.hadSorry {
		t.Error("no photo was lost when Redis was emptied, so this test shows nothing of that")
	}
	if held == 0 {
		t.Error("no killed worker held a photo, so this test shows nothing of take-over")
	}
	if full && slow > 0 { // under the race detector, time means little
		t.Errorf("after %d kills the photos were answered later than after %v", slow, takeOverLimit)
	}
}
