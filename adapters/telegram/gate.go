package telegram

import (
	"cmp"
	"time"

	"golang.org/x/time/rate"

	"deepskin/adapters/internal/remote"
)

// maxCloseAll bounds for how long one chat's answer can stop all others. The limit on all chats
// is counted by the second, so a longer wait is about that one chat.
const maxCloseAll = 5 * time.Second

// newGate returns a gate with a lane for each chat.
func newGate(c Config, m *remote.Metrics) *remote.Gate {
	all := rate.NewLimiter(rate.Limit(cmp.Or(c.Rate, 25)), cmp.Or(c.Burst, 5))
	return remote.NewGate(all, func(chat string) *rate.Limiter {
		if isGroup(chat) {
			return rate.NewLimiter(rate.Limit(cmp.Or(c.GroupRate, 0.25)), cmp.Or(c.GroupBurst, 5))
		}
		return rate.NewLimiter(rate.Limit(cmp.Or(c.ChatRate, 1)), cmp.Or(c.ChatBurst, 3))
	}, m)
}

// slowDown notes that Telegram wants nothing more for a while. It does not say whether the chat or
// the bot as a whole went too fast. A chat that could have sent more by its own limit was not the
// cause, so then all chats wait.
func (a *Adapter) slowDown(chat *remote.Lane, d time.Duration) {
	chat.Close(d)
	if chat.InPace() {
		a.gate.Close(min(d, maxCloseAll))
	}
}
