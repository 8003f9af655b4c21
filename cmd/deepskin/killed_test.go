package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/adapters/web/client"
)

// Photos are sent while the process is killed and started again, twice. Everything is embedded,
// so each kill empties Redis: what only Redis held can but be apologised for.
func TestKilledTwiceEverybodyIsToldOnce(t *testing.T) {
	const (
		visitors, photosEach = 20, 20 // on the page
		chats, photosPerChat = 20, 5  // in Telegram
	)
	fake := telegramtest.New(t)
	env := withTelegram(fake, environ(t, map[string]string{
		"DEEPSKIN_ADDR": freeAddress(t), "DEEPSKIN_OPS_ADDR": freeAddress(t),
	}))
	content := photo(t, 1)
	program := newInstance(t, "serve", itself(t), env, "serve")
	program.start(t)
	for chat := int64(1); chat <= chats; chat++ {
		fake.SendPhoto(chat, chat, content)
		tap(t, fake, chat, shown(t, fake, chat, "photos?"), "Yes")
	}

	var (
		senders      sync.WaitGroup
		acknowledged atomic.Int64
		clients      [visitors]*client.Client
		cases        [visitors][]deepskin.CaseID
		judged       [visitors]map[deepskin.CaseID]deepskin.Truth
	)
	for i := range visitors {
		clients[i] = client.New("http://" + env["DEEPSKIN_ADDR"])
		judged[i] = map[deepskin.CaseID]deepskin.Truth{}
		senders.Go(func() {
			for len(cases[i]) < photosEach {
				accepted, err := clients[i].Send(t.Context(), "lesion.jpg", content, true)
				if err != nil {
					time.Sleep(50 * time.Millisecond) // killed just now: what was not acknowledged is sent again
					continue
				}
				cases[i] = append(cases[i], accepted.ID)
				acknowledged.Add(1)
				judge(t, clients[i], cases[i], judged[i])
			}
		})
	}
	senders.Go(func() {
		for range photosPerChat {
			for chat := int64(1); chat <= chats; chat++ {
				fake.SendPhoto(chat, chat, content)
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	for _, share := range []int64{3, 2} {
		eventually(t, fmt.Sprintf("one photo in %d is acknowledged", share), func() bool {
			return acknowledged.Load() >= visitors*photosEach/share
		})
		program.kill()
		program.start(t)
	}
	senders.Wait()

	counts := map[deepskin.Status]int{}
	for i := range visitors {
		for _, id := range cases[i] {
			var last client.Case
			eventually(t, "every acknowledged photo is settled", func() bool {
				c, err := clients[i].Case(t.Context(), id)
				last = c
				return err == nil && c.Settled()
			})
			counts[last.Status]++
			if truth, ok := judged[i][id]; ok && (last.Verdict == nil || last.Verdict.Truth != truth) {
				t.Errorf("a verdict was lost: %+v", last.Verdict)
			}
		}
	}
	if counts[deepskin.Answered]+counts[deepskin.Failed] != visitors*photosEach {
		t.Errorf("the page: %v", counts)
	}
	inChats := map[string]int{}
	for chat := int64(1); chat <= chats; chat++ {
		eventually(t, "every photo in a chat is settled", func() bool {
			return len(settled(fake, chat)) == photosPerChat+1
		})
		for _, words := range settled(fake, chat) {
			inChats[words]++
		}
	}
	total := 0
	for i := range judged {
		total += len(judged[i])
	}
	t.Logf("page: %v, verdicts kept: %d; Telegram: %v", counts, total, inChats)
}

// judge gives a verdict on the newest answered case and notes it once it was acknowledged.
func judge(t *testing.T, c *client.Client, cases []deepskin.CaseID, judged map[deepskin.CaseID]deepskin.Truth) {
	for i := len(cases) - 1; i >= 0; i-- {
		if _, done := judged[cases[i]]; done {
			return
		}
		err := c.Judge(t.Context(), cases[i], deepskin.Verdict{Truth: deepskin.TruthBenign})
		if err == nil {
			judged[cases[i]] = deepskin.TruthBenign
			return
		}
		var refused *client.Error
		if !errors.As(err, &refused) {
			return // killed just now
		}
	}
}

// settled returns, for each photo of a person, how often and how it was settled.
func settled(fake *telegramtest.Server, chat int64) []string {
	var outcomes []string
	for _, m := range fake.FromBot(chat) {
		switch {
		case isAnswer(m.Text):
			outcomes = append(outcomes, "answered")
		case isApology(m.Text):
			outcomes = append(outcomes, "apologised for")
		case isTurnedAway(m.Text):
			outcomes = append(outcomes, "turned away")
		}
	}
	return outcomes
}
