package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"deepskin"
	"deepskin/store"
)

// A reviewDesk is where one reviewer sits in a terminal.
type reviewDesk struct {
	kept     *store.Store
	reviewer deepskin.Sender
	keys     *keyboard
	viewer   viewer
	out      io.Writer
}

// run shows one review after the other until nothing waits, the reviewer leaves or ctx ends. No photo is
// left behind.
func (r *reviewDesk) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, r.viewer.close()) }()
	var skipped []deepskin.CaseID
	for ctx.Err() == nil {
		line, err := r.kept.ReviewLine(ctx, r.reviewer, len(skipped)+1)
		if err != nil {
			return err
		}
		next := slices.IndexFunc(line, func(t deepskin.ReviewTask) bool { return !slices.Contains(skipped, t.Case.ID) })
		if next < 0 {
			fmt.Fprintln(r.out, "Nothing else waits for your vote. Thank you!")
			return nil
		}
		task := line[next]
		key, err := r.ask(ctx, task)
		switch {
		case errors.Is(err, deepskin.ErrGone):
			continue // taken back just now, and the review with it
		case err != nil:
			return err
		case key == 's':
			skipped = append(skipped, task.Case.ID)
		case key == 'q':
			fmt.Fprintln(r.out, "See you.")
			return nil
		default:
			if err := r.vote(ctx, task.Case.ID, decisionsByKey[key-'1']); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask shows a case and returns the key that was pressed: one of 1 to 9, s to skip, q to leave, which
// the end of the input is too.
func (r *reviewDesk) ask(ctx context.Context, task deepskin.ReviewTask) (byte, error) {
	photo, err := r.kept.Photo(ctx, task.Case.ID)
	if err != nil {
		return 0, err
	}
	open, err := r.viewer.show(ctx, task.Case, photo)
	if err != nil {
		return 0, err
	}
	fmt.Fprint(r.out, describeTask(task, open))
	for {
		key, err := r.keys.read(ctx)
		switch {
		case err != nil:
			return 0, err
		case key >= '1' && key <= '9', key == 's', key == 'q':
			return key, nil
		default:
			fmt.Fprintln(r.out, "Please press one of 1 to 9, s to skip or q to leave.")
		}
	}
}

// vote hands in a vote and says what became of it.
func (r *reviewDesk) vote(ctx context.Context, id deepskin.CaseID, d deepskin.Decision) error {
	outcome, err := r.kept.Vote(ctx, id, r.reviewer, d, time.Now())
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		fmt.Fprint(r.out, "The sender has taken the photo back just now; your vote is not needed.\n\n")
		return nil
	case err != nil:
		return err
	case !outcome.Counted:
		fmt.Fprint(r.out, "Somebody was faster: this is decided already.\n\n")
	case outcome.Status == deepskin.ReviewNew:
		fmt.Fprintf(r.out, "Noted: %s. Another reviewer is asked, too.\n\n", nameOf(d))
	default:
		fmt.Fprintf(r.out, "Noted: %s. Decided: %s.\n\n", nameOf(d), nameOf(outcome.Decision))
	}
	return nil
}

// describeTask is all that a reviewer reads of a case. Nothing in it names the sender, but for what they
// write themselves, and nothing says what others voted for.
func describeTask(task deepskin.ReviewTask, open string) string {
	var text strings.Builder
	a := *task.Case.Assessment
	fmt.Fprintf(&text, "Photo: %s\n", open)
	answer := string(a.Label)
	if a.Refused() {
		answer = fmt.Sprintf("not judged %v", a.Problems)
	}
	fmt.Fprintf(&text, "Answer: %s, chance that it is malignant %s (model %s)\n", answer, english.Percent(a.Malignancy), a.Model)
	fmt.Fprintf(&text, "The sender says: %s\n", saidOf(task.Case.Verdict))
	if task.Case.Comment != "" {
		fmt.Fprintf(&text, "The sender writes: %s\n", printable(task.Case.Comment))
	}
	if n := task.Review.Votes; n > 0 {
		fmt.Fprintln(&text, english.Count("review.votes", n))
	}
	fmt.Fprintln(&text, "\nWhat is it?")
	for i, d := range decisionsByKey {
		chance := ""
		if p, ok := a.Diagnoses[deepskin.Diagnosis(d)]; ok {
			chance = english.Percent(p)
		}
		fmt.Fprintln(&text, strings.TrimRight(fmt.Sprintf("  %d  %-22s %s", i+1, nameOf(d), chance), " "))
	}
	fmt.Fprintln(&text, "  s  skip          q  leave")
	return text.String()
}

// printable takes out of what somebody wrote what could take over the reviewer's terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
