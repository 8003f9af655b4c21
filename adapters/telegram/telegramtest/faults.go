package telegramtest

import (
	"slices"
	"strconv"
)

// A Fault is what goes wrong with one call.
type Fault struct {
	// Status and Description are an error to answer with, without doing anything. With 502 the
	// answer is a page of HTML, as proxies give it.
	Status      int
	Description string
	// RetryAfter answers with 429 and that many seconds, and holds the bot to them.
	RetryAfter int
	// HangUp ends the connection before anything is done.
	HangUp bool
	// LoseAnswer does what was asked, then ends the connection.
	LoseAnswer bool
	// CutAnswer does what was asked, then ends the connection in the middle of the answer.
	CutAnswer bool
}

// Fail lets the next calls of a method go wrong, one for each fault.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// Disturb asks next what is to go wrong with each call from now on, unless Fail has ordered something
// for it; nil ends that. The function is called for one call at a time, "download" among them.
func (s *Server) Disturb(next func(method string) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disturb = next
}

// Unknown returns how many new messages in a chat came about of which the bot does not know, because
// the answer to its call was lost. A good bot may say such a thing twice.
func (s *Server) Unknown(chat int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chat(chat).unknown
}

// noteUnknown counts a call whose answer gets lost, if it made a new message.
func (s *Server) noteUnknown(method, chatID string) {
	id, err := strconv.ParseInt(chatID, 10, 64)
	if err != nil || method != "sendMessage" && method != "sendPhoto" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(id).unknown++
}

// takeFault returns what is to go wrong with this call; the zero Fault is nothing. The caller holds
// mu.
func (s *Server) takeFault(method string) Fault {
	faults := s.faults[method]
	switch {
	case len(faults) == 0 && s.disturb != nil:
		return s.disturb(method)
	case len(faults) == 0:
		return Fault{}
	}
	s.faults[method] = faults[1:]
	return faults[0]
}

// Block lets a person block the bot, or a group remove it.
func (s *Server) Block(chat int64) { s.setBlocked(chat, true) }

// Unblock takes that back.
func (s *Server) Unblock(chat int64) { s.setBlocked(chat, false) }

func (s *Server) setBlocked(chat int64, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(chat)
	c.blocked = blocked
	s.tellMembership(chat, c)
}

// BlockUnnoticed is Block without an update that tells the bot of it.
func (s *Server) BlockUnnoticed(chat int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(chat).blocked = true
}

// ForgetFiles lets all files expire, those of the bot's messages too.
func (s *Server) ForgetFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.left = 0
	}
}

// ForgetFile lets the photo or document of one message expire.
func (s *Server) ForgetFile(at Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.chat(at.Chat).find(at.ID)
	for _, described := range slices.Concat(m.photo, []any{m.document}) {
		id, _ := described.(map[string]any)["file_id"].(string)
		if f, ok := s.files[id]; ok {
			f.left = 0
		}
	}
}

// LimitDownloads lets every file that is sent from now on expire once it has been downloaded so
// often; zero means that none does.
func (s *Server) LimitDownloads(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.downloads = times
}

// ExpireQueries makes the presses so far too old to be answered.
func (s *Server) ExpireQueries() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queries {
		q.expired = true
	}
}
