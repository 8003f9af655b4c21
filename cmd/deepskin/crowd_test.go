package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/adapters/web/client"
)

const (
	// again is the pause before something is tried or looked at again.
	again = 200 * time.Millisecond
	// chatAgain is the pause of somebody in a chat whose photo was turned away.
	chatAgain = 5 * time.Second
	// giveUp is how long an answer or apology is waited for.
	giveUp = 4 * shortDeadline
)

// A crowd sends photos, half of them over the page's API and half in Telegram. Everybody waits for
// answers before sending more. What was turned away, or not taken because nobody was there, is sent
// again.
type crowd struct {
	t      *testing.T
	fake   *telegramtest.Server
	photos [][]byte
	// emptied is closed once the Redis that held the waiting photos is gone: nobody waits for
	// those of the page before sending more.
	emptied chan struct{}

	pageLeft, chatLeft atomic.Int64
	people             sync.WaitGroup
	allGone            chan struct{} // closed once everybody is done

	mu         sync.Mutex
	sent       []*sentPhoto
	chats      []int64
	settled    int
	turnedAway int
}

// A sentPhoto is one that the service, or Telegram, has acknowledged. The crowd's lock guards it.
type sentPhoto struct {
	begun   time.Time // when it was sent
	settled time.Time // when answer or apology came; zero before
	sorry   bool      // it was an apology

	visitor *client.Client // nil in Telegram
	last    client.Case    // as it was settled
}

// gather brings people together who are to send so many photos; everybody sends at least one. Who
// is in Telegram has sent the first and given consent when it returns.
func gather(t *testing.T, d *deployment, people, photos int) *crowd {
	t.Helper()
	c := &crowd{t: t, fake: d.fake, emptied: make(chan struct{}), allGone: make(chan struct{})}
	for seed := range uint64(4) {
		c.photos = append(c.photos, photo(t, seed+1))
	}
	inChats := people / 2
	c.pageLeft.Store(int64(photos - photos/2))
	c.chatLeft.Store(int64(photos/2 - inChats))
	first := map[int64]*sentPhoto{}
	for chat := int64(1); chat <= int64(inChats); chat++ {
		c.chats = append(c.chats, chat)
		first[chat] = c.post(chat)
	}
	for _, chat := range c.chats {
		tap(t, c.fake, chat, shown(t, c.fake, chat, "photos?"), "Yes")
	}
	for _, chat := range c.chats {
		c.people.Go(func() { c.chat(chat, first[chat]) })
	}
	urls := d.pages()
	for n := range people - inChats {
		c.people.Go(func() { c.visit(client.New(urls[n%len(urls)])) })
	}
	go func() {
		c.people.Wait()
		close(c.allGone)
	}()
	return c
}

// enough lets nobody send more photos.
func (c *crowd) enough() {
	c.pageLeft.Store(0)
	c.chatLeft.Store(0)
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

func (c *crowd) add(p *sentPhoto) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, p)
}

// settle notes that a photo's sender was told something.
func (c *crowd) settle(p *sentPhoto, at time.Time, last client.Case, sorry bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.settled, p.last, p.sorry = at, last, sorry
	c.settled++
}

// onPage returns how many photos of the page are settled, and how many wait for that.
func (c *crowd) onPage() (settled, waiting int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.sent {
		switch {
		case p.visitor == nil:
		case p.settled.IsZero():
			waiting++
		default:
			settled++
		}
	}
	return settled, waiting
}

// visit is somebody on the page.
func (c *crowd) visit(visitor *client.Client) {
	for n := 0; c.pageLeft.Add(-1) >= 0; n++ {
		emptied := c.emptied
		select {
		case <-emptied: // before this photo
			emptied = nil
		default:
		}
		p, id := c.upload(visitor, c.photos[n%len(c.photos)])
		if p == nil {
			return
		}
		told := make(chan struct{})
		c.people.Go(func() {
			defer close(told)
			c.follow(p, id)
		})
		select {
		case <-told:
		case <-emptied:
		}
	}
}

// upload sends a photo until it is acknowledged; nil where the test is over before.
func (c *crowd) upload(visitor *client.Client, content []byte) (*sentPhoto, deepskin.CaseID) {
	for c.t.Context().Err() == nil {
		p := &sentPhoto{begun: time.Now(), visitor: visitor}
		accepted, err := visitor.Send(c.t.Context(), "lesion.jpg", content, true)
		if err == nil {
			c.add(p)
			return p, accepted.ID
		}
		wait := again
		var refused *client.Error
		if errors.As(err, &refused) && refused.RetryAfter > 0 {
			wait = refused.RetryAfter
			c.mu.Lock()
			c.turnedAway++
			c.mu.Unlock()
		}
		sleep(c.t.Context(), wait)
	}
	return nil, ""
}

// follow waits until a photo of the page is settled.
func (c *crowd) follow(p *sentPhoto, id deepskin.CaseID) {
	ctx, cancel := context.WithTimeout(c.t.Context(), giveUp)
	defer cancel()
	for ctx.Err() == nil {
		last, err := p.visitor.Wait(ctx, id)
		if err == nil {
			c.settle(p, time.Now(), last, last.Status != deepskin.Answered)
			return
		}
		sleep(ctx, again) // nobody is there just now
	}
}

// post sends a photo in Telegram, which always takes it.
func (c *crowd) post(chat int64) *sentPhoto {
	p := &sentPhoto{begun: time.Now()}
	c.fake.SendPhoto(chat, chat, c.photos[int(chat)%len(c.photos)])
	c.add(p)
	return p
}

// chat is somebody in Telegram who has sent a photo, and sends one after the other.
func (c *crowd) chat(chat int64, p *sentPhoto) {
	var before said
	for {
		now, ok := c.await(chat, before)
		switch {
		case !ok:
			return
		case now.turnedAway > before.turnedAway:
			sleep(c.t.Context(), chatAgain)
			c.mu.Lock()
			c.turnedAway++
			p.begun = time.Now()
			c.mu.Unlock()
			c.fake.SendPhoto(chat, chat, c.photos[int(chat)%len(c.photos)])
		default:
			c.settle(p, time.Now(), client.Case{}, now.sorry > before.sorry)
			// The page leads, so that there are photos of both until the end.
			for c.pageLeft.Load() > c.chatLeft.Load() && c.t.Context().Err() == nil {
				sleep(c.t.Context(), again)
			}
			if c.chatLeft.Add(-1) < 0 {
				return
			}
			p = c.post(chat)
		}
		before = now
	}
}

// await waits until more is said in a chat that settles a photo, or turns it away.
func (c *crowd) await(chat int64, before said) (said, bool) {
	ctx, cancel := context.WithTimeout(c.t.Context(), giveUp)
	defer cancel()
	for ctx.Err() == nil {
		if now := whatWasSaid(c.fake, chat); now.total() > before.total() {
			return now, true
		}
		sleep(ctx, again)
	}
	return said{}, false
}

// said is what the bot has said in a chat, as far as it settles photos.
type said struct {
	answered   int // cases
	sorry      int // messages
	turnedAway int // messages
	// twice is how often a case has a second answer, or an answer turned into an apology.
	twice int
}

func (s said) total() int { return s.answered + s.sorry + s.turnedAway }

// whatWasSaid reads a chat. Answers are told apart by the case that their buttons name; apologies
// have no buttons.
func whatWasSaid(fake *telegramtest.Server, chat int64) said {
	var s said
	for id, messages := range fake.Cases(chat) {
		standing, ever := telegramtest.Settled(messages, isAnswer)
		_, sorry := telegramtest.Settled(messages, isApology)
		if id == "" {
			s.sorry += sorry
			_, turnedAway := telegramtest.Settled(messages, isTurnedAway)
			s.turnedAway += turnedAway
			continue
		}
		s.answered += min(ever, 1)
		// An answer whose delivery could not be noted is sent again, and the first is removed.
		s.twice += max(0, standing-1) + min(ever, sorry)
	}
	return s
}

func isAnswer(text string) bool {
	return strings.Contains(text, "from one photo, not a diagnosis") || strings.Contains(text, "I give no estimate for this photo")
}

func isApology(text string) bool { return strings.Contains(text, "do not wait for me") }

func isTurnedAway(text string) bool {
	return strings.Contains(text, "Too much to do right now") && !isApology(text)
}

// A tally is what became of photos.
type tally struct {
	sent, answered, sorry, never int
	// twice is how many answers were one too many.
	twice int
	// had are the photos that could be had until they were settled: all but those that only the
	// emptied Redis held. Of these, so many were answered and apologised for.
	had, hadAnswered, hadSorry int
}

// outage is when a Redis stopped that came back empty, and when it was back; zero for none.
type outage struct{ from, to time.Time }

// lost reports whether only the Redis that went then held the photo.
func (o outage) lost(p *sentPhoto) bool {
	return p.visitor != nil && p.begun.Before(o.to) && (p.settled.IsZero() || p.settled.After(o.from))
}

// tallies count the photos once everybody has gone.
func (c *crowd) tallies(emptied outage) (page, telegram tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.sent {
		l := &telegram
		if p.visitor != nil {
			l = &page
		}
		answered, sorry, had := 0, 0, 1
		switch {
		case p.settled.IsZero():
			l.never++
		case p.sorry:
			sorry = 1
		default:
			answered = 1
		}
		if emptied.lost(p) {
			had = 0
		}
		l.sent++
		l.answered += answered
		l.sorry += sorry
		l.had += had
		l.hadAnswered += had * answered
		l.hadSorry += had * sorry
		if p.visitor != nil && !p.settled.IsZero() {
			// What was said once must stand.
			now, err := p.visitor.Case(c.t.Context(), p.last.ID)
			if err != nil || now.Status != p.last.Status || now.Title != p.last.Title {
				page.twice++
			}
		}
	}
	for _, chat := range c.chats {
		telegram.twice += whatWasSaid(c.fake, chat).twice
	}
	return page, telegram
}

// add sums two tallies.
func (l tally) add(other tally) tally {
	return tally{
		sent: l.sent + other.sent, answered: l.answered + other.answered, sorry: l.sorry + other.sorry,
		never: l.never + other.never, twice: l.twice + other.twice,
		had: l.had + other.had, hadAnswered: l.hadAnswered + other.hadAnswered, hadSorry: l.hadSorry + other.hadSorry,
	}
}
