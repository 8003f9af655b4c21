package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"deepskin"
)

// Vote records what a reviewer says of a photo, and what deepskin.SettleVotes makes of it and of the
// votes before it. A vote of somebody who has voted already does not count, nor does one on a review
// that is settled. It returns deepskin.ErrNotFound where there is no such review, or no longer.
//
// After an error the vote may be recorded all the same; voting again does no harm then.
func (s *Store) Vote(
	ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time,
) (deepskin.VoteOutcome, error) {
	if !d.Valid() {
		return deepskin.VoteOutcome{}, fmt.Errorf("vote on case %s: the decision is unknown to us", id)
	}
	var outcome deepskin.VoteOutcome
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		outcome, err = vote(ctx, tx, id, s.seal.sender(reviewer), d, at)
		return err
	})
	if err != nil {
		return deepskin.VoteOutcome{}, fmt.Errorf("vote on case %s: %w", id, err)
	}
	return outcome, nil
}

func vote(
	ctx context.Context, tx *sql.Tx, id deepskin.CaseID, reviewer []byte, d deepskin.Decision, at time.Time,
) (deepskin.VoteOutcome, error) {
	// In PostgreSQL, others who vote on the same case wait for the changed row from here on, so that
	// what is read next stays as it is.
	if _, err := tx.ExecContext(ctx, `UPDATE reviews SET changed = changed WHERE case_id = $1`, caseKey(id)); err != nil {
		return deepskin.VoteOutcome{}, err
	}
	var outcome deepskin.VoteOutcome
	var label deepskin.Label
	var place int64
	err := tx.QueryRowContext(ctx, `
		SELECT r.status, r.decision, c.label, (SELECT COALESCE(MAX(place), 0) + 1 FROM votes v WHERE v.case_id = r.case_id)
		FROM reviews r JOIN cases c ON c.id = r.case_id WHERE r.case_id = $1`, caseKey(id)).
		Scan(&outcome.Status, &outcome.Decision, &label, &place)
	if errors.Is(err, sql.ErrNoRows) {
		err = deepskin.ErrNotFound
	}
	if err != nil {
		return deepskin.VoteOutcome{}, err
	}
	votes, err := votesOn(ctx, tx, id)
	if err != nil {
		return deepskin.VoteOutcome{}, err
	}
	own := hex.EncodeToString(reviewer)
	voted := slices.ContainsFunc(votes, func(v deepskin.Vote) bool { return v.Reviewer == own })
	if voted || outcome.Status != deepskin.ReviewNew {
		return outcome, nil
	}
	var decisions []deepskin.Decision
	for _, v := range votes {
		decisions = append(decisions, v.Decision)
	}
	outcome.Counted = true
	outcome.Status, outcome.Decision = deepskin.SettleVotes(label, append(decisions, d))
	_, err = tx.ExecContext(ctx, `INSERT INTO votes (case_id, place, reviewer, decision, voted) VALUES ($1, $2, $3, $4, $5)`,
		caseKey(id), place, reviewer, string(d), millis(at))
	if err != nil {
		return deepskin.VoteOutcome{}, fmt.Errorf("record the vote: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE reviews SET changed = changed + 1, status = $2, decision = $3, decided = $4 WHERE case_id = $1`,
		caseKey(id), string(outcome.Status), string(outcome.Decision),
		sql.Null[int64]{V: millis(at), Valid: outcome.Status != deepskin.ReviewNew})
	return outcome, err
}

// votesOn returns the votes on a case in their order.
func votesOn(ctx context.Context, tx *sql.Tx, id deepskin.CaseID) ([]deepskin.Vote, error) {
	rows, err := tx.QueryContext(ctx, `SELECT reviewer, decision, voted FROM votes WHERE case_id = $1 ORDER BY place`, caseKey(id))
	if err != nil {
		return nil, err
	}
	var votes []deepskin.Vote
	err = each(rows, func(scan func(...any) error) error {
		var v deepskin.Vote
		var reviewer []byte
		var voted int64
		err := scan(&reviewer, &v.Decision, &voted)
		v.Reviewer, v.At = hex.EncodeToString(reviewer), fromMillis(voted)
		votes = append(votes, v)
		return err
	})
	return votes, err
}

// forgetReviewer are the statements that forget whose votes a reviewer's were. Those on what is not
// settled go, or the same person could vote there again.
var forgetReviewer = []string{
	`UPDATE reviews SET changed = changed + 1 WHERE status = 'new' AND case_id IN (SELECT case_id FROM votes WHERE reviewer = $1)`,
	`DELETE FROM votes WHERE reviewer = $1 AND case_id IN (SELECT case_id FROM reviews WHERE status = 'new')`,
	`UPDATE votes SET reviewer = NULL WHERE reviewer = $1`,
}

// Agreement measures how far first and second reviewers agree, on the photos that had their second vote
// since a time.
func (s *Store) Agreement(ctx context.Context, since time.Time) (deepskin.Agreement, error) {
	var pairs map[[2]deepskin.Decision]int
	err := s.look(ctx, func(ctx context.Context) error {
		pairs = map[[2]deepskin.Decision]int{}
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT a.decision, b.decision, COUNT(*) FROM votes b JOIN votes a ON a.case_id = b.case_id
			WHERE a.place = 1 AND b.place = 2 AND b.voted >= $1
			GROUP BY a.decision, b.decision`, millis(since))
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var pair [2]deepskin.Decision
			var times int
			err := scan(&pair[0], &pair[1], &times)
			pairs[pair] = times
			return err
		})
	})
	if err != nil {
		return deepskin.Agreement{}, fmt.Errorf("compare votes: %w", err)
	}
	return deepskin.Agree(pairs), nil
}
