package team

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"deepskin"
	"deepskin/bot/words"
)

// A lineView is what the page with the next photo shows.
type lineView struct {
	// Note says what became of what the reviewer did last; empty for nothing.
	Note string
	// Task is the next photo; nil where none is left.
	Task *taskView
	// Waiting is how many answers wait for the team's decision, and Skipped how many of them this
	// reviewer has put off.
	Waiting, Skipped int
}

// review shows the next photo in line.
func (p *Pages) review(w http.ResponseWriter, r *http.Request, session deepskin.TeamSession) {
	skipped := readSkipped(r)
	// Skipped are at most so many of the first, so one more is enough.
	line, err := p.Reviews.ReviewLine(r.Context(), session.Reviewer, len(skipped)+1)
	if err != nil {
		p.failed(w, r, "read the line", err)
		return
	}
	v := lineView{Note: noteOf(r.URL.Query())}
	if v.Waiting, err = p.Reviews.OpenReviews(r.Context()); err != nil {
		p.failed(w, r, "count the line", err)
		return
	}
	for _, task := range line {
		switch {
		case slices.Contains(skipped, task.Case.ID):
			v.Skipped++
		case v.Task == nil:
			v.Task = viewOf(task)
		}
	}
	p.show(w, http.StatusOK, true, "review.html", v, Page{
		Title: "Review", Path: toReview.Path, Scripts: []string{"/team/review.js"},
	})
}

// What a reviewer did last, as the next page is told.
const (
	doneVoted = "voted" // with the decision
	doneLate  = "late"  // the vote did not count
	doneGone  = "gone"  // there was nothing to vote on
)

// noteOf says what became of what the reviewer did last. Anybody can write such an address, so it
// holds no text.
func noteOf(q url.Values) string {
	d := deepskin.Decision(q.Get(doneVoted))
	switch {
	case d.Valid():
		return "Noted: " + nameOf(words.For("en"), d) + ". Thank you."
	case q.Has(doneLate):
		return "That vote did not count: you have voted on this photo before, or the team has decided meanwhile."
	case q.Has(doneGone):
		return "That photo is gone: whoever sent it took it back, or its time was over."
	default:
		return ""
	}
}

// vote takes a vote and goes on to the next photo.
func (p *Pages) vote(w http.ResponseWriter, r *http.Request, session deepskin.TeamSession) {
	id, ok := p.caseOf(w, r)
	d := deepskin.Decision(r.PostFormValue("decision"))
	if !ok || !d.Valid() {
		p.say(w, http.StatusBadRequest, "That is no vote", "Please go back to /review and try again.")
		return
	}
	outcome, err := p.Reviews.Vote(r.Context(), id, session.Reviewer, d, p.Now())
	done := url.Values{}
	switch {
	case errors.Is(err, deepskin.ErrNotFound):
		done.Set(doneGone, "")
	case err != nil:
		p.failed(w, r, "vote", err)
		return
	case !outcome.Counted:
		done.Set(doneLate, "")
	default:
		p.Logger.Info("a reviewer voted", "case", id, "decision", d, "reviewer", session.Key)
		done.Set(doneVoted, string(d))
	}
	http.Redirect(w, r, "/review?"+done.Encode(), http.StatusSeeOther)
}

// caseOf reads the case of a form; false where there is none.
func (p *Pages) caseOf(w http.ResponseWriter, r *http.Request) (deepskin.CaseID, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	id := deepskin.CaseID(r.PostFormValue("case"))
	return id, id.Valid()
}

// photo shows the photo of a review.
func (p *Pages) photo(w http.ResponseWriter, r *http.Request, session deepskin.TeamSession) {
	p.picture(w, r, session, func(_ deepskin.Case, photo []byte) ([]byte, error) { return photo, nil })
}

// heatmap shows the photo of a review with what the model looked at.
func (p *Pages) heatmap(w http.ResponseWriter, r *http.Request, session deepskin.TeamSession) {
	p.picture(w, r, session, func(c deepskin.Case, photo []byte) ([]byte, error) {
		if !hasHeatmap(c) {
			return nil, deepskin.ErrNotFound
		}
		return p.Heatmap(photo, *c.Assessment.Grid)
	})
}

// picture shows a picture that draw makes of a review's photo.
func (p *Pages) picture(
	w http.ResponseWriter, r *http.Request, session deepskin.TeamSession,
	draw func(deepskin.Case, []byte) ([]byte, error),
) {
	picture, err := p.draw(r.Context(), session.Reviewer, deepskin.CaseID(r.PathValue("id")), draw)
	switch {
	case errors.Is(err, deepskin.ErrNotFound) || errors.Is(err, deepskin.ErrGone):
		p.say(w, http.StatusNotFound, "There is no such picture", "The photo may be gone: people can take theirs back.")
	case err != nil:
		p.failed(w, r, "show a picture", err)
	default:
		p.Logger.Info("a reviewer saw a photo", "case", r.PathValue("id"), "reviewer", session.Key)
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture) // The client may have left.
	}
}

func (p *Pages) draw(
	ctx context.Context, reviewer deepskin.Sender, id deepskin.CaseID, draw func(deepskin.Case, []byte) ([]byte, error),
) ([]byte, error) {
	// The photo of a case that is not under review is none of the team's business.
	task, err := p.Reviews.ReviewTask(ctx, reviewer, id)
	if err != nil {
		return nil, err
	}
	photo, err := p.Reviews.Photo(ctx, id)
	if err != nil {
		return nil, err
	}
	return draw(task.Case, photo)
}
