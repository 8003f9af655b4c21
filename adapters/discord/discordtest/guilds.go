package discordtest

import (
	"slices"
	"strconv"
	"time"
)

// Permissions, of a role or of the bot in a channel, as bits.
// https://discord.com/developers/docs/topics/permissions
const (
	PermissionAdministrator  uint64 = 1 << 3
	PermissionManageGuild    uint64 = 1 << 5
	PermissionViewChannel    uint64 = 1 << 10
	PermissionSend           uint64 = 1 << 11
	PermissionManageMessages uint64 = 1 << 13
	PermissionEmbedLinks     uint64 = 1 << 14
	PermissionAttachFiles    uint64 = 1 << 15
	PermissionReadHistory    uint64 = 1 << 16
)

// usual is what everyone may do in a guild, the bot too.
const usual = PermissionViewChannel | PermissionSend | PermissionEmbedLinks | PermissionAttachFiles | PermissionReadHistory

// A Guild is what people call a server.
type Guild struct {
	ID, Name string

	s        *Server
	hasBot   bool
	joined   time.Time
	channels []*Channel
	roles    []Role
	members  map[*Person][]string // to the IDs of roles
}

// A Role is one that members of a guild may hold.
type Role struct {
	ID, Name    string
	Permissions uint64
}

// A Channel is a text channel of a guild, or the direct messages between a person and the bot.
type Channel struct {
	ID string
	// Name is empty for direct messages.
	Name string

	s         *Server
	guild     *Guild
	person    *Person // of direct messages
	forbidden uint64
	removed   bool
	messages  []*message // deleted ones too
}

// AddGuild founds a guild of which the bot is a member.
func (s *Server) AddGuild(name string) *Guild {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &Guild{ID: s.id(), Name: name, s: s, members: map[*Person][]string{}}
	g.roles = []Role{{ID: g.ID, Name: "@everyone", Permissions: usual}}
	s.guilds = append(s.guilds, g)
	g.addBot()
	return g
}

// addBot lets the bot join. The caller holds mu.
func (g *Guild) addBot() {
	g.hasBot, g.joined = true, g.s.now()
	g.members[g.s.bot] = nil
	g.s.dispatch("GUILD_CREATE", IntentGuilds, func(int) any { return g.createJSON() })
	g.s.change()
}

// AddBot lets the bot join the guild again.
func (g *Guild) AddBot() {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.addBot()
}

// RemoveBot throws the bot out.
func (g *Guild) RemoveBot() {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	// Discord tells this to who was there until now.
	g.s.dispatch("GUILD_DELETE", IntentGuilds, func(int) any { return map[string]any{"id": g.ID} })
	g.hasBot = false
	delete(g.members, g.s.bot)
	delete(g.s.commands, g.ID)
	g.s.change()
}

// AddRole makes a role with permissions besides those that everyone has; zero for none.
func (g *Guild) AddRole(name string, permissions uint64) Role {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	r := Role{ID: g.s.id(), Name: name, Permissions: permissions}
	g.roles = append(g.roles, r)
	return r
}

// Join makes a person a member with some roles, or gives a member other ones.
func (g *Guild) Join(p *Person, roles ...Role) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	ids := []string{}
	for _, r := range roles {
		ids = append(ids, r.ID)
	}
	g.members[p] = ids
	p.needsGuild = true
}

// AddChannel makes a text channel that all members see.
func (g *Guild) AddChannel(name string) *Channel {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	c := &Channel{ID: g.s.id(), Name: name, s: g.s, guild: g}
	g.channels = append(g.channels, c)
	g.s.channels[c.ID] = c
	c.tell("CHANNEL_CREATE")
	return c
}

// Rename gives a channel another name.
func (c *Channel) Rename(name string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.Name = name
	c.tell("CHANNEL_UPDATE")
}

// Remove deletes a channel with all that is in it.
func (c *Channel) Remove() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.tell("CHANNEL_DELETE")
	c.removed = true
	c.guild.channels = slices.DeleteFunc(c.guild.channels, func(other *Channel) bool { return other == c })
	for _, m := range c.messages {
		m.deleted = true
	}
}

// Forbid takes permissions away from the bot in a channel, and gives it back all others.
func (c *Channel) Forbid(permissions uint64) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.forbidden = permissions
	c.tell("CHANNEL_UPDATE")
}

// tell makes an event of what happened to the channel. The caller holds mu.
func (c *Channel) tell(event string) {
	if c.guild.hasBot {
		c.s.dispatch(event, IntentGuilds, func(int) any { return c.json() })
	}
	c.s.change()
}

// permissions are what the bot may do in the channel. The caller holds mu.
func (c *Channel) permissions() uint64 {
	if c.guild == nil {
		return usual
	}
	return c.guild.allows(c.s.bot) &^ c.forbidden
}

// allows returns what a member may do. The caller holds mu.
func (g *Guild) allows(p *Person) uint64 {
	all := g.roles[0].Permissions
	for _, r := range g.roles {
		if slices.Contains(g.members[p], r.ID) {
			all |= r.Permissions
		}
	}
	return all
}

// seenByBot reports whether the bot can see the channel. The caller holds mu.
func (c *Channel) seenByBot() bool {
	return c.guild == nil || c.guild.hasBot && c.permissions()&PermissionViewChannel != 0
}

// seenBy reports whether a person can see the channel. The caller holds mu.
func (c *Channel) seenBy(p *Person) bool {
	if c.guild == nil {
		return c.person == p
	}
	_, member := c.guild.members[p]
	return member
}

// where adds to an object in which guild it is, if any.
func (c *Channel) where(body map[string]any) map[string]any {
	if c.guild != nil {
		body["guild_id"] = c.guild.ID
	}
	return body
}

// json returns the channel as the API has it. The caller holds mu.
func (c *Channel) json() map[string]any {
	if c.guild == nil {
		return map[string]any{"id": c.ID, "type": 1, "recipients": []any{c.person.json()}, "flags": 0}
	}
	overwrites := []any{}
	if c.forbidden != 0 {
		overwrites = append(overwrites, map[string]any{
			"id": c.s.bot.ID, "type": 1, "allow": "0", "deny": strconv.FormatUint(c.forbidden, 10),
		})
	}
	return map[string]any{
		"id": c.ID, "type": 0, "guild_id": c.guild.ID, "name": c.Name, "position": slices.Index(c.guild.channels, c),
		"permission_overwrites": overwrites, "nsfw": false, "parent_id": nil, "topic": nil, "rate_limit_per_user": 0,
	}
}

// memberJSON returns a member as the API has it, without the user. In interactions it has the
// permissions too. The caller holds mu.
func (g *Guild) memberJSON(p *Person, permissions bool) map[string]any {
	roles := slices.Clone(g.members[p])
	if roles == nil {
		roles = []string{}
	}
	body := map[string]any{
		"roles": roles, "joined_at": timestamp(g.joined), "nick": nil, "avatar": nil,
		"deaf": false, "mute": false, "flags": 0, "pending": false,
	}
	if permissions {
		body["permissions"] = strconv.FormatUint(g.allows(p), 10)
	}
	return body
}

// json returns the guild as the API has it. The caller holds mu.
func (g *Guild) json() map[string]any {
	roles := []any{}
	for i, r := range g.roles {
		roles = append(roles, map[string]any{
			"id": r.ID, "name": r.Name, "permissions": strconv.FormatUint(r.Permissions, 10), "position": i,
			"color": 0, "hoist": false, "managed": false, "mentionable": false, "flags": 0,
		})
	}
	return map[string]any{
		"id": g.ID, "name": g.Name, "icon": nil, "owner_id": "1", "roles": roles, "emojis": []any{}, "features": []any{},
		"preferred_locale": "en-US", "verification_level": 0, "nsfw_level": 0, "premium_tier": 0, "stickers": []any{},
	}
}

// createJSON is the guild with what only the event has. The caller holds mu.
func (g *Guild) createJSON() map[string]any {
	body := g.json()
	channels := []any{}
	for _, c := range g.channels {
		channels = append(channels, c.json())
	}
	self := g.memberJSON(g.s.bot, false)
	self["user"] = g.s.bot.json()
	body["channels"], body["members"], body["member_count"] = channels, []any{self}, len(g.members)
	body["joined_at"], body["large"], body["unavailable"] = timestamp(g.joined), false, false
	body["threads"], body["presences"], body["voice_states"] = []any{}, []any{}, []any{}
	return body
}

// guild returns the guild of a call, of which the bot must be a member. The caller holds mu.
func (s *Server) guild(r *request) (*Guild, *refusal) {
	for _, g := range s.guilds {
		if g.ID == r.param("guild") && g.hasBot {
			return g, nil
		}
	}
	return nil, unknownGuild
}

func (s *Server) getGuild(r *request) (any, *refusal) {
	g, refused := s.guild(r)
	if refused != nil {
		return nil, refused
	}
	return g.json(), nil
}

func (s *Server) getRoles(r *request) (any, *refusal) {
	g, refused := s.guild(r)
	if refused != nil {
		return nil, refused
	}
	return g.json()["roles"], nil
}

func (s *Server) getChannels(r *request) (any, *refusal) {
	g, refused := s.guild(r)
	if refused != nil {
		return nil, refused
	}
	return g.createJSON()["channels"], nil
}

func (s *Server) getMember(r *request) (any, *refusal) {
	g, refused := s.guild(r)
	if refused != nil {
		return nil, refused
	}
	p, known := s.people[r.param("user")]
	if !known {
		return nil, unknownUser
	}
	if _, member := g.members[p]; !member {
		return nil, unknownMember
	}
	body := g.memberJSON(p, false)
	body["user"] = p.json()
	return body, nil
}

func (s *Server) getChannel(r *request) (any, *refusal) {
	c, refused := s.reachable(r, 0)
	if refused != nil {
		return nil, refused
	}
	return c.json(), nil
}
