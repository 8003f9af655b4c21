package bot_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"deepskin"
	"deepskin/bot"
)

const platform = "chat"

// A post is a message of the bot as people see it.
type post struct {
	at    deepskin.Address
	to    string // the message that it replies to
	reply bot.Reply
	edits int
}

func (p post) text() string { return strings.TrimSpace(p.reply.Title + "\n\n" + p.reply.Text) }

// A chat is a platform in memory, strict about its addresses.
type chat struct {
	faults

	mu    sync.Mutex
	posts []post
	files map[string][]byte
	last  int

	// exclusive is what Exclusive answers; it is set before the chat is connected.
	exclusive bool
	// team is the team's channel; empty for none. It is set before the chat is connected.
	team string
	// running is how many Runs there are, most how many there ever were at the same time, and
	// causes are why the contexts of those that ended did.
	running, most int
	causes        []error
}

func newChat() *chat { return &chat{files: map[string][]byte{}} }

func (c *chat) Name() string { return platform }

func (c *chat) TeamChat() deepskin.Address {
	if c.team == "" {
		return deepskin.Address{}
	}
	return deepskin.Address{Platform: platform, Chat: c.team}
}

func (c *chat) Exclusive() bool { return c.exclusive }

func (c *chat) Run(ctx context.Context, _ bot.Handler) error {
	c.mu.Lock()
	c.running++
	c.most = max(c.most, c.running)
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.causes = append(c.causes, context.Cause(ctx))
	return nil
}

// runs returns how many Runs there are now and were at most, and how many ended.
func (c *chat) runs() (now, most, ended int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running, c.most, len(c.causes)
}

func (c *chat) enter(ctx context.Context, method string) error {
	if err := c.faults.enter(ctx, method); err != nil {
		return err
	}
	c.mu.Lock()
	return nil
}

func (c *chat) Send(
	ctx context.Context, to deepskin.Address, r bot.Reply,
) (deepskin.Address, error) {
	if to.Platform != platform || to.Chat == "" {
		return deepskin.Address{}, errors.New("send: not an address of this platform")
	}
	if err := c.enter(ctx, "Send"); err != nil {
		return deepskin.Address{}, err
	}
	defer c.mu.Unlock()
	return c.post(to, r), nil
}

// post shows a message; the caller holds the lock.
func (c *chat) post(to deepskin.Address, r bot.Reply) deepskin.Address {
	c.last++
	at := deepskin.Address{Platform: platform, Chat: to.Chat, Message: "post-" + strconv.Itoa(c.last)}
	c.posts = append(c.posts, post{at: at, to: to.Message, reply: r})
	return at
}

func (c *chat) index(at deepskin.Address) int {
	return slices.IndexFunc(c.posts, func(p post) bool {
		return p.at.Chat == at.Chat && p.at.Message == at.Message
	})
}

func (c *chat) Edit(ctx context.Context, at deepskin.Address, r bot.Reply) error {
	if err := c.enter(ctx, "Edit"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	i := c.index(at)
	if i < 0 {
		return deepskin.ErrNotFound
	}
	c.posts[i].reply = r
	c.posts[i].edits++
	return nil
}

func (c *chat) Delete(ctx context.Context, at deepskin.Address) error {
	if err := c.enter(ctx, "Delete"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if i := c.index(at); i >= 0 {
		c.posts = slices.Delete(c.posts, i, i+1)
	}
	return nil
}

func (c *chat) Fetch(ctx context.Context, source string) ([]byte, error) {
	if err := c.enter(ctx, "Fetch"); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	photo, ok := c.files[source]
	if !ok {
		return nil, deepskin.ErrGone
	}
	return photo, nil
}

// seen returns the bot's messages that a sender sees, oldest first.
func (c *chat) seen(s deepskin.Sender) []post { return c.postsIn(chatOf(s)) }

// postsIn returns the bot's messages in a room, oldest first.
func (c *chat) postsIn(room string) []post {
	c.mu.Lock()
	defer c.mu.Unlock()
	var seen []post
	for _, p := range c.posts {
		if p.at.Chat == room {
			seen = append(seen, p)
		}
	}
	return seen
}

// chatOf is the private chat of a sender.
func chatOf(s deepskin.Sender) string { return "room-of-" + s.ID }
