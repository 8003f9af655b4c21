package main

import (
	"slices"
	"time"

	"deepskin"
)

// A tally is what became of photos.
type tally struct {
	sent, answered, sorry int
	// never are those of which their senders heard nothing.
	never int
	// twice is how many answers and apologies were one too many, and unknown how many messages the
	// bot sent without hearing of it: only after these it may say something twice.
	twice, unknown int
	// had are the photos that could be had until they were settled: all but those that only an
	// emptied Redis held. Of these, so many were answered, and so many of them in time.
	had, hadAnswered, inTime int
	// slowest is how long the slowest answer to one of these took, from its photo or the fault's end.
	slowest time.Duration
	// turnedAway is how often a photo was not taken.
	turnedAway int
}

// A period is from one moment to another; zero for none.
type period struct{ from, to time.Time }

// lost reports whether only the Redis that was emptied then held the photo.
func (o period) lost(p *sentPhoto) bool {
	return p.chat == nil && p.begun.Before(o.to) && (p.settled.IsZero() || p.settled.After(o.from))
}

// tally counts the photos once everybody has gone. Emptied is when a Redis stopped that came back
// empty, and when it was back. A photo counts as answered in time where that took no longer than the
// limit, from the photo or from the end of the fault.
func (c *crowd) tally(emptied period, faultEnd time.Time, limit time.Duration) tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := tally{turnedAway: c.turnedAway}
	says := map[chat]map[string]thread{}
	for _, place := range c.chats {
		says[place] = place.says()
		l.unknown += place.unknown()
	}
	for _, p := range c.sent {
		l.sent++
		if p.chat != nil {
			l.twice += says[p.chat][p.name].outcome().tooMany
		} else if !p.settled.IsZero() {
			// What was said once must stand.
			now, err := p.visitor.Case(c.t.Context(), p.last.ID)
			if err != nil || now.Status != p.last.Status || now.Title != p.last.Title && now.Verdict == nil {
				l.twice++
			}
		}
		answered := !p.settled.IsZero() && !p.sorry
		switch {
		case p.settled.IsZero():
			l.never++
		case p.sorry:
			l.sorry++
		default:
			l.answered++
		}
		if emptied.lost(p) {
			continue
		}
		l.had++
		if !answered {
			continue
		}
		l.hadAnswered++
		took := p.took(faultEnd)
		l.slowest = max(l.slowest, took)
		if took <= limit {
			l.inTime++
		}
	}
	return l
}

// took returns how long a photo waited to be settled, from when it was sent or from the fault's end.
func (p *sentPhoto) took(faultEnd time.Time) time.Duration {
	since := p.begun
	if faultEnd.After(since) {
		since = faultEnd
	}
	return p.settled.Sub(since)
}

// late counts the photos of each platform that were settled after the limit.
func (c *crowd) late(faultEnd time.Time, limit time.Duration) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := map[string]int{}
	for _, p := range c.sent {
		if p.took(faultEnd) > limit {
			late[p.platform]++
		}
	}
	return late
}

// add sums two tallies.
func (l tally) add(other tally) tally {
	return tally{
		sent: l.sent + other.sent, answered: l.answered + other.answered, sorry: l.sorry + other.sorry,
		never: l.never + other.never, twice: l.twice + other.twice, unknown: l.unknown + other.unknown,
		had: l.had + other.had, hadAnswered: l.hadAnswered + other.hadAnswered, inTime: l.inTime + other.inTime,
		slowest: max(l.slowest, other.slowest), turnedAway: l.turnedAway + other.turnedAway,
	}
}

// askedAgain returns how many people were asked for consent after they had given it and been thanked.
func (c *crowd) askedAgain() (thanked, again int) {
	for _, place := range c.chats {
		var given time.Time
		var asked []time.Time
		for _, messages := range place.says() {
			for _, m := range messages {
				if at := m.ever(isQuestion); !at.IsZero() {
					asked = append(asked, at)
				}
				if at := m.ever(isThanks); !at.IsZero() && (given.IsZero() || at.Before(given)) {
					given = at
				}
			}
		}
		if given.IsZero() {
			continue
		}
		thanked++
		if slices.ContainsFunc(asked, given.Before) {
			again++
		}
	}
	return thanked, again
}

// forgotten returns how many of the verdicts, shared photos and votes that were acknowledged are not in
// the database.
func (c *crowd) forgotten() int {
	lost := 0
	for _, noted := range []struct {
		where string
		cases []deepskin.CaseID
	}{
		{"cases WHERE agrees IS NOT NULL AND id = ANY($1)", c.verdicts},
		{"photos JOIN reviews USING (case_id) WHERE case_id = ANY($1)", c.kept},
		{"votes WHERE case_id = ANY($1)", c.votes},
	} {
		lost += len(noted.cases) - c.d.count(c.t, noted.where, noted.cases)
	}
	return lost
}
