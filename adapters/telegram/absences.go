package telegram

import "sync"

// absences are the chats that have just told that the bot is not welcome there: a person blocked
// it, or a group removed it. Nothing more is sent there. After a restart, Telegram's refusal of the
// first message says the same.
type absences struct {
	mu    sync.Mutex
	chats map[string]bool
}

// note takes it that the bot has left a chat, or is back.
func (a *absences) note(chat string, gone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !gone {
		delete(a.chats, chat)
		return
	}
	if a.chats == nil {
		a.chats = map[string]bool{}
	}
	a.chats[chat] = true
}

// from reports whether the bot is gone from a chat.
func (a *absences) from(chat string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.chats[chat]
}
