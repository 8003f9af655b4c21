package telegram

import "sync"

// maxWaiting is how many replies may wait for one chat. A person who sends more than the chat's
// limit lets out, hundreds of texts say, is not answered for each.
const maxWaiting = 20

// An outbox sends the replies that the bot returned: those of one chat in order, those of
// different chats at the same time, and without holding up the caller.
type outbox struct {
	mu      sync.Mutex
	waiting map[string][]func() // a chat is present while a goroutine works on it
	running sync.WaitGroup
}

func newOutbox() *outbox { return &outbox{waiting: map[string][]func(){}} }

// add runs send after what was added for the same chat before; false means that too much waits.
func (o *outbox) add(chat string, send func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting, active := o.waiting[chat]
	if len(waiting) >= maxWaiting {
		return false
	}
	o.waiting[chat] = append(waiting, send)
	if !active {
		o.running.Go(func() { o.run(chat) })
	}
	return true
}

func (o *outbox) run(chat string) {
	for {
		o.mu.Lock()
		waiting := o.waiting[chat]
		if len(waiting) == 0 {
			delete(o.waiting, chat)
			o.mu.Unlock()
			return
		}
		send := waiting[0]
		o.waiting[chat] = waiting[1:]
		o.mu.Unlock()
		send()
	}
}

// wait returns when everything has been sent.
func (o *outbox) wait() { o.running.Wait() }
