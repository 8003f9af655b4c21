package telegram

import (
	"context"
	"fmt"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin/bot"
	"deepskin/bot/words"
)

// setMenus sets the menu of commands: one for each language that the bot speaks, and one for everybody
// else. Telegram shows the one that fits the language of a person's app. It stops at the first that
// Telegram does not take, so that the updates need not wait for all of them.
func (a *Adapter) setMenus(ctx context.Context) error {
	languages := []string{""} // everybody else's
	for _, l := range words.Languages {
		languages = append(languages, l.Tag)
	}
	for _, language := range languages {
		if err := a.setMenu(ctx, language); err != nil {
			return err
		}
	}
	return nil
}

// setMenu sets the menu for a language; the empty one is that of all who have none of their own.
func (a *Adapter) setMenu(ctx context.Context, language string) error {
	var commands []tgbotapi.BotCommand
	for _, c := range bot.Commands(language) {
		commands = append(commands, tgbotapi.BotCommand{Command: c.Name, Description: c.Description})
	}
	p := tgbotapi.Params{}
	p.AddNonEmpty("language_code", language)
	if err := p.AddInterface("commands", commands); err != nil {
		return fmt.Errorf("telegram: encode the commands: %w", err)
	}
	_, err := a.attempt(ctx, call{method: "setMyCommands", params: p}, a.callTimeout)
	return err
}
