package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"deepskin"
	"deepskin/bot/words"
)

// What a button does; its data is "verb:case" or "verb:case:choice", or "language:tag".
const (
	verbAgree    = "agree"   // thumbs-up
	verbDispute  = "dispute" // thumbs-down
	verbTruth    = "truth"   // what the lesion was
	verbKeep     = "keep"    // consent to keep the photo, or not
	verbHeatmap  = "heatmap"
	verbShow     = "show"    // one photo of an album in full
	verbConsent  = "consent" // to have photos looked at, or not
	verbLanguage = "language"
	verbDetails  = "details" // the numbers behind an answer
	verbComment  = "comment" // what somebody writes of an answer
	verbReview   = "review"  // what a reviewer of the team says
	choiceYes    = "yes"
	choiceNo     = "no"
	dataSplitter = ":"
)

func data(verb string, id deepskin.CaseID, choice ...string) string {
	return strings.Join(append([]string{verb, string(id)}, choice...), dataSplitter)
}

// Press implements Handler. A press counts only from the case's owner, or from the
// team's reviewers where it is theirs to judge; anything else, forged data
// and buttons of forgotten cases among them, gets a notice and changes nothing.
func (b *Bot) Press(ctx context.Context, p Press) (PressReply, error) {
	if p.Owner != (deepskin.Sender{}) && p.Owner != p.Sender {
		return notYours(b.speak(ctx, p.Sender, p.Language)), nil
	}
	verb, rest, _ := strings.Cut(p.Data, dataSplitter)
	if verb == verbLanguage && words.Speaks(rest) {
		return b.setLanguage(ctx, p.Sender, rest)
	}
	w := b.speak(ctx, p.Sender, p.Language)
	rawID, choice, _ := strings.Cut(rest, dataSplitter)
	id := deepskin.CaseID(rawID)
	if !id.Valid() {
		return staleButton(w), nil
	}
	reply, err := b.press(ctx, w, p, id, verb, choice)
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		return staleButton(w), nil
	case errors.Is(err, deepskin.ErrGone):
		return photoGone(w), nil
	case err != nil:
		return PressReply{}, fmt.Errorf("press a button of case %s: %w", id, err)
	}
	for _, r := range []*Reply{reply.Edit, reply.Send} {
		if r != nil {
			r.Language = w.Language()
		}
	}
	return reply, nil
}

func (b *Bot) press(
	ctx context.Context, w words.Words, p Press, id deepskin.CaseID, verb, choice string,
) (PressReply, error) {
	sender := p.Sender
	switch {
	case verb == verbConsent && choice == choiceYes:
		return b.consent(ctx, w, sender, id)
	case verb == verbConsent && choice == choiceNo:
		return b.decline(ctx, w, sender, id)
	case verb == verbShow:
		view, err := b.Case(ctx, sender, w.Language(), id)
		return PressReply{Send: &view.Reply}, err
	case verb == verbHeatmap:
		picture, err := b.Heatmap(ctx, sender, id)
		return b.orTryAgain(w, id, PressReply{Send: heatmap(w, id, picture)}, err)
	case verb == verbDetails:
		reply, err := b.details(ctx, w, sender, id)
		return b.orTryAgain(w, id, reply, err)
	case verb == verbComment:
		reply, err := b.comment(ctx, w, sender, id, p.Text)
		return b.orTryAgain(w, id, reply, err)
	case verb == verbReview:
		reply, err := b.vote(ctx, w, p, id, deepskin.Decision(choice))
		return b.orTryAgain(w, id, reply, err)
	case verb == verbAgree:
		return b.judge(ctx, w, sender, id, deepskin.Verdict{Agrees: true})
	case verb == verbDispute:
		return b.judge(ctx, w, sender, id, deepskin.Verdict{})
	case verb == verbTruth && deepskin.Truth(choice).Valid():
		return b.judge(ctx, w, sender, id, deepskin.Verdict{Truth: deepskin.Truth(choice)})
	case verb == verbKeep && choice == choiceYes:
		reply, err := b.keep(ctx, w, sender, id, true)
		return b.orTryAgain(w, id, reply, err)
	case verb == verbKeep && choice == choiceNo:
		return b.keep(ctx, w, sender, id, false)
	default:
		return staleButton(w), nil
	}
}

// judge records a verdict and shows the answer again, with what there is to ask next.
func (b *Bot) judge(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict,
) (PressReply, error) {
	if err := b.Judge(ctx, sender, id, v); err != nil {
		return PressReply{}, err
	}
	view, err := b.Case(ctx, sender, w.Language(), id)
	if err != nil {
		return PressReply{}, err
	}
	return PressReply{Notice: thanks(w, v), Edit: &view.Reply}, nil
}

// keep records whether the photo may be kept, which only those who disagreed were asked.
func (b *Bot) keep(
	ctx context.Context, w words.Words, sender deepskin.Sender, id deepskin.CaseID, keep bool,
) (PressReply, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	if c.Verdict == nil || c.Verdict.Agrees {
		return staleButton(w), nil
	}
	return b.judge(ctx, w, sender, id, deepskin.Verdict{Truth: c.Verdict.Truth, Keep: &keep})
}

// orTryAgain has the presser try again later where a photo could not be reached or drawn on.
// An error would bring the press back again and again, and hold up everybody's events.
func (b *Bot) orTryAgain(
	w words.Words, id deepskin.CaseID, reply PressReply, err error,
) (PressReply, error) {
	if err == nil || errors.Is(err, deepskin.ErrNotFound) || errors.Is(err, deepskin.ErrGone) {
		return reply, err
	}
	b.Logger.Warn("a button did not work", "case", id, "error", err)
	return tryAgain(w), nil
}
