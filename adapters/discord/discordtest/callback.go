package discordtest

// The types of first answers.
const (
	messageAnswer  = 4
	deferredAnswer = 5
	silentAnswer   = 6
	updateAnswer   = 7
	modalAnswer    = 9
)

// A callbackForm is the first answer to an interaction. Its data are a message's or a modal's.
type callbackForm struct {
	Type int     `json:"type"`
	Data payload `json:"data"`
}

// A modalForm is the same, read for a modal.
type modalForm struct {
	Data struct {
		CustomID   string      `json:"custom_id"`
		Title      string      `json:"title"`
		Components []component `json:"components"`
	} `json:"data"`
}

// callback takes the first answer to an interaction: once, and not too late.
func (s *Server) callback(r *request) (any, *refusal) {
	i, ok := s.interactions[r.param("interaction")]
	switch {
	case !ok || i.late():
		return nil, unknownInteract
	case i.token != r.param("token"):
		return nil, invalidToken
	case i.answered != 0:
		return nil, acknowledged
	}
	var form callbackForm
	if refused := r.decode(&form); refused != nil {
		return nil, refused
	}
	if refused := s.first(r, i, form); refused != nil {
		return nil, refused
	}
	i.answered = form.Type
	if r.http.URL.Query().Get("with_response") != "true" {
		return nil, nil
	}
	resource := map[string]any{"type": form.Type}
	if i.original != nil {
		resource["message"] = s.messageJSON(i.original, true)
	}
	return map[string]any{
		"interaction": map[string]any{"id": i.ID, "type": i.kind, "response_message_loading": form.Type == deferredAnswer},
		"resource":    resource,
	}, nil
}

// first does what a first answer says. The caller holds mu.
func (s *Server) first(r *request, i *Interaction, form callbackForm) *refusal {
	switch {
	case form.Type == messageAnswer:
		return s.reply(r, i, form.Data, "data.")
	case form.Type == deferredAnswer:
		m := i.message(form.Data.Flags)
		m.loading = true
		s.add(m)
		i.say(m)
		i.original = m
		return nil
	case (form.Type == silentAnswer || form.Type == updateAnswer) && i.about != nil:
		return s.update(r, i, form)
	case form.Type == modalAnswer && i.kind != submitKind:
		return s.open(r, i)
	}
	return invalid("type", "INTERACTION_APPLICATION_CALLBACK_TYPE_INVALID",
		"An interaction of type %d cannot be answered by one of type %d.", i.kind, form.Type)
}

// update changes the message with the button, or leaves it as it is. The caller holds mu.
func (s *Server) update(r *request, i *Interaction, form callbackForm) *refusal {
	if i.about.deleted {
		return unknownMessage
	}
	if form.Type == updateAnswer {
		// Other than a PATCH, this answer takes away the files that it does not list.
		form.Data.Attachments.set = true
		if refused := s.apply(r, form.Data, i.about, "data."); refused != nil {
			return refused
		}
		i.about.edits++
		s.rewritten(i.about)
	}
	i.original = i.about
	return nil
}

// open shows a modal. The caller holds mu.
func (s *Server) open(r *request, i *Interaction) *refusal {
	var form modalForm
	if refused := r.decode(&form); refused != nil {
		return refused
	}
	var wrong problems
	m := checkModal(&wrong, form.Data.Title, form.Data.CustomID, form.Data.Components)
	if refused := wrong.refusal(); refused != nil {
		return refused
	}
	i.modal = &m
	return nil
}

// message returns a new message that answers the interaction. Of the flags only that counts which
// says who sees it.
func (i *Interaction) message(flags int) *message {
	m := &message{channel: i.channel, author: i.s.bot, interaction: i}
	if flags&ephemeralFlag != 0 {
		m.onlyFor = i.person
	}
	return m
}

// say notes a message as one that answers the interaction. The caller holds mu.
func (i *Interaction) say(m *message) { i.said = append(i.said, m) }

// reply adds a message that answers the interaction. The caller holds mu.
func (s *Server) reply(r *request, i *Interaction, p payload, path string) *refusal {
	m := i.message(p.Flags)
	if refused := s.apply(r, p, m, path); refused != nil {
		return refused
	}
	s.add(m)
	i.say(m)
	if i.original == nil && i.answered == 0 {
		i.original = m
	}
	return nil
}
