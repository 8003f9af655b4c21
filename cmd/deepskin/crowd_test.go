package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/web/client"
)

const (
	// again is the pause before something is tried or looked at again.
	again = 200 * time.Millisecond
	// giveUp is how much longer than until the deadline an answer or apology is waited for.
	giveUp = time.Minute
	// pressAgain is after what time somebody presses a button again that does nothing, or sends a
	// photo again of which nobody took notice.
	pressAgain = 6 * time.Second
)

// chatID is the last one that was given to somebody in Telegram. They are long, so that no log holds one
// by chance.
var chatID atomic.Int64

func init() { chatID.Store(7_340_915_000_000) }

// Attendance is how many people are where.
type attendance struct{ page, telegram, discord int }

// A crowd sends photos: over the page's API, in Telegram and in Discord, everybody from a place of
// their own and one after the other. What was turned away, or not taken because nobody was there, is
// sent again. People give consent, judge answers, and have the team vote on what they share.
type crowd struct {
	t      *testing.T
	d      *deployment
	photos [][]byte
	// desk is where reviewers vote; nil for nowhere.
	desk *desk
	// deadline is when everybody has been told something.
	deadline time.Duration
	// think is how long somebody waits at most before the next photo.
	think time.Duration

	left    atomic.Int64 // how many photos are still to be sent; negative once all are
	people  sync.WaitGroup
	allGone chan struct{} // closed once everybody is done

	mu         sync.Mutex
	sent       []*sentPhoto
	chats      []chat
	settled    int
	turnedAway int
	verdicts   []deepskin.CaseID
	kept       []deepskin.CaseID // whose photo we may keep
	votes      []deepskin.CaseID
}

// A sentPhoto is one that the service, or Telegram, has acknowledged. The crowd's lock guards it.
type sentPhoto struct {
	platform string
	begun    time.Time // when it was sent
	settled  time.Time // when answer or apology came; zero before
	sorry    bool      // it was an apology

	chat chat // nil on the page
	name string

	visitor *client.Client // nil in chats
	last    client.Case    // as it was settled
}

// gather brings people together who are to send so many photos.
func gather(t *testing.T, d *deployment, who attendance, photos int, c *crowd) *crowd {
	t.Helper()
	c.t, c.d, c.allGone = t, d, make(chan struct{})
	for seed := range uint64(4) {
		c.photos = append(c.photos, photo(t, seed+1))
	}
	c.left.Store(int64(photos))
	for range who.telegram {
		c.chats = append(c.chats, inTelegram{d.fake, chatID.Add(7)})
	}
	for range who.discord {
		c.chats = append(c.chats, inDiscord{d.discord, d.discord.AddPerson("somebody")})
	}
	for _, chat := range c.chats {
		c.people.Go(func() { c.talk(chat) })
	}
	urls := d.pages()
	for n := range who.page {
		c.people.Go(func() { c.visit(client.New(urls[n%len(urls)])) })
	}
	go func() {
		c.people.Wait()
		close(c.allGone)
	}()
	return c
}

// enough lets everybody send no more than so many photos more, all of them together.
func (c *crowd) enough(more int) { c.left.Store(int64(more)) }

// next waits until somebody sends the next photo; false where there is none.
func (c *crowd) next() bool {
	if c.left.Add(-1) < 0 || c.t.Failed() {
		return false
	}
	if c.think > 0 {
		sleep(c.t.Context(), rand.N(c.think))
	}
	return c.t.Context().Err() == nil
}

// gone reports whether everybody has heard of all their photos, or given up.
func (c *crowd) gone() bool {
	select {
	case <-c.allGone:
		return true
	default:
		return false
	}
}

// progress returns how many photos have been answered or apologised for.
func (c *crowd) progress() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled
}

// total returns how many photos have been sent.
func (c *crowd) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent)
}

// waiting returns how many people on a platform wait for an answer.
func (c *crowd) waiting(platform string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, p := range c.sent {
		if p.platform == platform && p.settled.IsZero() {
			n++
		}
	}
	return n
}

func (c *crowd) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// settle notes that a photo's sender was told something.
func (c *crowd) settle(p *sentPhoto, at time.Time, sorry bool) {
	c.do(func() {
		p.settled, p.sorry = at, sorry
		c.settled++
	})
}

// visit is somebody on the page.
func (c *crowd) visit(visitor *client.Client) {
	for n := 0; c.next(); n++ {
		p, id := c.upload(visitor, c.photos[n%len(c.photos)])
		if p == nil {
			return
		}
		c.follow(p, id)
		if n%2 == 0 && !p.sorry && !p.settled.IsZero() {
			c.judge(p)
		}
	}
}

// upload sends a photo until it is acknowledged; nil where the test is over before.
func (c *crowd) upload(visitor *client.Client, content []byte) (*sentPhoto, deepskin.CaseID) {
	for c.t.Context().Err() == nil {
		p := &sentPhoto{platform: "page", begun: time.Now(), visitor: visitor}
		accepted, err := visitor.Send(c.t.Context(), "lesion.jpg", content, true)
		if err == nil {
			c.do(func() { c.sent = append(c.sent, p) })
			return p, accepted.ID
		}
		wait := again
		var refused *client.Error
		if errors.As(err, &refused) && refused.RetryAfter > 0 {
			// Nobody is that patient here: what matters is that they are told.
			wait = min(refused.RetryAfter, pressAgain)
			c.do(func() { c.turnedAway++ })
		}
		sleep(c.t.Context(), wait)
	}
	return nil, ""
}

// follow waits until a photo of the page is settled.
func (c *crowd) follow(p *sentPhoto, id deepskin.CaseID) {
	ctx, cancel := context.WithTimeout(c.t.Context(), c.deadline+giveUp)
	defer cancel()
	for ctx.Err() == nil {
		last, err := p.visitor.Wait(ctx, id)
		if err == nil {
			p.last = last
			c.settle(p, time.Now(), last.Status != deepskin.Answered)
			return
		}
		sleep(ctx, again) // nobody is there just now
	}
}

// judge says that an answer on the page is wrong, and lets the photo be kept; a reviewer votes on it.
func (c *crowd) judge(p *sentPhoto) {
	wrong := deepskin.Verdict{Truth: deepskin.TruthMalignant, Keep: new(true)}
	if !c.insist(func() error { return p.visitor.Judge(c.t.Context(), p.last.ID, wrong) }) {
		return
	}
	c.do(func() { c.verdicts, c.kept = append(c.verdicts, p.last.ID), append(c.kept, p.last.ID) })
	if c.desk == nil || !c.insist(func() error { return c.desk.vote(c.t.Context(), p.last.ID) }) {
		return
	}
	c.do(func() { c.votes = append(c.votes, p.last.ID) })
}

// insist does something until it works; false where that takes too long.
func (c *crowd) insist(do func() error) bool {
	for end := time.Now().Add(giveUp); time.Now().Before(end) && c.t.Context().Err() == nil; sleep(c.t.Context(), again) {
		if do() == nil {
			return true
		}
	}
	return false
}

// talk is somebody in a chat.
func (c *crowd) talk(place chat) {
	for n := 0; c.next(); n++ {
		name, begun := place.send(c.photos[n%len(c.photos)]), time.Now()
		p := &sentPhoto{platform: place.platform(), begun: begun, chat: place, name: name}
		if place.platform() == "telegram" { // which keeps it until the bot has it
			c.do(func() { c.sent = append(c.sent, p) })
		}
		if !c.await(p) {
			return
		}
		if n%2 == 0 && !p.sorry {
			c.agree(p)
		}
	}
}

// await waits until a photo in a chat is settled. It gives consent, and sends a photo again that was
// turned away or that nobody noticed.
func (c *crowd) await(p *sentPhoto) bool {
	var pressed, sent time.Time
	noticed := p.platform == "telegram"
	sent = p.begun
	for end := p.begun.Add(c.deadline + giveUp); time.Now().Before(end) && c.t.Context().Err() == nil; sleep(c.t.Context(), again) {
		said := p.chat.says()[p.name]
		o := said.outcome()
		if o.heard && !noticed {
			noticed = true
			c.do(func() { c.sent = append(c.sent, p) })
		}
		switch {
		case !o.told.IsZero():
			c.settle(p, o.told, o.sorry)
			return true
		case o.turnedAway, !noticed && time.Since(sent) > pressAgain:
			if o.turnedAway {
				c.do(func() { c.turnedAway++ })
			}
			sleep(c.t.Context(), pressAgain)
			c.do(func() { p.name, p.begun = p.chat.send(c.photos[0]), time.Now() })
			sent = time.Now()
			continue
		}
		for _, m := range said {
			if yes := m.action("consent", "yes"); yes != "" && time.Since(pressed) > pressAgain {
				pressed = time.Now()
				p.chat.press(m, yes)
				c.do(func() { p.begun = pressed }) // the promise is of an answer by then
			}
		}
	}
	return false
}

// agree says that an answer in a chat is right, and waits until the bot has heard of it.
func (c *crowd) agree(p *sentPhoto) {
	var pressed time.Time
	c.insist(func() error {
		for _, m := range p.chat.says()[p.name] {
			if isJudged(m.now().text) {
				c.do(func() { c.verdicts = append(c.verdicts, caseOf(m)) })
				return nil
			}
			if thumb := m.action("agree", ""); thumb != "" && time.Since(pressed) > pressAgain {
				pressed = time.Now()
				p.chat.press(m, thumb)
			}
		}
		return errNotYet
	})
}

var errNotYet = errors.New("not yet")
