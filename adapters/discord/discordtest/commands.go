package discordtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The types of options that DeepSkin uses.
const (
	textOption = 3
	flagOption = 5
	fileOption = 11
)

// locales are Discord's languages. https://discord.com/developers/docs/reference#locales
var locales = []string{
	"id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR", "ro",
	"fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
}

// A command is one as the bot registered it.
type command struct {
	id, guild string

	Type                     int               `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations"`
	Options                  []commandOption   `json:"options"`
	MemberPermissions        *string           `json:"default_member_permissions"`
	Contexts                 []int             `json:"contexts"`
	IntegrationTypes         []int             `json:"integration_types"`
}

// A commandOption is an option as the bot registered it.
type commandOption struct {
	Type                     int               `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations,omitempty"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations,omitempty"`
	Required                 bool              `json:"required,omitempty"`
	Choices                  []choice          `json:"choices,omitempty"`
}

type choice struct {
	Name              string            `json:"name"`
	NameLocalizations map[string]string `json:"name_localizations,omitempty"`
	Value             any               `json:"value"`
}

// commandName is what a command, or an option, may be called.
var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

// A Command is one that people can run.
type Command struct {
	Name, Description string
	// Options are their names.
	Options []string
}

// Commands returns the bot's commands as last registered: the global ones where guild is nil.
func (s *Server) Commands(guild *Guild) []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := ""
	if guild != nil {
		id = guild.ID
	}
	var list []Command
	for _, c := range s.commands[id] {
		shown := Command{Name: c.Name, Description: c.Description}
		for _, o := range c.Options {
			shown.Options = append(shown.Options, o.Name)
		}
		list = append(list, shown)
	}
	return list
}

// command finds a command that a person can run in a channel; the guild's own come first. The caller
// holds mu.
func (s *Server) command(p *Person, c *Channel, name string) command {
	s.t.Helper()
	place, guild := 1, ""
	if c.guild != nil {
		place, guild = 0, c.guild.ID
		if !c.guild.hasBot {
			s.fatal("the bot is not in that guild")
		}
	}
	// The commands of no guild are the global ones, so direct messages know those only.
	for _, registered := range slices.Concat(s.commands[guild], s.commands[""]) {
		if registered.Name != name {
			continue
		}
		if registered.Contexts != nil && !slices.Contains(registered.Contexts, place) {
			s.fatal("/%s is not for use there", name)
		}
		if c.guild != nil && !registered.allows(c.guild.allows(p)) {
			s.fatal("%s may not use /%s", p.Name, name)
		}
		return registered
	}
	s.fatal("there is no command /%s", name)
	return command{}
}

// allows reports whether permissions suffice for the command.
func (c command) allows(permissions uint64) bool {
	if c.MemberPermissions == nil || permissions&PermissionAdministrator != 0 {
		return true
	}
	needs, _ := strconv.ParseUint(*c.MemberPermissions, 10, 64) // checked when it was registered
	// A set of no permissions is for administrators only.
	return needs != 0 && permissions&needs == needs
}

// fits says what is wrong with the options that a person fills in; empty for nothing.
func (c command) fits(options []Option) string {
	for _, o := range options {
		if !slices.ContainsFunc(c.Options, func(r commandOption) bool { return r.Name == o.name && r.Type == o.kind }) {
			return fmt.Sprintf("there is no option %q of type %d", o.name, o.kind)
		}
	}
	for _, r := range c.Options {
		i := slices.IndexFunc(options, func(o Option) bool { return o.name == r.Name })
		switch {
		case i < 0 && r.Required:
			return fmt.Sprintf("the option %q is required", r.Name)
		case i >= 0 && len(r.Choices) > 0 &&
			!slices.ContainsFunc(r.Choices, func(c choice) bool { return c.Value == options[i].value }):
			return fmt.Sprintf("the option %q has no such choice", r.Name)
		}
	}
	return ""
}

func (s *Server) getCommands(r *request) (any, *refusal) {
	guild, refused := s.commandsOf(r)
	if refused != nil {
		return nil, refused
	}
	return s.commandsJSON(guild), nil
}

// commandsOf returns whose commands a call is about. The caller holds mu.
func (s *Server) commandsOf(r *request) (guild string, _ *refusal) {
	if r.param("application") != s.bot.ID {
		return "", notYourself
	}
	if r.param("guild") == "" {
		return "", nil
	}
	g, refused := s.guild(r)
	if refused != nil {
		return "", missingAccess
	}
	return g.ID, nil
}

// putCommands replaces all commands.
func (s *Server) putCommands(r *request) (any, *refusal) {
	guild, refused := s.commandsOf(r)
	if refused != nil {
		return nil, refused
	}
	var list []command
	if refused := r.decode(&list); refused != nil {
		return nil, refused
	}
	var wrong problems
	wrong.count("_", len(list), 0, 100)
	seen := map[string]bool{}
	for i := range list {
		checkCommand(&wrong, strconv.Itoa(i), list[i])
		if seen[list[i].Name] {
			wrong.add(fmt.Sprintf("%d.name", i), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		seen[list[i].Name] = true
		list[i].id, list[i].guild = s.id(), guild
	}
	if refused := wrong.refusal(); refused != nil {
		return nil, refused
	}
	s.commands[guild] = list
	return s.commandsJSON(guild), nil
}

func checkCommand(p *problems, at string, c command) {
	if c.Type != 0 && c.Type != 1 {
		p.add(at+".type", "NOT_KNOWN", "This fake knows slash commands only.")
	}
	checkNames(p, at, c.Name, c.NameLocalizations)
	checkDescriptions(p, at, c.Description, c.DescriptionLocalizations)
	p.count(at+".options", len(c.Options), 0, 25)
	optional := false
	seen := map[string]bool{}
	for i, o := range c.Options {
		checkOption(p, fmt.Sprintf("%s.options.%d", at, i), o)
		if o.Required && optional {
			p.add(fmt.Sprintf("%s.options.%d", at, i), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
				"Required options must be placed before non-required options")
		}
		if seen[o.Name] {
			p.add(fmt.Sprintf("%s.options.%d.name", at, i), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique")
		}
		optional = optional || !o.Required
		seen[o.Name] = true
	}
	if c.MemberPermissions != nil {
		if _, err := strconv.ParseUint(*c.MemberPermissions, 10, 64); err != nil {
			p.add(at+".default_member_permissions", "NUMBER_TYPE_COERCE", "Value is not a set of permissions.")
		}
	}
	checkSet(p, at+".contexts", c.Contexts, 2)
	checkSet(p, at+".integration_types", c.IntegrationTypes, 1)
}

func checkOption(p *problems, at string, o commandOption) {
	if o.Type < textOption || o.Type > fileOption {
		p.add(at+".type", "BASE_TYPE_CHOICES", "This fake knows the types 3 to 11.")
	}
	checkNames(p, at, o.Name, o.NameLocalizations)
	checkDescriptions(p, at, o.Description, o.DescriptionLocalizations)
	p.count(at+".choices", len(o.Choices), 0, 25)
	for i, c := range o.Choices {
		name := fmt.Sprintf("%s.choices.%d.name", at, i)
		p.length(name, c.Name, 1, 100)
		checkLocales(p, name+"_localizations", c.NameLocalizations, func(path, text string) { p.length(path, text, 1, 100) })
	}
}

func checkNames(p *problems, at, name string, localized map[string]string) {
	check := func(path, text string) {
		if !commandName.MatchString(text) || strings.ToLower(text) != text {
			p.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
		}
	}
	check(at+".name", name)
	checkLocales(p, at+".name_localizations", localized, check)
}

func checkDescriptions(p *problems, at, text string, localized map[string]string) {
	check := func(path, text string) { p.length(path, text, 1, 100) }
	check(at+".description", text)
	checkLocales(p, at+".description_localizations", localized, check)
}

func checkLocales(p *problems, at string, localized map[string]string, check func(path, text string)) {
	for locale, text := range localized {
		if !slices.Contains(locales, locale) {
			p.add(at+"."+locale, "ENUM_TYPE_COERCE", "Value %q is not a valid enum value.", locale)
		}
		check(at+"."+locale, text)
	}
}

// checkSet checks that numbers are from zero to the highest, each once.
func checkSet(p *problems, at string, numbers []int, highest int) {
	for i, n := range numbers {
		if n < 0 || n > highest || slices.Index(numbers, n) != i {
			p.add(at, "SET_TYPE_ALREADY_CONTAINS_VALUE", "Values must be from 0 to %d, each once.", highest)
		}
	}
}

// commandsJSON returns commands as the API has them. The caller holds mu.
func (s *Server) commandsJSON(guild string) []any {
	list := []any{}
	for _, c := range s.commands[guild] {
		body := map[string]any{
			"id": c.id, "application_id": s.bot.ID, "version": c.id, "type": 1, "name": c.Name, "description": c.Description,
			"name_localizations": c.NameLocalizations, "description_localizations": c.DescriptionLocalizations,
			"options": c.Options, "default_member_permissions": c.MemberPermissions, "contexts": c.Contexts,
			"integration_types": c.IntegrationTypes, "nsfw": false,
		}
		if guild != "" {
			body["guild_id"] = guild
		}
		list = append(list, body)
	}
	return list
}
