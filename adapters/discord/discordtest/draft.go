package discordtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// A payload is what the bot wants a message to be.
type payload struct {
	Content     optional[string]      `json:"content"`
	Embeds      optional[[]embed]     `json:"embeds"`
	Components  optional[[]component] `json:"components"`
	Attachments optional[[]listed]    `json:"attachments"`
	Flags       int                   `json:"flags"`
	TTS         bool                  `json:"tts"`
	Poll        any                   `json:"poll"`
	Stickers    []string              `json:"sticker_ids"`
	Mentions    *allowedMentions      `json:"allowed_mentions"`
	Reference   *reference            `json:"message_reference"`
}

// A listed attachment is one that the message has or is to have: an ID, or the number of an upload.
type listed struct {
	ID   snowflake `json:"id"`
	Name string    `json:"filename"`
}

type allowedMentions struct {
	Parse   []string    `json:"parse"`
	Users   []snowflake `json:"users"`
	Roles   []snowflake `json:"roles"`
	Replied bool        `json:"replied_user"`
}

type reference struct {
	Message snowflake `json:"message_id"`
	Channel snowflake `json:"channel_id"`
	// Strict says that the message must be there; nil is true.
	Strict *bool `json:"fail_if_not_exists"`
}

// apply checks a payload and gives its content to a message, which it leaves as it was where the
// payload is refused. What the payload does not name stays. The caller holds mu.
func (s *Server) apply(r *request, p payload, m *message, path string) *refusal {
	var wrong problems
	changed := *m
	if p.Content.set {
		changed.content = p.Content.value
		wrong.length(path+"content", changed.content, 0, 2000)
	}
	if p.Poll != nil || len(p.Stickers) > 0 || p.TTS || p.Flags&layoutFlag != 0 {
		wrong.add(path+"flags", "NOT_KNOWN", "This fake knows no polls, stickers, speech and layout components.")
	}
	if p.Components.set {
		changed.rows = checkRows(&wrong, path+"components", p.Components.value)
	}
	kept, uploads := s.list(r, p, m, &wrong, path)
	if p.Embeds.set {
		changed.embeds = p.Embeds.value
		checkEmbeds(&wrong, path+"embeds", changed.embeds)
	}
	// Later changes notify nobody.
	if pings := s.pings(&wrong, p, &changed); m.id == "" || m.loading {
		changed.pings = pings
	}
	if refused := wrong.refusal(); refused != nil {
		return refused
	}
	if changed.content == "" && len(changed.embeds) == 0 && len(kept)+len(uploads) == 0 {
		return emptyMessage
	}
	changed.files = kept
	folder := "attachments/" + m.channel.ID
	if m.onlyFor != nil {
		folder = "ephemeral-attachments/" + s.bot.ID
	}
	for _, u := range uploads {
		changed.files = append(changed.files, s.attach(folder, u.name, u.data))
	}
	for _, a := range m.files {
		a.gone = !slices.Contains(kept, a)
	}
	changed.embeds = slices.Clone(changed.embeds)
	resolve(changed.embeds, changed.files)
	changed.loading = false
	*m = changed
	return nil
}

// list returns the message's files that stay, and the uploads that are added. The caller holds mu.
func (s *Server) list(r *request, p payload, m *message, wrong *problems, path string) (kept []*attachment, added []upload) {
	var numbers []int
	for n := range r.files {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	if !p.Attachments.set {
		kept = m.files
	}
	named := map[int]string{}
	for i, l := range p.Attachments.value {
		if j := slices.IndexFunc(m.files, func(a *attachment) bool { return a.id == string(l.ID) }); j >= 0 {
			kept = append(kept, m.files[j])
			continue
		}
		n, err := strconv.Atoi(string(l.ID))
		if _, there := r.files[n]; err != nil || !there {
			wrong.add(fmt.Sprintf("%sattachments.%d.id", path, i), "ATTACHMENT_NOT_FOUND", "There is no such attachment or upload.")
			continue
		}
		named[n] = l.Name
	}
	for _, n := range numbers {
		u := r.files[n]
		name, ok := named[n]
		if !ok && p.Attachments.set && r.version == "v10" {
			wrong.add(path+"attachments", "ATTACHMENT_NOT_LISTED", "From version 10 on the list must name all files.")
			continue
		}
		if name != "" {
			u.name = name
		}
		added = append(added, u)
	}
	if len(kept)+len(added) > maxFiles {
		wrong.add(path+"attachments", "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxFiles)
	}
	return kept, added
}

// mention is how a text names a person.
var mention = regexp.MustCompile(`<@!?(\d+)>`)

// pings returns whom a message notifies. The caller holds mu.
func (s *Server) pings(wrong *problems, p payload, m *message) []string {
	everyone, replied := true, true
	var users []string
	if a := p.Mentions; a != nil {
		for i, kind := range a.Parse {
			if !slices.Contains([]string{"users", "roles", "everyone"}, kind) {
				wrong.add(fmt.Sprintf("allowed_mentions.parse.%d", i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone').")
			}
		}
		wrong.count("allowed_mentions.users", len(a.Users), 0, 100)
		everyone, replied = slices.Contains(a.Parse, "users"), a.Replied
		if everyone && len(a.Users) > 0 {
			wrong.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", `parse:["users"] and users: [ids...] are mutually exclusive.`)
		}
		for _, id := range a.Users {
			users = append(users, string(id))
		}
	}
	var list []string
	if answered, ok := s.messages[m.reference]; ok && replied {
		list = append(list, answered.author.ID)
	}
	for _, found := range mention.FindAllStringSubmatch(m.content, -1) {
		id := found[1]
		if s.people[id] != nil && (everyone || slices.Contains(users, id)) && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}
