package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	// chaosSeed names the variable with the seed of the long form of TestChaos, which 'make chaos' sets,
	// and chaosFault one with a part of the names of the faults that are wanted; empty for all.
	chaosSeed  = "DEEPSKIN_CHAOS_SEED"
	chaosFault = "DEEPSKIN_CHAOS_FAULT"

	// chaosDeadline is when everybody has been told something: as it is by default.
	chaosDeadline = 2 * time.Minute
	// recovery is how long after a fault's end what could be had may take to be answered.
	recovery = 10 * time.Second
)

// Photos come from the page, from Telegram and from Discord while one thing after the other breaks:
// everybody is told something by the deadline, nobody twice, what could be had is answered, and no
// verdict, consent or vote is lost.
//
// In the short form, times decide nothing.
func TestChaos(t *testing.T) {
	seed, full := uint64(1), false
	if text := os.Getenv(chaosSeed); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s is no seed: %v", chaosSeed, err)
		}
		full = true
	}
	random := rand.New(rand.NewPCG(seed, 0))
	planned := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool {
		return !full && !f.short || !strings.Contains(f.name, os.Getenv(chaosFault))
	})
	random.Shuffle(len(planned), func(i, j int) { planned[i], planned[j] = planned[j], planned[i] })

	t.Logf("seed %d", seed)
	begun := time.Now()
	d := deploy(t, plan{bots: 2, workers: 2, deadline: chaosDeadline, discord: true})
	desk := newDesk(t, d.bots[0])
	s := suite{t: t, d: d, full: full, begun: begun}
	for _, f := range planned {
		h := &havoc{t: t, d: d, random: rand.New(rand.NewPCG(seed, random.Uint64())), full: full}
		s.run(f, h, desk)
		if t.Failed() {
			return
		}
	}
	s.report()
	t.Logf("it took %.0f s", time.Since(begun).Seconds())
}

// A suite is what came of the faults so far.
type suite struct {
	t      *testing.T
	d      *deployment
	full   bool
	begun  time.Time
	names  []string
	tally  []tally
	crowds []*crowd
}

// run lets a crowd send photos while something breaks, and counts what became of them.
func (s *suite) run(f fault, h *havoc, desk *desk) {
	who, photos, think := attendance{page: 24, telegram: 16, discord: 8}, 290, 3*time.Second
	if !s.full {
		who, photos, think = attendance{page: 8, telegram: 6, discord: 3}, 40, 500*time.Millisecond
	}
	begun := time.Now()
	s.t.Logf("%4.0f s: %s", begun.Sub(s.begun).Seconds(), f.name)
	// Nobody leaves before it is over.
	h.c = gather(s.t, s.d, who, 1e9, &crowd{deadline: chaosDeadline, think: think, desk: desk})
	at := h.random.IntN(photos/4) + photos/8
	eventually(s.t, "there are photos before the fault", func() bool { return h.c.progress() >= at })
	f.do(h)
	end := time.Now()
	h.c.enough(max(who.page+who.telegram+who.discord, photos-h.c.total()))
	<-h.c.allGone // people give up at some time
	if f.name == "nothing" {
		end = begun
	}
	l := h.c.tally(h.emptied, end, recovery)
	s.names, s.tally, s.crowds = append(s.names, f.name), append(s.tally, l), append(s.crowds, h.c)
	s.t.Logf("  %d sent, %d answered, %d of them in time, %d apologies, in %.0f s; late: %v",
		l.sent, l.answered, l.inTime, l.sorry, time.Since(begun).Seconds(), h.c.late(end, recovery))
}

// report prints what became of the photos, and fails where a promise was broken.
func (s *suite) report() {
	s.t.Helper()
	var all tally
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "fault\tsent\tanswered\t... within %.0f s of its end\ttwice\tapologised\tnever\tonly in an emptied Redis\tturned away\tslowest\t\n", recovery.Seconds())
	row := func(name string, l tally) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d of %d unknown\t%d\t%d\t%d\t%d\t%.1f s\t\n", name, l.sent, l.answered, l.inTime,
			l.twice, l.unknown, l.sorry, l.never, l.sent-l.had, l.turnedAway, l.slowest.Seconds())
		if l.twice > l.unknown {
			s.t.Errorf("%s: %d things were said twice, after %d messages whose fate was unknown", name, l.twice, l.unknown)
		}
	}
	for n, l := range s.tally {
		row(s.names[n], l)
		all = all.add(l)
	}
	row("all", all)
	_ = table.Flush() // a strings.Builder does not fail

	eventually(s.t, "every delivery is noted", func() bool { return s.d.count(s.t, "cases WHERE delivered IS NULL") == 0 })
	late := s.d.count(s.t, "cases WHERE status = 'failed' AND delivered > deadline")
	thanked, asked, given, forgotten := 0, 0, 0, 0
	for _, c := range s.crowds {
		people, twice := c.askedAgain()
		thanked, asked = thanked+people, asked+twice
		given += len(c.verdicts) + len(c.kept) + len(c.votes)
		forgotten += c.forgotten()
	}
	fmt.Fprintf(&text, "apologies after the deadline: %d\nconsents acknowledged: %d, forgotten: %d\n"+
		"verdicts, shared photos and votes acknowledged: %d, forgotten: %d\n", late, thanked, asked, given, forgotten)
	s.t.Logf("\n%s", &text)

	if 1000*all.hadAnswered < 999*all.had {
		s.t.Errorf("of %d photos that could be had %d were answered, fewer than 99.9%%", all.had, all.hadAnswered)
	}
	if s.full && 1000*all.inTime < 999*all.had {
		s.t.Errorf("of %d photos that could be had %d were answered within %v of the fault's end, fewer than 99.9%%", all.had, all.inTime, recovery)
	}
	if all.never > 0 || late > 0 {
		s.t.Errorf("%d photos were never settled, %d apologies came after the deadline", all.never, late)
	}
	if asked > 0 || forgotten > 0 || thanked == 0 || given == 0 {
		s.t.Errorf("%d of %d consents and %d of %d verdicts, shared photos and votes were forgotten", asked, thanked, forgotten, given)
	}
	s.checkPhotos()
	s.checkSecrets()
}

// checkPhotos looks for photos that stay for longer than they may.
func (s *suite) checkPhotos() {
	s.t.Helper()
	for kind, limit := range map[string]time.Duration{"photo": chaosDeadline, "copy": 24 * time.Hour} {
		cursor := "0"
		for {
			answer := s.d.ask(s.t, "SCAN", cursor, "MATCH", "{deepskin}:"+kind+":*", "COUNT", "1000").([]any)
			for _, key := range answer[1].([]any) {
				ttl, err := strconv.ParseInt(fmt.Sprint(s.d.ask(s.t, "PTTL", key.(string))), 10, 64)
				gone := ttl == -2
				if err != nil || !gone && (ttl < 0 || time.Duration(ttl)*time.Millisecond > limit) {
					s.t.Errorf("a %s stays in Redis for %d ms, %v", kind, ttl, err)
				}
			}
			if cursor = answer[0].(string); cursor == "0" {
				break
			}
		}
	}
	if n := s.d.count(s.t, "photos JOIN cases ON id = case_id WHERE keep IS DISTINCT FROM 1"); n > 0 {
		s.t.Errorf("%d photos are kept that nobody let us keep", n)
	}
}

// checkSecrets looks for tokens, keys, people and photos in the logs and metrics.
func (s *suite) checkSecrets() {
	s.t.Helper()
	for _, c := range s.crowds {
		for _, place := range c.chats {
			s.d.secrets = append(s.d.secrets, place.secrets()...)
		}
		for _, photo := range c.photos {
			s.d.secrets = append(s.d.secrets, traces(photo)...)
		}
	}
	slices.Sort(s.d.secrets)
	s.d.secrets = slices.Compact(s.d.secrets)
	s.d.checkLogs(s.t)
	for _, i := range s.d.processes() {
		metrics := i.metrics(s.t)
		for n, secret := range s.d.secrets {
			if strings.Contains(metrics, secret) {
				s.t.Errorf("the metrics of %s hold secret %d", i.name, n)
			}
		}
	}
}
