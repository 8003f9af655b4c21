package discordtest

import "slices"

// interaction returns the interaction of a call to its webhook. The caller holds mu.
func (s *Server) interaction(r *request) (*Interaction, *refusal) {
	if r.param("application") != s.bot.ID {
		return nil, unknownWebhook
	}
	for _, i := range s.interactions {
		switch {
		case i.token != r.param("token"):
			continue
		case s.now().Sub(i.sent) > tokenLife:
			return nil, invalidToken
		case i.answered == 0:
			return nil, unknownWebhook
		}
		return i, nil
	}
	return nil, invalidToken
}

// answer returns the message of a call: the first answer, called @original, or a follow-up. The
// caller holds mu.
func (s *Server) answer(r *request) (*message, *refusal) {
	i, refused := s.interaction(r)
	if refused != nil {
		return nil, refused
	}
	m := i.original
	if id := r.param("message"); id != "@original" {
		m = nil
		if j := slices.IndexFunc(i.said, func(m *message) bool { return m.id == id }); j >= 0 {
			m = i.said[j]
		}
	}
	if m == nil || m.deleted {
		return nil, unknownMessage
	}
	if m.channel.removed {
		return nil, unknownChannel
	}
	return m, nil
}

func (s *Server) getAnswer(r *request) (any, *refusal) {
	m, refused := s.answer(r)
	if refused != nil {
		return nil, refused
	}
	return s.messageJSON(m, true), nil
}

func (s *Server) patchAnswer(r *request) (any, *refusal) {
	m, refused := s.answer(r)
	if refused != nil {
		return nil, refused
	}
	return s.edit(r, m)
}

func (s *Server) deleteAnswer(r *request) (any, *refusal) {
	m, refused := s.answer(r)
	if refused != nil {
		return nil, refused
	}
	s.remove(m)
	return nil, nil
}

// followUp adds a message to the answers. The first one after an answer that was put off takes its
// place, and is seen by whom that was for.
func (s *Server) followUp(r *request) (any, *refusal) {
	i, refused := s.interaction(r)
	if refused != nil {
		return nil, refused
	}
	if i.channel.removed {
		return nil, unknownChannel
	}
	if m := i.original; m != nil && m.loading && !m.deleted {
		return s.edit(r, m)
	}
	var p payload
	if refused := r.decode(&p); refused != nil {
		return nil, refused
	}
	if refused := s.reply(r, i, p, ""); refused != nil {
		return nil, refused
	}
	return s.messageJSON(i.said[len(i.said)-1], true), nil
}
