package discordtest

import (
	"slices"
	"strconv"
)

// reachable returns the channel of a call, in which the bot must have some permissions. The caller
// holds mu.
func (s *Server) reachable(r *request, needs uint64) (*Channel, *refusal) {
	c, ok := s.channels[r.param("channel")]
	switch {
	case !ok || c.removed:
		return nil, unknownChannel
	case !c.seenByBot():
		return nil, missingAccess
	case c.permissions()&needs != needs:
		return nil, missingPermission
	}
	return c, nil
}

// message returns a message of a channel in which the bot must have some permissions. Those for one person alone can be
// had through their interaction only. The caller holds mu.
func (s *Server) message(r *request, needs uint64) (*message, *refusal) {
	c, refused := s.reachable(r, needs)
	if refused != nil {
		return nil, refused
	}
	m, ok := s.messages[r.param("message")]
	if !ok || m.deleted || m.channel != c || m.onlyFor != nil {
		return nil, unknownMessage
	}
	return m, nil
}

// readsAll reports whether REST shows the bot all content: a switch of the application. The caller
// holds mu.
func (s *Server) readsAll() bool { return s.gateway.allowed&IntentMessageContent != 0 }

func (s *Server) postMessage(r *request) (any, *refusal) {
	c, refused := s.reachable(r, PermissionSend)
	if refused != nil {
		return nil, refused
	}
	if c.person != nil && !c.person.reachable() {
		return nil, cannotSend
	}
	var p payload
	if refused := r.decode(&p); refused != nil {
		return nil, refused
	}
	if len(r.files) > 0 && c.permissions()&PermissionAttachFiles == 0 {
		return nil, missingPermission
	}
	if c.permissions()&PermissionEmbedLinks == 0 {
		p.Embeds = optional[[]embed]{}
	}
	m := &message{channel: c, author: s.bot}
	if refused := s.refer(p, m); refused != nil {
		return nil, refused
	}
	if refused := s.apply(r, p, m, ""); refused != nil {
		return nil, refused
	}
	s.add(m)
	return s.messageJSON(m, true), nil
}

// refer notes which message a new one answers. The caller holds mu.
func (s *Server) refer(p payload, m *message) *refusal {
	if p.Reference == nil {
		return nil
	}
	answered, ok := s.messages[string(p.Reference.Message)]
	ok = ok && !answered.deleted && answered.onlyFor == nil && answered.channel == m.channel
	if elsewhere := p.Reference.Channel; elsewhere != "" && elsewhere != "null" && string(elsewhere) != m.channel.ID {
		return invalid("message_reference", "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", "Cannot reply to a message in a different channel")
	}
	switch {
	case ok:
		m.reference = answered.id
	case p.Reference.Strict == nil || *p.Reference.Strict:
		return invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
	}
	return nil
}

func (s *Server) getMessage(r *request) (any, *refusal) {
	m, refused := s.message(r, PermissionReadHistory)
	if refused != nil {
		return nil, refused
	}
	return s.messageJSON(m, s.readsAll()), nil
}

// getMessages lists the newest messages first.
func (s *Server) getMessages(r *request) (any, *refusal) {
	c, refused := s.reachable(r, PermissionReadHistory)
	if refused != nil {
		return nil, refused
	}
	q := r.http.URL.Query()
	limit := 50
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
		}
		limit = n
	}
	if q.Has("around") || q.Has("before") && q.Has("after") {
		return nil, invalid("around", "NOT_KNOWN", "This fake knows limit, and before or after, only.")
	}
	before, after := q.Get("before"), q.Get("after")
	var found []*message
	for _, m := range c.messages {
		if !m.deleted && m.onlyFor == nil && (before == "" || older(m.id, before)) && (after == "" || older(after, m.id)) {
			found = append(found, m)
		}
	}
	// Those nearest to the message that is named, or else the newest.
	switch {
	case len(found) <= limit:
	case after != "":
		found = found[:limit]
	default:
		found = found[len(found)-limit:]
	}
	list := []any{}
	for _, m := range slices.Backward(found) {
		list = append(list, s.messageJSON(m, s.readsAll()))
	}
	return list, nil
}

// older compares two IDs as numbers.
func older(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func (s *Server) patchMessage(r *request) (any, *refusal) {
	m, refused := s.message(r, 0)
	if refused != nil {
		return nil, refused
	}
	if !s.fromBot(m) {
		return nil, notAuthor
	}
	if len(r.files) > 0 && m.channel.permissions()&PermissionAttachFiles == 0 {
		return nil, missingPermission
	}
	return s.edit(r, m)
}

// edit changes a message of the bot. The caller holds mu.
func (s *Server) edit(r *request, m *message) (any, *refusal) {
	var p payload
	if refused := r.decode(&p); refused != nil {
		return nil, refused
	}
	wasLoading := m.loading
	if refused := s.apply(r, p, m, ""); refused != nil {
		return nil, refused
	}
	if !wasLoading {
		m.edits++
	}
	s.rewritten(m)
	return s.messageJSON(m, true), nil
}

func (s *Server) deleteMessage(r *request) (any, *refusal) {
	m, refused := s.message(r, 0)
	switch {
	case refused != nil:
		return nil, refused
	case !s.fromBot(m) && m.channel.guild == nil:
		return nil, notInDM
	case !s.fromBot(m) && m.channel.permissions()&PermissionManageMessages == 0:
		return nil, missingPermission
	}
	s.remove(m)
	return nil, nil
}

func (s *Server) typing(r *request) (any, *refusal) {
	c, refused := s.reachable(r, PermissionSend)
	if refused == nil && c.person != nil && !c.person.reachable() {
		refused = cannotSend
	}
	return nil, refused
}
