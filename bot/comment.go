package bot

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"deepskin"
	"deepskin/bot/words"
)

// commentLength is how many characters of a comment are kept.
const commentLength = 1000

// askComment is the button for those who disagree and want to say more.
func askComment(w words.Words, id deepskin.CaseID) Button {
	b := labelled(w, "comment.button", data(verbComment, id))
	b.Ask = &Question{
		Title: w.Say("comment.title"), Label: w.Say("comment.label"), Placeholder: w.Say("comment.placeholder"),
		MaxLength: commentLength,
	}
	return b
}

// Comment records what the sender wrote of an answer that they disagree with, without what cannot be
// kept or shown; a text with nothing else in it records nothing. It returns deepskin.ErrNotFound unless
// the case is the sender's and they disagree.
func (b *Bot) Comment(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, text string) error {
	text = clean(text)
	if text == "" {
		return nil
	}
	if err := b.Store.SetComment(ctx, sender, id, text); err != nil {
		return fmt.Errorf("record a comment on case %s: %w", id, err)
	}
	b.Logger.Info("comment recorded", "case", id)
	b.lookAtReviews()
	return nil
}

// comment takes what somebody wrote into the form behind the button, or asks for it where they wrote
// nothing.
func (b *Bot) comment(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID, text string,
) (PressReply, error) {
	if clean(text) == "" {
		c, err := b.Store.OwnCase(ctx, sender, id)
		if err != nil {
			return PressReply{}, err
		}
		if c.Verdict == nil || c.Verdict.Agrees {
			return staleButton(w), nil
		}
		return PressReply{Notice: w.Say("comment.empty"), Ask: askComment(w, id).Ask}, nil
	}
	if err := b.Comment(ctx, sender, id, text); err != nil {
		return PressReply{}, err
	}
	view, err := b.Case(ctx, sender, w.Language(), id)
	if err != nil {
		return PressReply{}, err
	}
	return PressReply{Notice: w.Say("verdict.thanks"), Edit: &view.Reply}, nil
}

// clean makes a text that somebody wrote fit to be kept and shown: without control characters but line
// feeds, without what turns the direction of writing around, and no longer than commentLength.
func clean(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case c == '\t' || c == '\r':
			return ' '
		case c == unicode.ReplacementChar || unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Bidi_Control, c):
			return -1
		default:
			return c
		}
	}, strings.ToValidUTF8(text, ""))
	if all := []rune(text); len(all) > commentLength {
		text = string(all[:commentLength])
	}
	return strings.TrimSpace(text)
}
