package discord

import (
	"context"
	"net/http"
	"slices"

	"github.com/bwmarrin/discordgo"

	"deepskin/bot"
	"deepskin/bot/words"
)

// The command that brings a photo, and its options.
const (
	checkCommand = "check"
	photoOption  = "photo"
	shareOption  = "share"
)

// locales are Discord's languages in which the bot speaks, besides English, by the bot's own tags.
// https://discord.com/developers/docs/reference#locales
var locales = map[string][]discordgo.Locale{
	"fr": {discordgo.French},
	"nl": {discordgo.Dutch},
	"de": {discordgo.German},
	"es": {discordgo.SpanishES, discordgo.SpanishLATAM},
}

// inAll returns a text in Discord's languages.
func inAll(text func(language string) string) map[discordgo.Locale]string {
	all := map[discordgo.Locale]string{}
	for _, l := range words.Languages {
		for _, locale := range locales[l.Tag] {
			all[locale] = text(l.Tag)
		}
	}
	return all
}

// commands are what Discord's menu offers, in servers and in direct messages. Where the team has a
// channel, there are two more: one for those who manage the server, and one that answers reviewers only.
func (a *Adapter) commands() []*discordgo.ApplicationCommand {
	everywhere := []discordgo.InteractionContextType{discordgo.InteractionContextGuild, discordgo.InteractionContextBotDM}
	check, _, _ := bot.CheckCommand("")
	list := []*discordgo.ApplicationCommand{
		command(check, everywhere, func(language string) string {
			c, _, _ := bot.CheckCommand(language)
			return c.Description
		}),
	}
	photo := func(language string) string { _, photo, _ := bot.CheckCommand(language); return photo }
	share := func(language string) string { _, _, share := bot.CheckCommand(language); return share }
	list[0].Options = []*discordgo.ApplicationCommandOption{
		{
			Type: discordgo.ApplicationCommandOptionAttachment, Name: photoOption, Required: true,
			Description: photo(""), DescriptionLocalizations: inAll(photo),
		},
		{
			Type: discordgo.ApplicationCommandOptionBoolean, Name: shareOption,
			Description: share(""), DescriptionLocalizations: inAll(share),
		},
	}
	for _, c := range bot.Commands("") {
		if c.Name == "start" {
			continue // conversations begin without it
		}
		list = append(list, command(c, everywhere, func(language string) string { return describe(c.Name, language) }))
	}
	if a.config.TeamChannel != "" {
		stats := command(bot.StatsCommand(""), everywhere[:1], func(language string) string {
			return bot.StatsCommand(language).Description
		})
		managers := int64(discordgo.PermissionManageGuild)
		stats.DefaultMemberPermissions = &managers
		team := command(bot.TeamCommand(""), everywhere[:1], func(language string) string {
			return bot.TeamCommand(language).Description
		})
		list = append(list, stats, team)
	}
	return list
}

// describe returns what the menu says of one of the bot's commands.
func describe(name, language string) string {
	commands := bot.Commands(language)
	return commands[slices.IndexFunc(commands, func(c bot.Command) bool { return c.Name == name })].Description
}

func command(
	c bot.Command, contexts []discordgo.InteractionContextType, text func(language string) string,
) *discordgo.ApplicationCommand {
	described := inAll(text)
	installed := []discordgo.ApplicationIntegrationType{discordgo.ApplicationIntegrationGuildInstall}
	return &discordgo.ApplicationCommand{
		Type: discordgo.ChatApplicationCommand, Name: c.Name, Description: c.Description,
		DescriptionLocalizations: &described, Contexts: &contexts, IntegrationTypes: &installed,
	}
}

// register replaces all commands of the bot.
func (a *Adapter) register(ctx context.Context, application string) error {
	return a.attempt(ctx, call{
		method: http.MethodPut, route: "commands", url: discordgo.EndpointApplicationGlobalCommands(application),
		body: a.commands(),
	})
}
