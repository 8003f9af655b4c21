package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"deepskin"
)

// What a button does; its data is "verb:case" or "verb:case:choice".
const (
	verbAgree    = "agree"   // thumbs-up
	verbDispute  = "dispute" // thumbs-down
	verbTruth    = "truth"   // what the lesion was
	verbKeep     = "keep"    // consent to keep the photo, or not
	verbHeatmap  = "heatmap"
	verbConsent  = "consent" // to have photos looked at, or not
	choiceYes    = "yes"
	choiceNo     = "no"
	dataSplitter = ":"
)

func data(verb string, id deepskin.CaseID, choice ...string) string {
	return strings.Join(append([]string{verb, string(id)}, choice...), dataSplitter)
}

// Press implements Handler. A press counts only from the case's owner; anything else, forged data
// and buttons of forgotten cases among them, gets a notice and changes nothing.
func (b *Bot) Press(ctx context.Context, p Press) (PressReply, error) {
	verb, rest, _ := strings.Cut(p.Data, dataSplitter)
	rawID, choice, _ := strings.Cut(rest, dataSplitter)
	id := deepskin.CaseID(rawID)
	if !id.Valid() {
		return staleButton(), nil
	}
	reply, err := b.press(ctx, p, id, verb, choice)
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		return staleButton(), nil
	case errors.Is(err, deepskin.ErrGone):
		return photoGone(), nil
	case err != nil:
		return PressReply{}, fmt.Errorf("press %s of case %s: %w", verb, id, err)
	}
	return reply, nil
}

func (b *Bot) press(
	ctx context.Context, p Press, id deepskin.CaseID, verb, choice string,
) (PressReply, error) {
	keep := choice == choiceYes
	switch {
	case verb == verbConsent && choice == choiceYes:
		return b.consent(ctx, p.Sender, id)
	case verb == verbConsent && choice == choiceNo:
		return b.decline(ctx, p.Sender, id)
	case verb == verbHeatmap:
		picture, err := b.Heatmap(ctx, p.Sender, id)
		if err != nil {
			return PressReply{}, err
		}
		return PressReply{Send: heatmap(id, picture)}, nil
	case verb == verbAgree:
		return b.judge(ctx, p.Sender, id, deepskin.Verdict{Agrees: true})
	case verb == verbDispute:
		return b.judge(ctx, p.Sender, id, deepskin.Verdict{})
	case verb == verbTruth && deepskin.Truth(choice).Valid():
		return b.judge(ctx, p.Sender, id, deepskin.Verdict{Truth: deepskin.Truth(choice)})
	case verb == verbKeep && (keep || choice == choiceNo):
		c, err := b.Store.OwnCase(ctx, p.Sender, id)
		if err != nil {
			return PressReply{}, err
		}
		verdict := deepskin.Verdict{Keep: &keep}
		if c.Verdict != nil {
			verdict.Agrees, verdict.Truth = c.Verdict.Agrees, c.Verdict.Truth
		}
		return b.judge(ctx, p.Sender, id, verdict)
	default:
		return staleButton(), nil
	}
}

// judge records a verdict and shows the answer again, with what there is to ask next.
func (b *Bot) judge(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict,
) (PressReply, error) {
	if err := b.Judge(ctx, sender, id, v); err != nil {
		return PressReply{}, err
	}
	view, err := b.Case(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	return PressReply{Notice: thanks(v), Edit: &view.Reply}, nil
}

// consent releases the sender's waiting photos.
func (b *Bot) consent(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) (PressReply, error) {
	if _, err := b.Store.OwnCase(ctx, sender, id); err != nil {
		return PressReply{}, err
	}
	now := b.Now()
	released, err := b.Store.GiveConsent(ctx, sender, now, now.Add(b.Deadline))
	if err != nil {
		return PressReply{}, err
	}
	b.asked.forget(sender)
	for _, c := range released {
		b.forward(c.ID, func(ctx context.Context) error { return b.release(ctx, c) })
	}
	return PressReply{Edit: agreed(len(released))}, nil
}

// release brings a photo that waited for consent on its way.
func (b *Bot) release(ctx context.Context, c deepskin.Case) error {
	c = b.acknowledge(ctx, c)
	held, err := b.Queue.HasPhoto(ctx, c.ID)
	switch {
	case err != nil:
		return err
	case held:
		return b.enqueue(ctx, c)
	case c.Source != "":
		return b.hand(ctx, c, Photo{Source: c.Source})
	default:
		return b.fail(ctx, c, failurePhotoGone)
	}
}

// decline erases everything that the sender has sent.
func (b *Bot) decline(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) (PressReply, error) {
	c, err := b.Store.OwnCase(ctx, sender, id)
	if err != nil {
		return PressReply{}, err
	}
	if c.Status != deepskin.Waiting {
		return staleButton(), nil
	}
	if _, err := b.forgetSender(ctx, sender); err != nil {
		return PressReply{}, err
	}
	return PressReply{Edit: declined()}, nil
}
