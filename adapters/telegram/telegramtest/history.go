package telegramtest

import (
	"slices"
	"strings"
)

// everything returns all messages that a chat has ever had, in the order in which they came.
func (s *Server) everything(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(chat)
	var list []Message
	for _, m := range slices.Concat(c.messages, c.deleted) {
		list = append(list, m.Message)
	}
	slices.SortFunc(list, func(a, b Message) int { return a.ID - b.ID })
	return list
}

// Threads returns what the bot has said about each message of a person in a chat, deleted messages
// too, by the ID of the person's message. A thread is what replies to that message, to such a reply
// and so on; a message that has been edited is one. Under 0 is what replies to nothing.
func (s *Server) Threads(chat int64) map[int][]Message {
	threads := map[int][]Message{}
	begins := map[int]int{} // by each message's ID, that of the first message of its thread
	for _, m := range s.everything(chat) {
		if !m.FromBot {
			begins[m.ID] = m.ID
			threads[m.ID] = nil
			continue
		}
		first := begins[m.ReplyTo]
		begins[m.ID] = first
		threads[first] = append(threads[first], m)
	}
	return threads
}

// Cases returns what the bot has said about each case in a chat, deleted messages too, by the ID of
// the case. It goes by the data of the buttons that a message has ever had, "verb:case" or
// "verb:case:choice"; under "" are the messages that never had any.
func (s *Server) Cases(chat int64) map[string][]Message {
	cases := map[string][]Message{}
	for _, m := range s.everything(chat) {
		if !m.FromBot {
			continue
		}
		id := m.caseID()
		cases[id] = append(cases[id], m)
	}
	return cases
}

// caseID returns the case that the message's buttons name, or named.
func (m Message) caseID() string {
	for _, shown := range m.Shown {
		for _, b := range slices.Concat(shown.Buttons...) {
			if parts := strings.Split(b.Data, ":"); len(parts) > 1 {
				return parts[1]
			}
		}
	}
	return ""
}

// Settled returns how many of the messages a chat shows now with a text that settles the matter, and
// how many of all of them, deleted ones too, have ever shown such a text.
func Settled(thread []Message, settles func(text string) bool) (now, ever int) {
	for _, m := range thread {
		if slices.ContainsFunc(m.Shown, func(s Showing) bool { return settles(s.Text) }) {
			ever++
		}
		if !m.Deleted && settles(m.Text) {
			now++
		}
	}
	return now, ever
}
