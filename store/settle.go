package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"deepskin"
)

// Answer turns a pending case into an answered one; false if it was not pending. Of several that
// try at the same time to answer or fail a case, one succeeds.
//
// After an error the case may be answered all the same, where the connection was lost before the
// database could say so. Answering again gives false then: what the case has become counts, not
// who made it so. The same holds for Fail and Expire.
func (s *Store) Answer(ctx context.Context, id deepskin.CaseID, a deepskin.Assessment) (bool, error) {
	whole, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("encode assessment of case %s: %w", id, err)
	}
	won, err := s.change(ctx, `
		UPDATE cases SET status = 'answered', settled = $2, assessment = $3, label = $4, model = $5, refused = $6
		WHERE id = $1 AND status = 'pending'`,
		caseKey(id), millis(time.Now()), string(whole), text(string(a.Label)), text(a.Model), number(a.Refused()))
	if err != nil {
		return false, fmt.Errorf("answer case %s: %w", id, err)
	}
	return won, nil
}

// Fail turns a pending case into a failed one, keeping the cause for operators; false if it was
// not pending. The cause is stored in the clear: it must identify nobody. What is no text in it is
// replaced, so that no cause keeps a case from failing.
func (s *Store) Fail(ctx context.Context, id deepskin.CaseID, cause string) (bool, error) {
	won, err := s.change(ctx, `
		UPDATE cases SET status = 'failed', settled = $2, failure = $3 WHERE id = $1 AND status = 'pending'`,
		caseKey(id), millis(time.Now()), text(cause))
	if err != nil {
		return false, fmt.Errorf("fail case %s: %w", id, err)
	}
	return won, nil
}

// Reopen turns a failed case into a pending one that was promised an answer at a time, by a new
// deadline, and that nothing has been delivered of; false if it had not failed.
func (s *Store) Reopen(ctx context.Context, id deepskin.CaseID, at, deadline time.Time) (bool, error) {
	won, err := s.change(ctx, `
		UPDATE cases SET status = 'pending', settled = NULL, delivered = NULL, failure = '', promised = $2, deadline = $3
		WHERE id = $1 AND status = 'failed'`,
		caseKey(id), millis(at), millis(deadline))
	if err != nil {
		return false, fmt.Errorf("reopen case %s: %w", id, err)
	}
	return won, nil
}

// Expire turns a waiting case into an expired one; false if it was not waiting.
func (s *Store) Expire(ctx context.Context, id deepskin.CaseID) (bool, error) {
	won, err := s.change(ctx, `UPDATE cases SET status = 'expired', settled = $2 WHERE id = $1 AND status = 'waiting'`,
		caseKey(id), millis(time.Now()))
	if err != nil {
		return false, fmt.Errorf("expire case %s: %w", id, err)
	}
	return won, nil
}

// noteDelivery is the statement behind Delivered.
const noteDelivery = `
	UPDATE cases SET delivered = COALESCE(delivered, $2) WHERE id = $1 AND status IN ('answered', 'failed', 'expired')`

// Delivered notes that the answer, apology or notice of expiry reached the platform; the first
// time counts. It returns deepskin.ErrNotFound where there is no such case or nothing that could
// have been delivered yet.
func (s *Store) Delivered(ctx context.Context, id deepskin.CaseID, at time.Time) error {
	err := s.changeOne(ctx, noteDelivery, caseKey(id), millis(at))
	if err != nil {
		return fmt.Errorf("note delivery of case %s: %w", id, err)
	}
	return nil
}

// text makes a string fit for a column of text: PostgreSQL refuses a NUL and what is not UTF-8.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
