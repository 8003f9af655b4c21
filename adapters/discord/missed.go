package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"deepskin"
)

const (
	// maxMissed is how many messages of a channel are looked up, the oldest first.
	maxMissed = 100
	// maxDirect is how many people's direct messages are: those of the latest to write.
	maxDirect = 100
)

// missed knows up to where the messages of each channel are known, so that what was posted while
// Discord told nothing can be looked up.
type missed struct {
	mu sync.Mutex
	// last is the ID of the latest message of each channel.
	last map[string]string
	// direct are the channels among them that are direct messages.
	direct map[string]bool
}

// newMissed knows the channels that are set for photos up to some time.
func newMissed(channels []string, until time.Time) *missed {
	m := &missed{last: map[string]string{}, direct: map[string]bool{}}
	for _, c := range channels {
		m.last[c] = snowflake(until)
	}
	return m
}

// note takes it that a message is known.
func (m *missed) note(channel, message string, direct bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.last[channel]
	if !ok && !direct {
		return // not one of those that are set
	}
	if !ok {
		m.direct[channel] = true
		m.forgetOldest()
	}
	if older(known, message) {
		m.last[channel] = message
	}
}

// forgetOldest forgets those who have not written for longest, where there are too many. The caller
// holds mu, and is about to add one.
func (m *missed) forgetOldest() {
	for len(m.direct) > maxDirect {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(m.direct)), func(a, b string) int {
			switch {
			case older(m.last[a], m.last[b]):
				return -1
			case older(m.last[b], m.last[a]):
				return 1
			}
			return cmp.Compare(a, b)
		})
		delete(m.direct, oldest)
		delete(m.last, oldest)
	}
}

// channels returns up to where each channel is known.
func (m *missed) channels() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.last)
}

// noteMessage notes a message that the gateway told of.
func (d *desk) noteMessage(data json.RawMessage) {
	var m struct {
		ID      string `json:"id"`
		Channel string `json:"channel_id"`
		Guild   string `json:"guild_id"`
	}
	if json.Unmarshal(data, &m) == nil && idForm.MatchString(m.ID) && idForm.MatchString(m.Channel) {
		d.missed.note(m.Channel, m.ID, m.Guild == "")
	}
}

// noteDeleted notes messages that somebody deleted.
func (d *desk) noteDeleted(data json.RawMessage) {
	var gone struct {
		ID  string   `json:"id"`
		IDs []string `json:"ids"`
	}
	if json.Unmarshal(data, &gone) != nil {
		return
	}
	for _, id := range append(gone.IDs, gone.ID) {
		if idForm.MatchString(id) {
			d.adapter.erased.add(id)
		}
	}
}

// lookUpMissed hands over the photos that were posted while Discord told nothing. A photo that is
// known already is known to the store too. Texts are left alone: nobody is waiting for a late word of
// help.
func (d *desk) lookUpMissed() {
	// Read at once, before the session's first event moves it on.
	channels := d.missed.channels()
	d.start(func() {
		for channel, after := range channels {
			err := d.lookUp(channel, after)
			if errors.Is(err, deepskin.ErrNotFound) {
				d.adapter.config.Logger.WarnContext(d.sending, "a channel cannot be read; is the bot in its server?")
				continue
			}
			d.report("missed photos could not be looked up", err, "")
		}
	})
}

func (d *desk) lookUp(channel, after string) error {
	list, err := d.adapter.messagesAfter(d.sending, channel, after)
	if err != nil {
		return err
	}
	var guild string
	if slices.Contains(d.adapter.config.Channels, channel) {
		guild = "of a server" // which the answer does not say
	}
	for _, m := range slices.Backward(list) {
		if m == nil || !slices.ContainsFunc(m.Attachments, isImage) {
			continue
		}
		m.ChannelID, m.GuildID = channel, guild
		d.missed.note(channel, m.ID, guild == "")
		d.start(func() { d.message(m) })
	}
	return nil
}

// messagesAfter returns the messages of a channel after one, the newest first, and the oldest of
// those that are too many.
func (a *Adapter) messagesAfter(ctx context.Context, channel, after string) ([]*discordgo.Message, error) {
	var list []*discordgo.Message
	q := url.Values{"after": {after}, "limit": {strconv.Itoa(maxMissed)}}
	err := a.do(ctx, call{
		method: http.MethodGet, route: "messages", url: discordgo.EndpointChannelMessages(channel) + "?" + q.Encode(),
		lane: channel, result: &list, repeatable: true,
	})
	return list, err
}
