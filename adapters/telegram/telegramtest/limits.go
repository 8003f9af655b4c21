package telegramtest

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Limits say how fast the bot may send and edit. Telegram's own are not published to the letter:
// about one message a second to a chat, with short bursts, and 30 a second in all.
type Limits struct {
	// ChatRate is how many messages a second one chat takes in the long run.
	ChatRate float64
	// ChatBurst is how many it takes at once.
	ChatBurst int
	// Overall is how many the bot may send in any one second.
	Overall int
	// Group is how many one group takes in any minute; zero means any number.
	Group int
}

// SetLimits replaces the limits, which are a rate of 1, a burst of 5 and 30 overall at first.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
	for _, c := range s.chats {
		c.bucket = bucket{}
	}
}

// Refused returns how many calls were answered with 429.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Disobeyed returns how many calls came to a chat before the time was over for which the bot had
// been told to wait there. A good bot leaves it at zero.
func (s *Server) Disobeyed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.disobeys
}

// counted are the methods that the limits are about.
var counted = []string{"sendMessage", "sendPhoto", "editMessageText", "editMessageCaption", "editMessageMedia"}

// A bucket counts what one chat may still take.
type bucket struct {
	tokens float64
	at     time.Time
}

// tooFast counts a call and returns a 429 where it is one too many, or where a fault says so. The
// caller holds mu.
func (s *Server) tooFast(method, chatID string, fault Fault) *refusal {
	id, err := strconv.ParseInt(chatID, 10, 64)
	c, known := s.chats[id]
	if err != nil || !known {
		c = &chat{}
	}
	now := time.Now()
	wait := 0 // seconds
	switch {
	case slices.Contains(counted, method) && now.Before(c.told):
		s.disobeys++
		wait = seconds(c.told.Sub(now))
	case fault.RetryAfter > 0:
		wait = fault.RetryAfter
	case slices.Contains(counted, method):
		wait = max(s.chatWait(c, now), s.groupWait(c, now), s.overallWait(now))
	}
	if wait == 0 {
		return nil
	}
	s.refused++
	c.told = now.Add(time.Duration(wait) * time.Second)
	return &refusal{
		code:        http.StatusTooManyRequests,
		description: fmt.Sprintf("Too Many Requests: retry after %d", wait),
		retryAfter:  wait,
	}
}

func (s *Server) chatWait(c *chat, now time.Time) int {
	b := &c.bucket
	full := float64(s.limits.ChatBurst)
	if b.at.IsZero() {
		b.tokens = full
	} else {
		b.tokens = min(full, b.tokens+now.Sub(b.at).Seconds()*s.limits.ChatRate)
	}
	b.at = now
	if b.tokens < 1 {
		return seconds(time.Duration((1 - b.tokens) / s.limits.ChatRate * float64(time.Second)))
	}
	b.tokens--
	return 0
}

func (s *Server) groupWait(c *chat, now time.Time) int {
	if c.kind == "private" || s.limits.Group == 0 {
		return 0
	}
	c.recent = slices.DeleteFunc(c.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(c.recent) >= s.limits.Group {
		return seconds(time.Minute - now.Sub(c.recent[0]))
	}
	c.recent = append(c.recent, now)
	return 0
}

func (s *Server) overallWait(now time.Time) int {
	s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if len(s.recent) >= s.limits.Overall {
		return 1
	}
	s.recent = append(s.recent, now)
	return 0
}

// seconds rounds up to whole seconds, at least one, as Telegram does.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }
